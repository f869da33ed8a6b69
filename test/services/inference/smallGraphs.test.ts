import { expect, it } from 'vitest';
import * as stored from '../../../electron/services/inference/smallGraphs.ts';
import { smallGraphs } from './writeSmallGraphs.ts';

it('keeps the small graphs as the converter would write them', () => {
  const written = smallGraphs();
  expect(Object.keys(stored).sort()).toEqual(Object.keys(written).sort());
  for (const [name, bytes] of Object.entries(stored))
    expect(Buffer.from(bytes).equals(written[name]!), name).toBe(true);
});
