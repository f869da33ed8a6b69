import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { VaultMarker } from '../adapters/keychain.ts';
import { makeFolder, replaceFile } from '../services/durable/files.ts';

/** The marker as a small file of the data folder. An unreadable marker counts as "nothing stored". */
export function vaultMarker(data: string): VaultMarker {
  const path = join(data, 'vault.json');
  return {
    async read() {
      const text = await readFile(path, 'utf8').catch(() => '');
      return text === '{"stored":true}';
    },
    async write(stored) {
      await makeFolder(dirname(path));
      await replaceFile(path, JSON.stringify({ stored }));
    },
  };
}
