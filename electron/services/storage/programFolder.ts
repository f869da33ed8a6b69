import { dirname } from 'node:path';

/** PURE: the folder that belongs to a program: an update or its removal takes everything in there. Of a Mac, the bundle. */
export function programFolder(program: string): string {
  const bundle = /^.*?\.app(?=\/Contents\/)/.exec(program)?.[0];
  return bundle ?? dirname(program);
}
