import { describe, expect, it } from 'vitest';
import { devices } from '../../../electron/contract/model.ts';
import { listDevices } from '../../../electron/services/inference/device.ts';

describe('the list of devices', () => {
  it('always has the CPU first and names only devices that people can choose', () => {
    const list = listDevices();
    expect(list[0]).toBe('cpu');
    for (const device of list) expect(devices).toContain(device);
  });
});
