import { bytesPerToken, type DecoderLayout, type Half, halves, pastName, presentName, rowsName } from './layout.ts';
import { type Feeds, type KvArray, kvArray, kvOf, kvTensor, type Tensor } from './session.ts';

/**
 * Keys and values of the tokens a graph has seen, and which tokens those were. `ids` and the stored rows always agree:
 * rows are added only after a run has succeeded.
 */
export interface KvCache {
  readonly ids: readonly number[];
  readonly bytes: number;
  /** The names to fetch beside the logits so that `absorb` can do its work. */
  readonly fetches: readonly string[];
  /** Does what taking tokens back left to do, before the next run; absent where nothing is ever left. */
  settle?(): Promise<void>;
  /** The graph's past, with room for `extra` further tokens. */
  feeds(extra: number): Feeds;
  /** Takes in what a run gave for `ids`. */
  absorb(outputs: Feeds, ids: readonly number[]): void;
  /** Forgets every token from `length` on. */
  truncate(length: number): void;
  /** Becomes a copy of the first `length` tokens of another cache with the same layout. */
  copyFrom(other: KvCache, length: number): void;
  /** The rows of tokens [from, to) as bytes: layer by layer, keys before values, head by head. */
  pack(from: number, to: number): Uint8Array;
  /** Adds the tokens `ids` from what `pack` gave: their rows begin at row `first` of the `rows` in `bytes`. */
  unpack(ids: readonly number[], bytes: Uint8Array, place: { readonly first: number; readonly rows: number }): void;
}

interface Slot {
  readonly past: string;
  readonly source: string;
  data: KvArray; // [kvHeads, capacity, headDim]
  tensor: Tensor;
}

/** Rows that capacity grows by: few enough to waste little, many enough to copy seldom. */
const growth = 256;

/** Moves the first `rows` rows of every head from one capacity to another. */
function relay(
  from: KvArray,
  fromRows: number,
  to: KvArray,
  toRows: number,
  rows: number,
  heads: number,
  dim: number,
): void {
  for (let head = 0; head < heads; head++) {
    const start = head * fromRows * dim;
    to.set(from.subarray(start, start + rows * dim), head * toRows * dim);
  }
}

/** The same numbers with zeros behind them; `data` itself is empty afterwards. Its memory is free at once. */
function enlarged(data: KvArray, length: number): KvArray {
  const buffer = data.buffer;
  if (!(buffer instanceof ArrayBuffer)) throw new Error('A cache is never shared between threads');
  const larger = buffer.transfer(length * data.BYTES_PER_ELEMENT);
  return data instanceof Float32Array ? new Float32Array(larger) : new Uint16Array(larger);
}

const bytesOf = (data: KvArray): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/**
 * One store for both kinds of graph.
 *
 * A graph that hands out new rows reads a buffer of fixed capacity which stays ours: each step copies one row per head.
 * A graph that hands back the whole cache gets its own output as the next past, and only truncating copies.
 */
class Store implements KvCache {
  readonly fetches: readonly string[];
  readonly #layout: DecoderLayout;
  readonly #limit: number;
  readonly #slots: Slot[];
  #ids: number[] = [];
  #capacity = 0;

