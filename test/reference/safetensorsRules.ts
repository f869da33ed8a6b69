/**
 * What the Rust implementation of safetensors says about a file, re-told for tests: `SafeTensors::deserialize` of version
 * 0.8, which stands on serde_json. Builds a whole tree, uses big integers, and shares no code with the product's reader.
 * Its own verdicts are compared with recorded ones of the real implementation.
 */

type Node =
  | { readonly kind: 'object'; readonly members: readonly (readonly [string, Node])[] }
  | { readonly kind: 'array'; readonly items: readonly Node[] }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'word' };

export interface Ruling {
  /** The Rust implementation takes the file. */
  readonly rust: boolean;
  /** Why the product refuses it nevertheless; undefined when it has no reason of its own. */
  readonly stricter: string | undefined;
}

class Refused extends Error {}
const refuse = (why: string): never => {
  throw new Refused(why);
};

const MOST_RUST_HEADER = 100_000_000n;
const DEEPEST = 127; // serde_json stops at the 128th level
const LARGEST = 2n ** 64n - 1n;
const bits: Readonly<Record<string, bigint>> = Object.assign(Object.create(null) as object, {
  BOOL: 8n,
  F4: 4n,
  F6_E2M3: 6n,
  F6_E3M2: 6n,
  U8: 8n,
  I8: 8n,
  F8_E5M2: 8n,
  F8_E4M3: 8n,
  F8_E8M0: 8n,
  F8_E4M3FNUZ: 8n,
  F8_E5M2FNUZ: 8n,
  I16: 16n,
  U16: 16n,
  F16: 16n,
  BF16: 16n,
  I32: 32n,
  U32: 32n,
  F32: 32n,
  C64: 64n,
  F64: 64n,
  I64: 64n,
  U64: 64n,
});

/** Parses JSON as serde_json does when it keeps everything. */
function parse(text: string): Node {
  let at = 0;
  let depth = 0;
  const space = (): void => {
    while (' \t\n\r'.includes(text[at] ?? 'x')) at += 1;
  };
  const eat = (sign: string): boolean => {
    space();
    if (text[at] !== sign) return false;
    at += 1;
    return true;
  };
  const string = (): string => {
    const found = /"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
    found.lastIndex = at;
    const token = found.exec(text)?.[0] ?? refuse('string');
    at += token.length;
    const value = JSON.parse(token) as string;
    return value.isWellFormed() ? value : refuse('lone surrogate');
  };
  const nested = <T>(open: () => T): T => {
    depth += 1;
    if (depth > DEEPEST) refuse('too deep');
    const made = open();
    depth -= 1;
    return made;
  };
  const value = (): Node => {
    space();
    if (text[at] === '"') return { kind: 'string', value: string() };
    if (eat('{')) {
      return nested(() => {
        const members: [string, Node][] = [];
        if (eat('}')) return { kind: 'object', members };
        do {
          space();
          const key = string();
          if (!eat(':')) refuse('colon');
          members.push([key, value()]);
        } while (eat(','));
        return eat('}') ? { kind: 'object', members } : refuse('end of object');
      });
    }
    if (eat('[')) {
      return nested(() => {
        const items: Node[] = [];
        if (eat(']')) return { kind: 'array', items };
        do items.push(value());
        while (eat(','));
        return eat(']') ? { kind: 'array', items } : refuse('end of array');
      });
    }
    const token = /(?:true|false|null)|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
    token.lastIndex = at;
    const found = token.exec(text)?.[0] ?? refuse('value');
    at += found.length;
    if (/^[tfn]/.test(found)) return { kind: 'word', ...(found === 'null' && { empty: true }) };
    // serde_json turns what is no 64-bit integer into a float, and refuses floats beyond the largest.
    return Number.isFinite(Number(found)) ? { kind: 'number', text: found } : refuse('number out of range');
  };
  const root = value();
  space();
  return at === text.length ? root : refuse('trailing characters');
}

const isNull = (node: Node): boolean => node.kind === 'word' && 'empty' in node;

function integer(node: Node | undefined): bigint {
  if (node?.kind !== 'number' || !/^[0-9]+$/.test(node.text)) return refuse('no unsigned integer');
  const value = BigInt(node.text);
  return value <= LARGEST ? value : refuse('too large');
}

interface Info {
  readonly dtype: string;
  readonly shape: readonly bigint[];
  readonly begin: bigint;
  readonly end: bigint;
}

