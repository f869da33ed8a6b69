import { decodeWeights, notNumbers, type WeightDtype } from '../dtypes.ts';
import { type BlockFormat, packedRow, type PackedRows } from './format.ts';
import { FREE_FROM, type KernelInput, PADDED_BLOCK, packingKernel, type RunKernel } from './kernel.ts';
import { packRows } from './packRows.ts';

/** Rows of official weights, as they are stored. */
export interface OfficialRows {
  readonly tensor: string; // named in refusals
  readonly dtype: WeightDtype;
  readonly rows: number;
  readonly columns: number;
}

/** Packs rows, reusing its memory: what it answers is valid until it is asked for room again. */
export interface Packer {
  /** Where the next official bytes go. */
  room(bytes: number): Uint8Array;
  /** Packs what was put there. Throws ConversionError 'damaged-file' on weights that are not numbers. */
  pack(official: OfficialRows, format: BlockFormat): PackedRows;
}

/** The quickest packer that this computer can run; both give the same bytes. */
export function createPacker(): Packer {
  try {
    return new KernelPacker();
  } catch (error) {
    if (!(error instanceof WebAssembly.CompileError)) throw error;
    return plainPacker(); // a processor without vector instructions
  }
}

/** Packs in plain code. */
export function plainPacker(): Packer {
  let bytes = new Uint8Array(0);
  return {
    room: (length) => (bytes = new Uint8Array(length)),
    pack({ tensor, dtype, rows, columns }, format) {
      return packRows(decodeWeights(dtype, bytes, tensor), rows, columns, format);
    },
  };
}

const PAGE = 65_536;

/** Packs with vector instructions, in the kernel's own memory: official bytes are read right into it. */
class KernelPacker implements Packer {
  readonly #memory = new WebAssembly.Memory({ initial: 1 });
  readonly #kernels = new Map<string, RunKernel>();
  #length = 0;

  constructor() {
    this.#kernel({ bits: 4, block: 32, zeroPoints: true }, 'bf16'); // throws where it cannot run
  }

  room(bytes: number): Uint8Array {
    this.#length = bytes;
    this.#grow(FREE_FROM + bytes);
    return new Uint8Array(this.#memory.buffer, FREE_FROM, bytes);
  }

  pack(official: OfficialRows, format: BlockFormat): PackedRows {
    const { dtype, rows, columns, tensor } = official;
    const input = dtype === 'BF16' ? 'bf16' : 'f32';
    const sizes = packedRow(columns, format);
    const stored = aligned(FREE_FROM + this.#length);
    const source = input === 'bf16' || dtype === 'F32' ? FREE_FROM : stored;
    const data = source === stored ? aligned(stored + rows * columns * 4) : stored;
    const scales = aligned(data + rows * sizes.data);
    const zeroPoints = aligned(scales + rows * sizes.scales);
    this.#grow(zeroPoints + rows * sizes.zeroPoints);
    const { buffer } = this.#memory;
    if (source === stored) {
      const bytes = new Uint8Array(buffer, FREE_FROM, this.#length);
      new Float32Array(buffer, stored, rows * columns).set(decodeWeights(dtype, bytes, tensor));
    }
    const run = this.#kernel(format, input);
    const width = input === 'bf16' ? 2 : 4;
    const full = Math.floor(columns / format.block);
    const left = columns - full * format.block;
    let strange = 0;
    for (let row = 0; row < rows; row++) {
      const from = source + row * columns * width;
      const [rowData, rowScales] = [data + row * sizes.data, scales + row * sizes.scales];
      const rowZeros = zeroPoints + row * sizes.zeroPoints;
      if (full > 0) strange |= run(from, rowData, rowScales, rowZeros, 0, full);
      if (left === 0) continue;
      const padded = new Uint8Array(buffer, PADDED_BLOCK, format.block * width).fill(0);
      padded.set(new Uint8Array(buffer, from + full * format.block * width, left * width));
      const lastData = rowData + (full * format.block * format.bits) / 8;
      strange |= run(PADDED_BLOCK, lastData, rowScales + full * 4, rowZeros, full, full + 1);
    }
    if (strange) throw notNumbers(tensor);
    return {
      data: new Uint8Array(buffer, data, rows * sizes.data),
      scales: new Float32Array(buffer, scales, rows * sizes.blocks),
      zeroPoints: new Uint8Array(buffer, zeroPoints, rows * sizes.zeroPoints),
    };
  }

  #kernel(format: BlockFormat, input: KernelInput): RunKernel {
    const key = `${input} ${format.bits} ${format.block} ${format.zeroPoints}`;
    const known = this.#kernels.get(key);
    if (known) return known;
    const module = new WebAssembly.Module(packingKernel(format, input));
    const { run } = new WebAssembly.Instance(module, { env: { memory: this.#memory } }).exports;
    if (typeof run !== 'function') throw new Error('the kernel exports no function');
    const kernel = run as RunKernel; // packingKernel declares these parameters
    this.#kernels.set(key, kernel);
    return kernel;
  }

  #grow(bytes: number): void {
    const missing = bytes - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE));
  }
}

function aligned(address: number): number {
  return Math.ceil(address / 64) * 64;
}
