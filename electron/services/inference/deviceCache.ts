import type { KvCache } from './kvCache.ts';
import { bytesPerToken, type DecoderLayout, halves, pastName, presentName } from './layout.ts';
import { type DecoderSession, type Feeds, kvArray, kvTensor, type Tensor } from './session.ts';

type Cut = NonNullable<DecoderSession['cut']>;

interface Slot {
  readonly past: string;
  readonly source: string;
  tensor: Tensor;
}

/**
 * Keys and values that never leave the device: what a run gives back is the past of the next one. Taking tokens back is
 * put off until the next run, which then cuts them there. Not kept on disk: a device reads a prompt again in no time.
 */
class DeviceStore implements KvCache {
  readonly fetches: readonly string[];
  readonly #layout: DecoderLayout;
  readonly #slots: Slot[];
  readonly #cut: Cut;
  #ids: number[] = [];
  #rows = 0; // in the tensors; more than there are ids after tokens were taken back

  constructor(layout: DecoderLayout, cut: Cut) {
    this.#layout = layout;
    this.#cut = cut;
    this.#slots = Array.from({ length: layout.layers }, (_, layer) =>
      halves.map((half) => ({
        past: pastName(layer, half),
        source: presentName(layer, half),
        tensor: this.#none(),
      })),
    ).flat();
    this.fetches = this.#slots.map(({ source }) => source);
  }

  get ids(): readonly number[] {
    return this.#ids;
  }

  get bytes(): number {
    return this.#rows * bytesPerToken(this.#layout);
  }

  async settle(): Promise<void> {
    const kept = this.#ids.length;
    if (this.#rows === kept) return;
    for (const slot of this.#slots) slot.tensor = kept > 0 ? await this.#cut(slot.tensor, kept) : this.#none();
    this.#rows = kept;
  }

  feeds(): Feeds {
    return Object.fromEntries(this.#slots.map(({ past, tensor }) => [past, tensor]));
  }

  absorb(outputs: Feeds, ids: readonly number[]): void {
    for (const slot of this.#slots) {
      const fresh = outputs[slot.source];
      if (!fresh) throw new Error(`The graph gave no output named ${slot.source}`);
      slot.tensor.dispose(); // device memory is not seen by the garbage collector
      slot.tensor = fresh;
    }
    for (const id of ids) this.#ids.push(id);
    this.#rows = this.#ids.length;
  }

  truncate(length: number): void {
    if (length >= this.#ids.length) return;
    this.#ids.length = length;
  }

  /** Starts empty instead: an empty prefix is a true one, and the device reads a shared beginning again in no time. */
  copyFrom(): void {
    this.truncate(0);
  }

  pack(): Uint8Array {
    throw new Error('A cache on a device is not kept on disk');
  }

  unpack(): void {
    throw new Error('A cache on a device is not kept on disk');
  }

  #none(): Tensor {
    const { kvHeads, headDim, kvType } = this.#layout;
    return kvTensor(kvType, kvArray(kvType, 0), [1, kvHeads, 0, headDim]);
  }
}

/** An empty cache for one graph whose outputs stay on the device. */
export function createDeviceCache(layout: DecoderLayout, cut: Cut): KvCache {
  return new DeviceStore(layout, cut);
}
