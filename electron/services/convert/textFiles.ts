import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Recipe } from './recipe.ts';
import { ConversionError } from './conversionError.ts';

const MOST_TEXT_BYTES = 5_000_000;
const MOST_TOKENIZER_BYTES = 100_000_000; // the largest public ones have 35 MB

const tokenizerFiles = ['tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json'];
const optionalFiles = ['generation_config.json', 'chat_template.jinja', 'chat_template.json'];
/** The words that travel with the weights. */
const TERMS = /^(?:LICEN[CS]E|NOTICE|USE_POLICY|README)(?:[._-][A-Za-z0-9._-]{1,40})?$/i;

/** Whether a file of this name goes into a converted model as it is. */
export const travels = (name: string): boolean =>
  tokenizerFiles.includes(name) || optionalFiles.includes(name) || TERMS.test(name);

/** A small file of the output folder, read but not changed unless said. */
export interface TextFile {
  readonly name: string;
  readonly data: Uint8Array;
}

/**
 * Reads the small official files that a converted model needs beside its weights. Throws ConversionError
 * 'nothing-to-run' without a tokenizer.json, 'damaged-file' for one that is absurdly large or no JSON.
 */
export async function readTextFiles(source: string): Promise<TextFile[]> {
  const present = new Set(await readdir(source));
  if (!present.has('tokenizer.json')) {
    throw new ConversionError('nothing-to-run', 'this repository has no tokenizer.json', 'tokenizer.json');
  }
  const terms = [...present].filter((name) => TERMS.test(name)).sort();
  const names = [...tokenizerFiles, ...optionalFiles].filter((name) => present.has(name));
  const files: TextFile[] = [];
  for (const name of [...names, ...terms]) {
    const found = await stat(join(source, name));
    if (!found.isFile()) continue; // a folder called LICENSE, say
    const most = name === 'tokenizer.json' ? MOST_TOKENIZER_BYTES : MOST_TEXT_BYTES;
    if (found.size > most) throw new ConversionError('damaged-file', `is ${found.size} bytes long`, name);
    const data = await readFile(join(source, name));
    if (name.endsWith('.json')) requireJson(name, data);
    files.push({ name, data });
  }
  return files;
}

/** A tokenizer that is cut off would be found out only when the finished model is loaded. */
function requireJson(name: string, data: Uint8Array): void {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data));
  } catch {
    throw new ConversionError('damaged-file', 'is not JSON', name);
  }
}

/** Whether the model was made to chat: it brings a chat template. */
export function hasChatTemplate(files: readonly TextFile[]): boolean {
  if (files.some((file) => file.name.startsWith('chat_template.'))) return true;
  const config = files.find((file) => file.name === 'tokenizer_config.json');
  if (!config) return false;
  const value: unknown = JSON.parse(new TextDecoder().decode(config.data)); // readTextFiles made sure that it is JSON
  return typeof value === 'object' && value !== null && Boolean((value as { chat_template?: unknown }).chat_template);
}

/** config.json of the output: the official one, plus what transformers.js needs to find the converted weights. */
export function convertedConfig(official: object, dtype: string, recipe: Recipe): string {
  const settings = { dtype, use_external_data_format: { [recipe.file]: 1 } };
  return `${JSON.stringify({ ...official, 'transformers.js_config': settings }, null, 2)}\n`;
}
