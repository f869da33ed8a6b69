import { readFile } from 'node:fs/promises';
import type { FileSpec, RepositorySpec } from '../../electron/practice/hub/repositories.ts';
import { never, neverId } from '../services/inference/models.ts';

const changes: Readonly<Record<string, object>> = {
  'config.json': { eos_token_id: neverId, max_position_embeddings: 32_768 },
  'generation_config.json': { eos_token_id: neverId },
  'tokenizer_config.json': { eos_token: never },
};

/** The practice model with a long context and no token that means the end: its answers go on for as long as they may. */
export async function withoutEnd(spec: RepositorySpec): Promise<RepositorySpec> {
  return { ...spec, files: await Promise.all(spec.files.map(changed)) };
}

async function changed(file: FileSpec): Promise<FileSpec> {
  const change = changes[file.path];
  if (!change || !('disk' in file)) return file;
  const json = JSON.parse(await readFile(file.disk, 'utf8')) as Record<string, unknown>;
  return { path: file.path, text: `${JSON.stringify({ ...json, ...change }, null, 2)}\n` };
}
