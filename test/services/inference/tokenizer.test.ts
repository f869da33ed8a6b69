import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { env } from '@huggingface/transformers';
import { afterAll, describe, expect, it } from 'vitest';
import { loadTokenizer, type Tokenizer } from '../../../electron/services/inference/tokenizer.ts';
import { chatTemplate, removeFolders, temporaryFolder } from './models.ts';

/** The printable stand-ins of byte-level BPE: bytes that are no visible Latin-1 characters move to 256 and on. */
function byteCharacters(): string[] {
  const visible = (byte: number): boolean =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255);
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(visible(byte) ? byte : next++));
}

const specials = ['<|begin|>', '<|end|>', '<|turn|>'];

/** A tokenizer of the Llama 3 kind with one token per byte: every character outside ASCII takes several tokens. */
function byteLevelFolder(template?: string): string {
  const folder = join(temporaryFolder(), 'a folder with spaces');
  mkdirSync(folder);
  const characters = byteCharacters();
  const vocab = Object.fromEntries([...characters, ...specials].map((token, id) => [token, id]));
  const added = specials.map((content, index) => ({
    id: 256 + index,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }));
  const begin = { SpecialToken: { id: '<|begin|>', type_id: 0 } };
  const tokenizer = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: {
      type: 'TemplateProcessing',
      single: [begin, { Sequence: { id: 'A', type_id: 0 } }],
      pair: [begin, { Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
      special_tokens: { '<|begin|>': { id: '<|begin|>', ids: [256], tokens: ['<|begin|>'] } },
    },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: { type: 'BPE', dropout: null, unk_token: null, fuse_unk: false, byte_fallback: false, vocab, merges: [] },
  };
  const settings = {
    tokenizer_class: 'PreTrainedTokenizerFast',
    bos_token: '<|begin|>',
    eos_token: '<|end|>',
    clean_up_tokenization_spaces: true, // as Llama 3 has it; it must not change what the model wrote
    ...(template !== undefined && { chat_template: template }),
  };
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer));
  writeFileSync(join(folder, 'tokenizer_config.json'), JSON.stringify(settings));
  return folder;
}

afterAll(removeFolders);

describe('a byte-level tokenizer', () => {
  const load = (template?: string): Promise<Tokenizer> => loadTokenizer(byteLevelFolder(template));

  it('begins plain text as its own post-processor says', async () => {
    const tokenizer = await load();
    expect(tokenizer.encodeText('hi')).toEqual([256, 104, 105]);
    expect(tokenizer.endId).toBe(257);
    expect(tokenizer.hasChatTemplate).toBe(false);
  });

  it('begins a conversation once, where the template says', async () => {
    const tokenizer = await load(chatTemplate);
    expect(tokenizer.hasChatTemplate).toBe(true);
    const ids = tokenizer.encodeRendered(tokenizer.renderChat([{ role: 'user', text: 'hi' }]));
    expect(ids.filter((id) => id === 256)).toEqual([256]);
    expect(tokenizer.decode(ids)).toBe('user: hi\nassistant:');
  });

  it.each([
    'plain words',
    'emoji 🙂 and 👩‍👩‍👧‍👦',
    '汉字かな交じり文',
    'Ελληνικά é ü',
    'code( x ) ; // it \'s " . ok',
    ' \n\t ',
  ])('streams %j exactly, byte by byte, never half a character', async (text) => {
    const tokenizer = await load();
    const ids = tokenizer.encodeText(text).slice(1);
    expect(ids.length).toBe(new TextEncoder().encode(text).length);
    const stream = tokenizer.stream(tokenizer.encodeText('before'));
    const parts = ids.map((id) => stream.push(id));
    expect(parts.join('') + stream.flush()).toBe(text);
    for (const part of parts) expect(part).not.toContain('\uFFFD');
    expect(tokenizer.decode(ids)).toBe(text);
  });

  it('never shows a special token', async () => {
    const tokenizer = await load();
    const stream = tokenizer.stream([256]);
    expect([258, 104, 257, 105].map((id) => stream.push(id)).join('')).toBe('hi');
  });
});

describe('the network', () => {
  it('is shut for the tokenizer library', async () => {
    expect(env.allowRemoteModels).toBe(false);
    await expect(env.fetch('https://huggingface.co')).rejects.toThrow('never uses the network');
  });

  it('is not asked for a folder that is not there', async () => {
    await expect(loadTokenizer(join(temporaryFolder(), 'missing'))).rejects.toThrow('tokenizer.json is missing');
    await expect(loadTokenizer('meta-llama/Llama-3.2-1B')).rejects.toThrow('Not an absolute folder');
  });
});
