import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Architecture } from './architecture.ts';
import { type Checkpoint, openCheckpoint } from './checkpoint.ts';
import { architectureOf, parseConfig } from './config.ts';
import { ConversionError } from './conversionError.ts';
import { withScales } from './scaledCheckpoint.ts';
import { matchCheckpoint } from './tensors.ts';

const MOST_CONFIG_BYTES = 4_000_000;

/** A folder of official files whose config.json and weights fit each other. */
export interface OfficialSource {
  readonly config: object;
  readonly checkpoint: Checkpoint;
  readonly architecture: Architecture;
}

/**
 * Opens a folder of official files and validates everything that numbers are read from; the caller closes the
 * checkpoint. Throws ConversionError.
 */
export async function openSource(folder: string): Promise<OfficialSource> {
  const config = await readConfig(folder);
  const declared = architectureOf(config);
  const stored = await openCheckpoint(folder);
  try {
    const checkpoint = withScales(stored, declared.weightScales);
    return { config, checkpoint, architecture: matchCheckpoint(declared, checkpoint.tensors) };
  } catch (error) {
    await stored.close();
    throw error;
  }
}

async function readConfig(folder: string): Promise<object> {
  const path = join(folder, 'config.json');
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new ConversionError('nothing-to-run', 'this repository has no config.json');
    throw error;
  });
  if (found.size > MOST_CONFIG_BYTES) throw new ConversionError('damaged-file', 'is too long', 'config.json');
  return parseConfig(await readFile(path, 'utf8'));
}
