import { constants, copyFileSync, existsSync, linkSync, renameSync, rmSync } from 'node:fs';

/** A file that is about to be replaced by somebody else's program, and can be had back. */
export interface SetAside {
  /** As it was, also when something else has its name now. Nothing happens after `forget`. */
  bringBack(): void;
  forget(): void;
}

/** Keeps a file under a second name beside the first; a copy of it where the disk knows no second names. Throws as fs does. */
export function setAside(path: string): SetAside {
  const aside = `${path}.before`;
  rmSync(aside, { force: true }); // of a time when the power went
  try {
    linkSync(path, aside);
  } catch {
    copyFileSync(path, aside, constants.COPYFILE_EXCL);
  }
  return {
    bringBack() {
      if (existsSync(aside)) renameSync(aside, path);
    },
    forget: () => rmSync(aside, { force: true }),
  };
}
