import { join } from 'node:path';
import { type StateFile, stateFile } from './durable/stateFile.ts';

/** What the person decided once for all of Latchkey. */
export interface Settings {
  readonly offline: boolean;
}

const usual: Settings = { offline: false };

function areSettings(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && typeof (value as Settings).offline === 'boolean';
}

/** The settings of one data folder, as a file. */
export function settingsFile(data: string, onDamage: (path: string) => void): StateFile<Settings> {
  return stateFile({ path: join(data, 'settings.json'), version: 1, check: areSettings, onDamage });
}

/** The settings as they stand, or the usual ones. */
export async function readSettings(data: string): Promise<Settings> {
  return (await settingsFile(data, () => undefined).read()) ?? usual;
}