  constructor(layout: DecoderLayout, limit: number) {
    this.#layout = layout;
    this.#limit = limit;
    const nameOf = layout.rowsOut ? rowsName : presentName;
    const slot = (layer: number, half: Half): Slot => {
      const data = kvArray(layout.kvType, 0);
      return { past: pastName(layer, half), source: nameOf(layer, half), data, tensor: this.#view(data, 0) };
    };
    this.#slots = Array.from({ length: layout.layers }, (_, layer) => halves.map((half) => slot(layer, half))).flat();
    this.fetches = this.#slots.map(({ source }) => source);
  }

  get ids(): readonly number[] {
    return this.#ids;
  }

  get bytes(): number {
    return this.#capacity * bytesPerToken(this.#layout);
  }

  feeds(extra: number): Feeds {
    if (this.#layout.rowsOut) {
      const needed = this.#ids.length + extra;
      if (needed > this.#capacity) this.#grow(Math.min(this.#limit, Math.ceil(needed / growth) * growth));
    }
    return Object.fromEntries(this.#slots.map(({ past, tensor }) => [past, tensor]));
  }

  absorb(outputs: Feeds, ids: readonly number[]): void {
    const { kvHeads, headDim, rowsOut } = this.#layout;
    const start = this.#ids.length;
    for (const slot of this.#slots) {
      const output = outputs[slot.source];
      const data = kvOf(output, slot.source);
      if (rowsOut) {
        const rows = ids.length * headDim;
        for (let head = 0; head < kvHeads; head++) {
          const target = (head * this.#capacity + start) * headDim;
          slot.data.set(data.subarray(head * rows, (head + 1) * rows), target);
        }
        output?.dispose(); // frees the copy now instead of at some garbage collection
      } else {
        slot.data = data;
        slot.tensor = this.#view(data, start + ids.length);
      }
    }
    if (!rowsOut) this.#capacity = start + ids.length;
    for (const id of ids) this.#ids.push(id);
  }

  truncate(length: number): void {
    if (length >= this.#ids.length) return;
    this.#ids.length = length;
    if (!this.#layout.rowsOut) this.#resize(length);
  }

  copyFrom(other: KvCache, length: number): void {
    if (!(other instanceof Store)) throw new Error('Only a cache of the same kind can be copied');
    this.#ids = other.#ids.slice(0, length);
    const wanted = this.#layout.rowsOut ? Math.min(this.#limit, Math.ceil(length / growth) * growth) : length;
    this.#resize(wanted, other);
  }

  pack(from: number, to: number): Uint8Array {
    const row = this.#rowBytes;
    const packed = new Uint8Array((to - from) * bytesPerToken(this.#layout));
    let at = 0;
    for (const { data } of this.#slots) {
      for (let head = 0; head < this.#layout.kvHeads; head++, at += (to - from) * row) {
        const start = head * this.#capacity;
        packed.set(bytesOf(data).subarray((start + from) * row, (start + to) * row), at);
      }
    }
    return packed;
  }

  unpack(ids: readonly number[], bytes: Uint8Array, { first, rows }: { first: number; rows: number }): void {
    const row = this.#rowBytes;
    const start = this.#ids.length;
    const total = start + ids.length;
    if (this.#layout.rowsOut) this.feeds(ids.length);
    else this.#resize(total);
    let at = first * row;
    for (const { data } of this.#slots) {
      for (let head = 0; head < this.#layout.kvHeads; head++, at += rows * row) {
        const source = bytes.subarray(at, at + ids.length * row);
        bytesOf(data).set(source, (head * this.#capacity + start) * row);
      }
    }
    for (const id of ids) this.#ids.push(id);
  }

  /** Bytes of one head's row. */
  get #rowBytes(): number {
    return this.#layout.headDim * (this.#layout.kvType === 'float32' ? 4 : 2);
  }

  /**
   * Makes room for more rows, array by array: the old and the new cache together would be the largest piece of memory
   * of a long chat. Where memory runs out on the way, what was kept is lost and has to be computed again.
   */
  #grow(capacity: number): void {
    const { kvHeads, headDim } = this.#layout;
    const [rows, before] = [this.#ids.length, this.#capacity];
    try {
      for (const slot of this.#slots) {
        const data = enlarged(slot.data, kvHeads * capacity * headDim);
        for (let head = kvHeads - 1; head > 0; head--) {
          const start = head * before;
          data.copyWithin(head * capacity * headDim, start * headDim, (start + rows) * headDim);
        }
        slot.data = data;
        slot.tensor = this.#view(data, capacity);
      }
      this.#capacity = capacity;
    } catch (error) {
      this.#ids = [];
      this.#resize(0);
      throw error;
    }
  }

  /** Lays the kept rows of `from` (this store itself as a rule) out anew for `capacity` rows. */
  #resize(capacity: number, from: Store = this): void {
    const { kvHeads, headDim, kvType } = this.#layout;
    const rows = Math.min(this.#ids.length, capacity);
    // All new arrays first: when memory runs out here, the old ones are still whole.
    const fresh = this.#slots.map(() => kvArray(kvType, kvHeads * capacity * headDim));
    this.#slots.forEach((slot, index) => {
      const [source, target] = [from.#slots[index]?.data, fresh[index]];
      if (!source || !target) throw new Error('Two caches of different layouts met');
      relay(source, from.#capacity, target, capacity, rows, kvHeads, headDim);
      slot.data = target;
      slot.tensor = this.#view(target, capacity);
    });
    this.#capacity = capacity;
  }

  #view(data: KvArray, rows: number): Tensor {
    const { kvHeads, headDim, kvType } = this.#layout;
    return kvTensor(kvType, data, [1, kvHeads, rows, headDim]);
  }
}

/** An empty cache for one graph. `limit` is the context length in tokens. Memory is taken as tokens come. */
export function createKvCache(layout: DecoderLayout, limit: number): KvCache {
  return new Store(layout, limit);
}
