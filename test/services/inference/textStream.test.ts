import { describe, expect, it } from 'vitest';
import { createTextStream, type Decode } from '../../../electron/services/inference/textStream.ts';

/** Byte tokens as in byte-level vocabularies: ids are bytes, 256 and above are special and give no text. */
const bytes: Decode = (ids) => new TextDecoder().decode(Uint8Array.from(ids.filter((id) => id < 256)));

/** As in SentencePiece vocabularies: words carry their space in front, the first one loses it; bytes only as a last
 * resort, and a run of them that is no UTF-8 turns into one U+FFFD per byte. */
const words = ['▁the', '▁cat', 's', '▁▁sat', '.'];
const pieces: Decode = (ids) => {
  let text = '';
  for (let at = 0; at < ids.length; at++) {
    const run: number[] = [];
    while (at < ids.length && ids[at]! >= 1000) run.push(ids[at++]! - 1000);
    if (run.length > 0) {
      at--;
      try {
        text += new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(run));
      } catch {
        text += '\uFFFD'.repeat(run.length);
      }
    } else text += words[ids[at]!] ?? '';
  }
  return text.replaceAll('▁', ' ').replace(/^ /, '');
};

const utf8 = (text: string): number[] => [...new TextEncoder().encode(text)];

describe('text from byte tokens', () => {
  it.each(['plain', 'naïve café', '你好，世界', '👩‍👩‍👧‍👦 family', 'a🙂b🙃c', 'नमस्ते', '\u{10FFFF}', 'tail\uFFFDmiddle'])(
    'is exactly %j, without ever showing half a character',
    (text) => {
      const stream = createTextStream(bytes);
      const parts = utf8(text).map((id) => stream.push(id));
      expect(parts.join('') + stream.flush()).toBe(text);
      if (!text.includes('\uFFFD')) for (const part of parts) expect(part).not.toContain('\uFFFD');
    },
  );

  it('shows each character with its last byte', () => {
    const stream = createTextStream(bytes);
    expect(utf8('é🙂').map((id) => stream.push(id))).toEqual(['', 'é', '', '', '', '🙂']);
  });

  it('drops half a character at the end', () => {
    const stream = createTextStream(bytes);
    const parts = [...utf8('ok'), 0xf0, 0x9f].map((id) => stream.push(id));
    expect(parts.join('')).toBe('ok');
    expect(stream.flush()).toBe('');
  });

  it('goes on after a byte that belongs to nothing', () => {
    const stream = createTextStream(bytes);
    const parts = [0x61, 0xff, 0x62].map((id) => stream.push(id));
    expect(parts).toEqual(['a', '', '\uFFFDb']);
  });

  it('shows nothing for special tokens', () => {
    const stream = createTextStream(bytes, [300]);
    expect([300, 0x61, 301, 0x62].map((id) => stream.push(id))).toEqual(['', 'a', '', 'b']);
  });

  it('does not repeat the prompt', () => {
    const stream = createTextStream(bytes, utf8('prompt é'));
    expect(utf8('é!').map((id) => stream.push(id))).toEqual(['', 'é', '!']);
  });
});

describe('text from word pieces', () => {
  it('keeps the space of the first word after a prompt', () => {
    const stream = createTextStream(pieces, [0]);
    expect([1, 2, 3, 4].map((id) => stream.push(id))).toEqual([' cat', 's', '  sat', '.']);
  });

  it('starts without a space at the beginning of a text', () => {
    const stream = createTextStream(pieces);
    expect([0, 1].map((id) => stream.push(id))).toEqual(['the', ' cat']);
  });

  it('joins the bytes of neighbouring characters', () => {
    const stream = createTextStream(pieces, [0]);
    const ids = [...utf8('🙂好'), 0x2e].map((byte) => byte + 1000);
    const parts = [...ids, 1].map((id) => stream.push(id));
    expect(parts.join('')).toBe('🙂好. cat');
  });

  it('goes on when a lost byte spoils the character before it', () => {
    const stream = createTextStream(pieces, [0]);
    const parts = [...utf8('🙂').map((byte) => byte + 1000), 1000 + 0xff, 1, 2].map((id) => stream.push(id));
    expect(parts.slice(0, 4).join('')).toBe('🙂');
    expect(parts.join('')).toMatch(/^🙂\uFFFD+ cats$/u);
  });
});
