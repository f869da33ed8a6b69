import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');

/** The Node the product is made for, from the package `node`; else this one where it is new enough. */
export function findNode() {
  const shipped = join(root, 'node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(shipped)) return shipped;
  return Number(process.versions.node.split('.')[0]) >= 24 ? process.execPath : undefined;
}
