import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { removeTree } from '../durable/files.ts';

const TEMPORARY = /^\.tmp-[0-9a-f]{16}$/;

/** A fresh name beside the final folder: a rename can then publish it, and a sweep can find it. */
export function temporaryBeside(output: string): string {
  return join(dirname(output), `.tmp-${randomBytes(8).toString('hex')}`);
}

/** Removes what killed conversions left in a folder of models; answers how many. Call when no conversion runs. */
export async function sweepConversions(folder: string): Promise<number> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const leftovers = names.filter((name) => TEMPORARY.test(name));
  for (const name of leftovers) await removeTree(join(folder, name));
  return leftovers.length;
}
