/**
 * The only door to @huggingface/transformers, of which we use the tokenizers and the chat templates. Everything is read
 * from one folder; the network is shut before anything can ask for it.
 */
import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { AutoTokenizer, env, LogLevel } from '@huggingface/transformers';
import type { Role } from '../../contract/chat.ts';
import { ModelFolderError } from './modelFolder.ts';
import { createTextStream, type TextStream } from './textStream.ts';

env.allowRemoteModels = false;
env.allowLocalModels = true;
env.useBrowserCache = false;
env.useFSCache = false;
// Of a run that failed it would print the numbers that went in: the ids of what a person wrote.
env.logLevel = LogLevel.NONE;
env.fetch = () => Promise.reject(new Error('The tokenizer never uses the network'));

export interface Turn {
  readonly role: Role;
  readonly text: string;
}

export interface Tokenizer {
  readonly hasChatTemplate: boolean;
  /** The token that ends a text according to the tokenizer itself. */
  readonly endId: number | undefined;
  /** Ids of plain text, with the beginning-of-text token where this tokenizer's own post-processor puts one. */
  encodeText(text: string): number[];
  /** A conversation as the model's chat template writes it, up to where the assistant speaks. Runs a stranger's program. */
  renderChat(turns: readonly Turn[]): string;
  /** Ids of a text that a template wrote: it put the first token there itself. */
  encodeRendered(text: string): number[];
  /** Whether this text is one token of its own. */
  readonly isToken: (text: string) => boolean;
  /** Text without special tokens, spaces exactly as the model wrote them. */
  decode(ids: readonly number[]): string;
  /** A stream whose first token follows `before`. */
  stream(before: readonly number[]): TextStream;
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Ids of prompt tokens that a stream needs to see: enough for one word after several special tokens. */
const contextTokens = 8;

/**
 * Loads the tokenizer of a model folder.
 *
 * A template may stand in tokenizer_config.json or, in newer repositories, in chat_template.jinja, which wins.
 *
 * @throws ModelFolderError when tokenizer.json or tokenizer_config.json is missing or no JSON, the library's error
 * when it cannot use them.
 */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  // A relative path would be taken for a repository on the Hub.
  if (!isAbsolute(folder)) throw new Error(`Not an absolute folder: ${folder}`);
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) {
    const text = await readText(join(folder, name));
    if (text === undefined) throw new ModelFolderError(`${name} is missing`);
    try {
      JSON.parse(text);
    } catch {
      throw new ModelFolderError(`${name} is not valid JSON`);
    }
  }
  const tokenizer = await AutoTokenizer.from_pretrained(folder, { local_files_only: true });
  const template = await readText(join(folder, 'chat_template.jinja'));
  // Joining without the clean-up that removes spaces before punctuation: it would change code and the next prompt.
  const decode = (ids: readonly number[]): string =>
    ids.length === 0
      ? ''
      : tokenizer.decode([...ids], { skip_special_tokens: true, clean_up_tokenization_spaces: false });
  return {
    hasChatTemplate: template !== undefined || Boolean(tokenizer.chat_template),
    endId: typeof tokenizer.eos_token_id === 'number' ? tokenizer.eos_token_id : undefined,
    encodeText: (text) => tokenizer.encode(text),
    renderChat(turns) {
      const rendered = tokenizer.apply_chat_template(
        turns.map(({ role, text }) => ({ role, content: text })),
        { tokenize: false, add_generation_prompt: true, ...(template !== undefined && { chat_template: template }) },
      );
      if (typeof rendered !== 'string') throw new Error('The chat template gave no text');
      return rendered;
    },
    encodeRendered: (text) => tokenizer.encode(text, { add_special_tokens: false }),
    isToken: (text) => text !== '' && tokenizer.encode(text, { add_special_tokens: false }).length === 1,
    decode,
    stream: (before) => createTextStream(decode, before.slice(-contextTokens)),
  };
}