/** A derived struct: by names, each once, others ignored, or as a list of its fields in order. */
function tensorInfo(node: Node): Info {
  const fields = new Map<string, Node>();
  if (node.kind === 'array') {
    if (node.items.length !== 3) refuse('length of a list of fields');
    ['dtype', 'shape', 'data_offsets'].forEach((name, i) => fields.set(name, node.items[i]!));
  } else if (node.kind === 'object') {
    for (const [key, value] of node.members) {
      if (!['dtype', 'shape', 'data_offsets'].includes(key)) continue;
      if (fields.has(key)) refuse('duplicate field');
      fields.set(key, value);
    }
  } else {
    refuse('no struct');
  }
  const field = (name: string): Node => fields.get(name) ?? refuse(name);
  const [shape, offsets] = [field('shape'), field('data_offsets')];
  let variant = field('dtype');
  // An enum is a text, or an object with one key and no content.
  if (variant.kind === 'object' && variant.members.length === 1 && isNull(variant.members[0]![1])) {
    variant = { kind: 'string', value: variant.members[0]![0] };
  }
  if (variant.kind !== 'string' || bits[variant.value] === undefined) refuse('unknown dtype');
  if (shape.kind !== 'array' || offsets.kind !== 'array' || offsets.items.length !== 2) return refuse('lists');
  return {
    dtype: variant.kind === 'string' ? variant.value : '',
    shape: shape.items.map(integer),
    begin: integer(offsets.items[0]),
    end: integer(offsets.items[1]),
  };
}

function readTensors(root: Node): Map<string, Info> {
  if (root.kind !== 'object') return refuse('no object');
  let metadata = 0;
  const tensors = new Map<string, Info>();
  for (const [name, node] of root.members) {
    if (name !== '__metadata__') {
      tensors.set(name, tensorInfo(node)); // the last of several wins
      continue;
    }
    metadata += 1;
    if (metadata > 1) refuse('metadata twice');
    if (isNull(node)) continue;
    if (node.kind !== 'object' || node.members.some(([, value]) => value.kind !== 'string')) refuse('metadata');
  }
  return tensors;
}

function validate(tensors: ReadonlyMap<string, Info>, dataBytes: bigint): void {
  const order = [...tensors.values()].sort((a, b) =>
    a.begin === b.begin ? (a.end < b.end ? -1 : 1) : a.begin < b.begin ? -1 : 1,
  );
  let next = 0n;
  for (const { dtype, shape, begin, end } of order) {
    if (begin !== next || end < begin) refuse('offsets');
    next = end;
    let size = 1n;
    for (const factor of [...shape, bits[dtype]!]) {
      size *= factor;
      if (size > LARGEST) refuse('overflow');
    }
    if (size % 8n) refuse('part of a byte');
    if (end - begin !== size / 8n) refuse('size');
  }
  if (next !== dataBytes) refuse('coverage');
}

const keysTwice = (node: Node): boolean =>
  node.kind === 'object'
    ? new Set(node.members.map(([key]) => key)).size < node.members.length || node.members.some(([, v]) => keysTwice(v))
    : node.kind === 'array' && node.items.some(keysTwice);

/** The product's own reasons, in addition to the Rust rules; see parseHeader. */
function strictness(text: string, root: Node, tensors: ReadonlyMap<string, Info>): string | undefined {
  if (!text.startsWith('{')) return 'does not begin with {';
  if (keysTwice(root)) return 'duplicate key';
  const nodes = root.kind === 'object' ? root.members.filter(([name]) => name !== '__metadata__') : [];
  for (const [, node] of nodes) {
    if (node.kind !== 'object') return 'fields without names';
    if (node.members.some(([key, value]) => key === 'dtype' && value.kind !== 'string')) return 'dtype as an object';
  }
  for (const { shape } of tensors.values()) {
    if (shape.length > 16) return 'too many dimensions';
    let product = 1n;
    for (const size of shape) {
      if (size >= 2n ** 53n || (product *= size) >= 2n ** 53n) return 'beyond 2^53';
    }
  }
  return undefined;
}

/** The verdict of the Rust rules on a whole file, and of the product's additions to them. */
export function rustRuling(file: Uint8Array): Ruling {
  try {
    if (file.length < 8) refuse('header too small');
    const length = Buffer.from(file.buffer, file.byteOffset, 8).readBigUInt64LE();
    if (length > MOST_RUST_HEADER || length + 8n > BigInt(file.length)) refuse('header length');
    const end = 8 + Number(length);
    let text: string;
    try {
      text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(file.subarray(8, end));
    } catch {
      return refuse('not UTF-8');
    }
    const root = parse(text);
    const tensors = readTensors(root);
    validate(tensors, BigInt(file.length - end));
    return { rust: true, stricter: strictness(text, root, tensors) };
  } catch (error) {
    if (error instanceof Refused) return { rust: false, stricter: undefined };
    throw error;
  }
}
