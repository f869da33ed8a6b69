/** Caches whose every number tells where it belongs. */
import { expect } from 'vitest';
import type { KvCache } from '../../../electron/services/inference/kvCache.ts';
import type { DecoderLayout } from '../../../electron/services/inference/layout.ts';
import { type Feeds, kvArray, kvTensor } from '../../../electron/services/inference/session.ts';

export const layout: DecoderLayout = {
  layers: 2,
  kvHeads: 3,
  headDim: 8,
  kvType: 'float32',
  rowsOut: true,
  wantsMask: false,
  wantsPositions: false,
  wantsKeep: true,
};
const names = [0, 1].flatMap((layer) => ['key', 'value'].map((half) => `${layer}.${half}`));

/** A whole number that tells where it belongs: cache slot, head, token id and column. Fits 16 bits. */
const mark = (slot: number, head: number, id: number, column: number): number =>
  (((slot * 3 + head) * 1000 + id) * 8 + column) % 65_521;

/** What a graph would hand out for `ids` on top of `before`. */
function outputsFor(shape: DecoderLayout, before: readonly number[], ids: readonly number[]): Feeds {
  const all = shape.rowsOut ? ids : [...before, ...ids];
  return Object.fromEntries(
    names.map((name, slot) => {
      const data = kvArray(shape.kvType, shape.kvHeads * all.length * shape.headDim);
      let at = 0;
      for (let head = 0; head < shape.kvHeads; head++)
        for (const id of all)
          for (let column = 0; column < shape.headDim; column++) data[at++] = mark(slot, head, id, column);
      const dims = [1, shape.kvHeads, all.length, shape.headDim];
      return [`${shape.rowsOut ? 'delta' : 'present'}.${name}`, kvTensor(shape.kvType, data, dims)];
    }),
  );
}

export function add(cache: KvCache, shape: DecoderLayout, ids: number[]): void {
  cache.feeds(ids.length);
  cache.absorb(outputsFor(shape, cache.ids, ids), ids);
}

/** Reads the past tensors back and compares every number with the one its place asks for. */
export function expectRows(cache: KvCache, shape: DecoderLayout, ids: number[]): void {
  expect([...cache.ids]).toEqual(ids);
  const feeds = cache.feeds(0);
  names.forEach((name, slot) => {
    const tensor = feeds[`past_key_values.${name}`]!;
    const capacity = tensor.dims[2]!;
    expect(tensor.dims).toEqual([1, shape.kvHeads, capacity, shape.headDim]);
    expect(capacity).toBeGreaterThanOrEqual(ids.length);
    const data = tensor.data as Float32Array;
    let wrong = 0;
    for (let head = 0; head < shape.kvHeads; head++)
      ids.forEach((id, row) => {
        for (let column = 0; column < shape.headDim; column++)
          if (data[(head * capacity + row) * shape.headDim + column] !== mark(slot, head, id, column)) wrong++;
      });
    expect(wrong).toBe(0);
  });
}

export const range = (from: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => from + index);
