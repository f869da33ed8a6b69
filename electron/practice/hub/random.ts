import { createCipheriv, createHash, randomBytes, type Cipheriv } from 'node:crypto';

/** A source of bytes: repeatable with a seed, unpredictable without. */
export type RandomBytes = (count: number) => Buffer;

/** Makes a byte source. The same seed gives the same bytes in the same order of calls. */
export function createRandom(seed?: number): RandomBytes {
  if (seed === undefined) return randomBytes;
  const stream: Cipheriv = keyStream(`practice ${seed}`);
  return (count) => stream.update(Buffer.alloc(count));
}

function keyStream(seed: string): Cipheriv {
  const key = createHash('sha256').update(seed).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16));
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** Letters and digits, `count` of them. */
export function randomText(random: RandomBytes, count: number): string {
  return [...random(count)].map((byte) => letters.charAt(byte % letters.length)).join('');
}

const blockBytes = 1 << 20;

/**
 * Contents for big files that need no disk: repeatable, hardly compressible, different in every MiB. `offset` and
 * `length` are bytes; the answer is exactly `length` long and costs about one memory copy.
 */
export function syntheticBytes(seed: string): (offset: number, length: number) => Buffer {
  const block = keyStream(seed).update(Buffer.alloc(blockBytes));
  return (offset, length) => {
    const bytes = Buffer.alloc(length);
    let done = 0;
    while (done < length) {
      const position = offset + done;
      const number = Math.floor(position / blockBytes);
      const within = position % blockBytes;
      const count = Math.min(blockBytes - within, length - done);
      block.copy(bytes, done, within, within + count);
      // Each MiB starts with its number, so that two swapped blocks never look alike.
      for (let place = within; place < Math.min(8, within + count); place++) {
        bytes[done + place - within] = Math.floor(number / 256 ** place) % 256;
      }
      done += count;
    }
    return bytes;
  };
}
