import { createHash } from 'node:crypto';
import type { OpenFile } from '../durable/files.ts';
import type { Place } from './onnx.ts';

const READ_BYTES = 2 ** 20; // about 3 ms of hashing without special instructions for it

/**
 * The SHA-256 of a file that is being filled out of order: follows the finished part from the front and reads it back,
 * so that it is known soon after the last byte was written. Hashing is the only part of a conversion that cannot be
 * split over threads.
 */
export class FollowingHash {
  readonly #file: Pick<OpenFile, 'read'>;
  readonly #bytes: number;
  readonly #hash = createHash('sha256');
  readonly #finished = new Map<number, number>(); // start -> end
  readonly #nextPart = new Map<number, number>(); // end of a part -> start of the next one
  readonly #work: Promise<void>;
  #reach = 0; // everything before this is final
  #hashed = 0;
  #stopped = false;
  #wake: (() => void) | undefined;

  /** `places` are the parts of the file in their order; between them nothing is written, so zeros are read there. */
  constructor(file: Pick<OpenFile, 'read'>, places: readonly Place[], bytes: number) {
    this.#file = file;
    this.#bytes = bytes;
    let end = 0;
    for (const place of [...places, { offset: bytes, length: 0 }]) {
      if (place.offset !== end) this.#nextPart.set(end, place.offset);
      end = place.offset + place.length;
    }
    this.#advance();
    this.#work = this.#follow();
    this.#work.catch(() => undefined); // finish() tells
  }

  /** Says that a range is written for good. Each byte of a part is named once. */
  wrote({ offset, length }: Place): void {
    if (length === 0) return;
    this.#finished.set(offset, offset + length);
    this.#advance();
  }

  /** Lower-case hex, once everything was written; throws what reading throws. */
  async finish(): Promise<string> {
    if (this.#reach !== this.#bytes) throw new Error(`only ${this.#reach} of ${this.#bytes} bytes were written`);
    await this.#work;
    return this.#hash.digest('hex');
  }

  /** Gives up; the file is not read any more once this resolves. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake?.();
    await this.#work.catch(() => undefined);
  }

  #advance(): void {
    for (;;) {
      const end = this.#finished.get(this.#reach) ?? this.#nextPart.get(this.#reach);
      if (end === undefined) break;
      this.#finished.delete(this.#reach);
      this.#reach = end;
    }
    this.#wake?.();
  }

  async #follow(): Promise<void> {
    const buffer = new Uint8Array(Math.min(READ_BYTES, this.#bytes));
    while (this.#hashed < this.#bytes && !this.#stopped) {
      const length = Math.min(buffer.length, this.#reach - this.#hashed);
      if (length === 0) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      const count = await this.#file.read(buffer.subarray(0, length), this.#hashed);
      if (count !== length) throw new Error('the file ended before what was written to it');
      this.#hash.update(buffer.subarray(0, length));
      this.#hashed += length;
    }
  }
}
