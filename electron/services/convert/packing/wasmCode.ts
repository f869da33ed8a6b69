/**
 * Just enough WebAssembly to write one kernel by hand, in a notation that reads like the arithmetic it stands for. A
 * stack machine's code for `a + b` is the code of a, the code of b, then "add": so an expression is a list of bytes, and
 * an operator is a function that joins lists. Opcodes are those of the WebAssembly 2.0 core specification; nothing of the
 * "relaxed" proposal is here, since that would let two processors disagree.
 */
export type Code = readonly number[];

/** Types of values. */
export const [i32, f32, v128] = [0x7f, 0x7d, 0x7b] as const;
export type ValueType = typeof i32 | typeof f32 | typeof v128;

const VOID = 0x40;
const VECTOR = 0xfd; // prefix of all vector opcodes

/** LEB128, as the format stores every integer; `more` tells whether bits beyond the seven lowest matter. */
export function unsigned(value: number): Code {
  const low = value & 0x7f;
  return value > 0x7f ? [low | 0x80, ...unsigned(Math.floor(value / 128))] : [low];
}

function signed(value: number): Code {
  const low = value & 0x7f;
  const rest = value >> 7;
  const last = (rest === 0 && !(low & 0x40)) || (rest === -1 && (low & 0x40) !== 0);
  return last ? [low] : [low | 0x80, ...signed(rest)];
}

type Unary = (a: Code) => Code;
type Binary = (a: Code, b: Code) => Code;

const unary =
  (...opcode: number[]): Unary =>
  (a) => [...a, ...opcode];
const binary =
  (...opcode: number[]): Binary =>
  (a, b) => [...a, ...b, ...opcode];
const vector1 = (opcode: number): Unary => unary(VECTOR, ...unsigned(opcode));
const vector2 = (opcode: number): Binary => binary(VECTOR, ...unsigned(opcode));

/** Arithmetic on 32-bit integers. */
export const int = {
  constant: (value: number): Code => [0x41, ...signed(value | 0)],
  add: binary(0x6a),
  sub: binary(0x6b),
  and: binary(0x71),
  or: binary(0x72),
  shiftLeft: binary(0x74),
  shiftRight: binary(0x76), // zeros come in
  lessThan: binary(0x49), // unsigned
  fromReal: unary(0xfc, 0x00), // f32 -> i32, towards zero; NaN becomes 0, what does not fit the nearest that does
  load8: (address: Code, offset = 0): Code => [...address, 0x2d, 0, ...unsigned(offset)],
  store8: (address: Code, value: Code, offset = 0): Code => [...address, ...value, 0x3a, 0, ...unsigned(offset)],
};

/** Arithmetic on float32 numbers. */
export const real = {
  constant: (value: number): Code => [0x43, ...new Uint8Array(Float32Array.of(value).buffer)],
  add: binary(0x92),
  sub: binary(0x93),
  mul: binary(0x94),
  div: binary(0x95),
  nearest: unary(0x90), // ties to even
  lessThan: binary(0x5d),
  lessOrEqual: binary(0x5f),
  store: (address: Code, value: Code, offset = 0): Code => [...address, ...value, 0x38, 2, ...unsigned(offset)],
};

/** Vectors of 128 bits; the name tells how an operator sees the lanes. Addresses need no alignment. */
export const vector = {
  load: (address: Code, offset = 0): Code => [...address, VECTOR, 0x00, 0, ...unsigned(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [...address, ...value, VECTOR, 0x0b, 0, ...unsigned(offset)],
  storeLow64: (address: Code, value: Code, offset = 0): Code => [
    ...address,
    ...value,
    VECTOR,
    0x5b,
    0,
    ...unsigned(offset),
    0,
  ],
  zero: [VECTOR, 0x0c, ...Array.from({ length: 16 }, () => 0)] as Code,
  /** Byte i of the answer is byte `from[i]` of a, or byte `from[i] - 16` of b. */
  shuffle: (a: Code, b: Code, from: readonly number[]): Code => [...a, ...b, VECTOR, 0x0d, ...from],
  anyBit: vector1(0x53),
  and: vector2(0x4e),
  or: vector2(0x50),
  i8x16Splat: vector1(0x0f),
  i8x16MinUnsigned: vector2(0x77),
  i8x16NarrowUnsigned: vector2(0x66), // two vectors of int16 -> one of bytes; what does not fit becomes 0 or 255
  i16x8Splat: vector1(0x10),
  i16x8Equal: vector2(0x2d),
  i16x8ShiftRight: vector2(0x8d), // zeros come in
  i16x8Narrow: vector2(0x85), // two vectors of int32 -> one of int16; what does not fit becomes the nearest that does
  i32x4Splat: vector1(0x11),
  i32x4Equal: vector2(0x37),
  i32x4Sub: vector2(0xb1),
  f32x4Splat: vector1(0x13),
  f32x4Lane: (a: Code, lane: number): Code => [...a, VECTOR, 0x1f, lane],
  add: vector2(0xe4),
  sub: vector2(0xe5),
  mul: vector2(0xe6),
  nearest: vector1(0x6a), // ties to even
  /** b < a ? b : a and a < b ? b : a, lane by lane: one instruction each, unlike `min` and `max` with their NaN rules. */
  smaller: vector2(0xea),
  larger: vector2(0xeb),
};

/** A local variable of the function being written. */
export interface Local {
  readonly get: Code;
  set(value: Code): Code;
}

/** Statements and control flow. */
export const run = (...statements: readonly Code[]): Code => statements.flat();
export const when = (condition: Code, then: Code, otherwise: Code = []): Code => [
  ...condition,
  0x04,
  VOID,
  ...then,
  ...(otherwise.length > 0 ? [0x05, ...otherwise] : []),
  0x0b,
];
/** Runs `body` once, and again as long as `again` is not 0. */
export const repeat = (body: Code, again: Code): Code => [0x03, VOID, ...body, ...again, 0x0d, 0, 0x0b];
export const choose = (condition: Code, then: Code, otherwise: Code): Code => [
  ...then,
  ...otherwise,
  ...condition,
  0x1b,
];

/** Collects the locals of one function; parameters come first. */
export class Locals {
  readonly #parameters: number;
  readonly #types: ValueType[] = [];

  constructor(parameters: readonly ValueType[]) {
    this.#parameters = parameters.length;
    this.#types.push(...parameters);
  }

  parameter(index: number): Local {
    return this.#local(index);
  }

  add(type: ValueType): Local {
    return this.#local(this.#types.push(type) - 1);
  }

  /** How the format declares what is no parameter. */
  get declaration(): Code {
    const own = this.#types.slice(this.#parameters);
    return [...unsigned(own.length), ...own.flatMap((type) => [1, type])];
  }

  #local(index: number): Local {
    return { get: [0x20, ...unsigned(index)], set: (value) => [...value, 0x21, ...unsigned(index)] };
  }
}

/** A module with one exported function `run` over an imported memory `env.memory`. */
export function wasmModule(
  parameters: readonly ValueType[],
  result: ValueType,
  locals: Locals,
  body: Code,
): Uint8Array<ArrayBuffer> {
  const name = (text: string): Code => [...unsigned(text.length), ...new TextEncoder().encode(text)];
  const section = (id: number, content: Code): Code => [id, ...unsigned(content.length), ...content];
  const code = [...locals.declaration, ...body, 0x0b];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // "\0asm", version 1
    ...section(1, [1, 0x60, ...unsigned(parameters.length), ...parameters, 1, result]),
    ...section(2, [1, ...name('env'), ...name('memory'), 2, 0, 1]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...name('run'), 0, 0]),
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ]);
}
