/** What the codec gives: structured clone to text and back. */
export interface Codec {
  readonly encode: (value: unknown) => string;
  readonly decode: (text: string) => unknown;
}

/**
 * Structured clone <-> JSON text: what Electron's IPC keeps (Map, Set, Date, BigInt, typed arrays, undefined) survives,
 * what it refuses is refused in its own words. One self-contained function, because its source is also put into pages.
 */
export function makeCodec(): Codec {
  type Slot = string | number | boolean | readonly [kind: string, ...rest: readonly unknown[]];
  const views: Record<string, new (buffer: ArrayBuffer) => unknown> = {
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
    DataView,
  };
  const errors: Record<string, new (message: string) => Error> = { TypeError, RangeError, SyntaxError, ReferenceError };
  const toText = (bytes: Uint8Array): string => {
    let text = '';
    for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
    return btoa(text);
  };
  const toBytes = (text: string) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

  function encode(value: unknown): string {
    let root: unknown;
    try {
      root = structuredClone(value);
    } catch {
      throw new Error('An object could not be cloned.');
    }
    const slots: Slot[] = [];
    const seen = new Map<object, number>();
    const put = (item: unknown): number => {
      if (item === undefined) return -1;
      if (item === null) return -2;
      if (typeof item === 'object') {
        const known = seen.get(item);
        if (known !== undefined) return known;
      }
      const index = slots.push('') - 1;
      slots[index] = typeof item === 'object' ? describe(item, index) : plain(item);
      return index;
    };
    const plain = (item: unknown): Slot => {
      if (typeof item === 'string' || typeof item === 'boolean') return item;
      if (typeof item === 'bigint') return ['bigint', String(item)];
      if (typeof item !== 'number') throw new Error('An object could not be cloned.');
      if (Object.is(item, -0)) return ['number', '-0'];
      return Number.isFinite(item) ? item : ['number', String(item)];
    };
    const describe = (item: object, index: number): Slot => {
      seen.set(item, index);
      if (Array.isArray(item)) return ['array', ...item.map(put)];
      if (item instanceof Date) return ['date', item.getTime()];
      if (item instanceof RegExp) return ['regexp', item.source, item.flags];
      if (item instanceof Map) return ['map', ...[...item].flat().map(put)];
      if (item instanceof Set) return ['set', ...[...item].map(put)];
      if (item instanceof Error) return ['error', item.name, item.message];
      if (item instanceof ArrayBuffer) return ['buffer', toText(new Uint8Array(item))];
      if (ArrayBuffer.isView(item)) {
        const bytes = new Uint8Array(item.buffer, item.byteOffset, item.byteLength);
        return ['view', Object.prototype.toString.call(item).slice(8, -1), toText(bytes)];
      }
      return ['object', ...Object.entries(item).flatMap(([name, inner]) => [name, put(inner)])];
    };
    const start = put(root);
    return JSON.stringify([start, slots]);
  }

  function decode(text: string): unknown {
    const [start, slots] = JSON.parse(text) as [number, Slot[]];
    const done = new Map<number, unknown>();
    const get = (index: number): unknown => {
      if (index === -1) return undefined;
      if (index === -2) return null;
      if (done.has(index)) return done.get(index);
      const slot = slots[index];
      return Array.isArray(slot) ? build(slot as [string, ...unknown[]], index) : slot;
    };
    const build = ([kind, ...rest]: [string, ...unknown[]], index: number): unknown => {
      const keep = <T>(made: T): T => {
        done.set(index, made);
        return made;
      };
      const numbers = rest as number[];
      const words = rest as string[];
      switch (kind) {
        case 'number':
          return Number(words[0]);
        case 'bigint':
          return BigInt(words[0] ?? '0');
        case 'date':
          return keep(new Date(numbers[0] ?? NaN));
        case 'regexp':
          return keep(new RegExp(words[0] ?? '', words[1]));
        case 'buffer':
          return keep(toBytes(words[0] ?? '').buffer);
        case 'view':
          return keep(new (views[words[0] ?? ''] ?? Uint8Array)(toBytes(words[1] ?? '').buffer));
        case 'error':
          return keep(new (errors[words[0] ?? ''] ?? Error)(words[1] ?? ''));
        case 'array': {
          const list = keep<unknown[]>([]);
          for (const inner of numbers) list.push(get(inner));
          return list;
        }
        case 'set': {
          const set = keep(new Set());
          for (const inner of numbers) set.add(get(inner));
          return set;
        }
        case 'map': {
          const map = keep(new Map());
          for (let at = 0; at < rest.length; at += 2) map.set(get(numbers[at] ?? -1), get(numbers[at + 1] ?? -1));
          return map;
        }
        default: {
          const object = keep<Record<string, unknown>>({});
          for (let at = 0; at < rest.length; at += 2) object[words[at] ?? ''] = get(numbers[at + 1] ?? -1);
          return object;
        }
      }
    };
    return get(start);
  }
  return { encode, decode };
}
