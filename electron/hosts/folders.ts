import { join, resolve } from 'node:path';
import type { DataFixedBy } from '../contract/storage.ts';
import { bears, readPlace } from '../services/dataHome/place.ts';
import { isUnfinished } from '../services/dataHome/rest.ts';
import type { Ports } from '../services/ports.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** How the data folder is found: named by whoever started Latchkey, or from the platform's usual place. */
export type DataHome =
  { readonly folder: string; readonly fixedBy: DataFixedBy } | { readonly usual: string; readonly fixedBy?: undefined };

/**
 * Where Latchkey keeps what is the person's, the same on both hosts so that either finds the other's chats: `named`
 * (--data), else LATCHKEY_DATA, else beside the portable program (which says where it lies in PORTABLE_EXECUTABLE_DIR),
 * else the platform's usual place, or where that place says the data were moved to.
 */
export function dataHome(
  env: Environment,
  platform: NodeJS.Platform,
  home: string,
  named: string | undefined,
): DataHome {
  if (named !== undefined) return { folder: resolve(named), fixedBy: 'flag' };
  if (env['LATCHKEY_DATA']) return { folder: resolve(env['LATCHKEY_DATA']), fixedBy: 'variable' };
  const portable = env['PORTABLE_EXECUTABLE_DIR'];
  if (portable) return { folder: join(portable, 'Latchkey data'), fixedBy: 'portable' };
  if (platform === 'darwin') return { usual: join(home, 'Library', 'Application Support', 'Latchkey') };
  // Not the roaming profile: gigabytes would travel at each sign-in.
  if (platform === 'win32') return { usual: join(env['LOCALAPPDATA'] || join(home, 'AppData', 'Local'), 'Latchkey') };
  return { usual: join(env['XDG_DATA_HOME'] || join(home, '.local', 'share'), 'Latchkey') };
}

/**
 * `here`: open it. `unfinished`: a move of everything goes on first, while nobody has it open. `away`: it was moved to a
 * disk that is not connected, and nothing may be made in its place.
 */
export type FoundData =
  | { readonly state: 'here'; readonly folder: string }
  | { readonly state: 'unfinished' | 'away'; readonly folder: string; readonly usual: string };

/** Looks for the data folder; makes nothing. Throws RecordDamaged. */
export function findData(home: DataHome): FoundData {
  if (home.fixedBy !== undefined) return { state: 'here', folder: home.folder };
  const { usual } = home;
  const place = readPlace(usual);
  const folder = place.folder ?? usual;
  if (place.folder !== null && !bears(folder, place.token)) return { state: 'away', folder, usual };
  return isUnfinished(place) ? { state: 'unfinished', folder, usual } : { state: 'here', folder };
}

/** Folders of one mode. Practice lives in a folder of its own, cache included: it never touches what is real. */
export function modeFolders(data: string, practice: boolean, realCache: string): Ports['paths'] {
  const root = practice ? join(data, 'practice') : data;
  return { data: root, models: join(root, 'models'), hubCache: practice ? join(root, 'hub') : realCache };
}
