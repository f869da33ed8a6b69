/**
 * The one check of file names that came from a server. A name passes only if it means the same file below the same
 * folder on Linux, macOS and Windows alike; the check never looks at the system it runs on.
 */

const device = /^(con|prn|aux|nul|conin\$|conout\$|clock\$|com[0-9¹²³]|lpt[0-9¹²³])$/i;
// Names Windows may invent as a second name of a longer one.
const shortAlias = /^[^.]{1,6}~\d+(\.[^.]{0,3})?$/;
// Code points that some file systems ignore or that show a name in another order than it is stored.
const invisible = /[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/;
const control = /\p{Cc}/u;
const loneSurrogate = /\p{Cs}/u;
const maxPathBytes = 1000;
const maxPartBytes = 255;

/** Why a name tries to leave its folder (or to lie about itself), or undefined. Honest repositories have no such name. */
export function escapeReason(path: string): string | undefined {
  if (path === '') return 'empty name';
  if (control.test(path)) return 'control character';
  if (loneSurrogate.test(path)) return 'not a Unicode text';
  if (path.includes('\\')) return 'backslash';
  if (path.startsWith('/')) return 'absolute path';
  if (/^[a-z]:/i.test(path)) return 'drive letter';
  if (path.split('/').some((part) => /^[. ]*\.\.[. ]*$/.test(part))) return 'parent folder';
  return undefined;
}

function partReason(part: string): string | undefined {
  if (part === '') return 'empty part';
  if (part === '.') return 'current folder';
  if (/[. ]$/.test(part)) return 'ends with a dot or a space';
  if (part.startsWith(' ')) return 'starts with a space';
  if (part.includes(':')) return 'colon';
  // The question mark is left in: it is no danger on Windows (the file is refused there), and the Hub has such names.
  if (/[<>"|*]/.test(part)) return 'character reserved on Windows';
  if (invisible.test(part)) return 'invisible character';
  if (device.test((part.split('.')[0] ?? '').trimEnd())) return 'device name';
  if (shortAlias.test(part)) return 'short alias';
  if (Buffer.byteLength(part) > maxPartBytes) return 'part too long';
  return undefined;
}

/** Why this name must not become a path, or undefined when it is safe: relative, with `/` between its parts. */
export function unsafeReason(path: string): string | undefined {
  const escape = escapeReason(path);
  if (escape !== undefined) return escape;
  if (Buffer.byteLength(path) > maxPathBytes) return 'path too long';
  for (const part of path.split('/')) {
    const reason = partReason(part);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

// One spelling for all names that a case-insensitive or normalising file system takes for the same.
function folded(path: string): string {
  return path.normalize('NFKC').toUpperCase().toLowerCase().normalize('NFC');
}

/** The first two names of a list that would meet in one place on some system (case, Unicode form, file against folder). */
export function findTwins(paths: readonly string[]): readonly [string, string] | undefined {
  const files = new Map<string, string>();
  for (const path of paths) {
    const key = folded(path);
    const twin = files.get(key);
    if (twin !== undefined) return [twin, path];
    files.set(key, path);
  }
  const folders = new Map<string, string>();
  for (const path of paths) {
    const parts = path.split('/');
    for (let depth = 1; depth < parts.length; depth++) {
      const written = parts.slice(0, depth).join('/');
      const key = folded(written);
      const file = files.get(key);
      if (file !== undefined) return [file, path];
      const folder = folders.get(key);
      if (folder !== undefined && folder !== written) return [`${folder}/`, path];
      folders.set(key, written);
    }
  }
  return undefined;
}
