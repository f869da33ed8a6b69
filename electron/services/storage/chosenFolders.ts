import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { failed, ok, type Result } from '../../contract/result.ts';
import type { ChosenFolder } from '../../contract/storage.ts';
import { freeSpace } from '../download/diskUse.ts';
import { notFound } from '../explain.ts';
import type { Ports } from '../ports.ts';
import { folderUnusable } from './explain.ts';

/** Folders that the person named in this run. The page gets an id and can name no other place. */
export interface ChosenFolders {
  /** Asks with the host's own dialog where there is one; else takes what the person typed. */
  choose(typed: string | undefined): Promise<Result<ChosenFolder | null>>;
  /** Takes a folder that the person handed to the app; of a file, the folder it lies in. */
  adopt(path: string): Promise<Result<ChosenFolder>>;
  pathOf(id: string): Result<string>;
}

/** A person says a few folders in a run; a page gone wild shall not fill the memory. */
const mostFolders = 1000;

export function createChosenFolders(ask: Ports['chooseFolder']): ChosenFolders {
  const paths = new Map<string, string>();
  const take = async (folder: string): Promise<Result<ChosenFolder>> => {
    const facts = await stat(folder).catch(() => undefined);
    if (!facts?.isDirectory()) return failed(folderUnusable('There is no folder of this name.', folder));
    if (paths.size >= mostFolders) paths.clear();
    const id = randomUUID();
    paths.set(id, folder);
    return ok({ id, path: folder, freeBytes: (await freeSpace(folder)).bytes });
  };
  return {
    async adopt(path) {
      const given = resolve(path);
      const facts = await stat(given).catch(() => undefined);
      return take(facts?.isFile() === true ? dirname(given) : given);
    },
    async choose(typed) {
      const said = ask ? await ask() : typed?.trim();
      if (said === undefined || said === '') return ok(null);
      const path = /^~(?=[/\\]|$)/.test(said) ? join(homedir(), said.slice(1)) : said;
      if (!isAbsolute(path) || path.includes('\0')) {
        return failed(folderUnusable('A folder is named from its root, for example /media/ada/stick.', said));
      }
      return take(resolve(path));
    },
    pathOf(id) {
      const path = paths.get(id);
      return path === undefined ? failed(notFound('folder')) : ok(path);
    },
  };
}
