import { join } from 'node:path';
import type { Ports } from '../services/ports.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Where Latchkey keeps what is the person's, the same on both hosts so that either finds the other's chats: LATCHKEY_DATA,
 * else beside the portable program (which says where it lies in PORTABLE_EXECUTABLE_DIR), else the platform's usual place.
 */
export function dataFolder(env: Environment, platform: NodeJS.Platform, home: string): string {
  if (env['LATCHKEY_DATA']) return env['LATCHKEY_DATA'];
  if (env['PORTABLE_EXECUTABLE_DIR']) return join(env['PORTABLE_EXECUTABLE_DIR'], 'Latchkey data');
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'Latchkey');
  if (platform === 'win32') return join(env['APPDATA'] || join(home, 'AppData', 'Roaming'), 'Latchkey');
  return join(env['XDG_DATA_HOME'] || join(home, '.local', 'share'), 'Latchkey');
}

/** Folders of one mode. Practice lives in a folder of its own, cache included: it never touches what is real. */
export function modeFolders(data: string, practice: boolean, realCache: string): Ports['paths'] {
  const root = practice ? join(data, 'practice') : data;
  return { data: root, models: join(root, 'models'), hubCache: practice ? join(root, 'hub') : realCache };
}
