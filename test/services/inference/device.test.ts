import { describe, expect, it } from 'vitest';
import { devices } from '../../../electron/contract/model.ts';
import { coreCount, countCores, listDevices } from '../../../electron/services/inference/device.ts';

const core = (processor: number, socket: number, id: number): string =>
  `processor\t: ${processor}\nmodel name\t: X\nphysical id\t: ${socket}\ncore id\t\t: ${id}\n`;

describe('counting cores', () => {
  it.each([
    ['two threads on each of two cores', [core(0, 0, 0), core(1, 0, 1), core(2, 0, 0), core(3, 0, 1)], 2],
    ['the same core ids in two sockets', [core(0, 0, 0), core(1, 1, 0)], 2],
    ['one core', [core(0, 0, 0)], 1],
    ['core ids with gaps', [core(0, 0, 0), core(1, 0, 4), core(2, 0, 9)], 3],
    ['a system that does not name cores', ['processor\t: 0\nBogoMIPS\t: 50.00\n'], undefined],
    ['nothing', [''], undefined],
  ])('sees %s', (_, blocks, wanted) => {
    expect(countCores(blocks.join('\n'))).toBe(wanted);
  });

  it('gives a number that ONNX Runtime takes', async () => {
    expect(await coreCount()).toBeGreaterThanOrEqual(process.platform === 'linux' ? 1 : 0);
  });
});

describe('the list of devices', () => {
  it('always has the CPU first and names only devices that people can choose', () => {
    const list = listDevices();
    expect(list[0]).toBe('cpu');
    for (const device of list) expect(devices).toContain(device);
  });
});
