import { join } from 'node:path';
import { type StateFile, stateFile } from './durable/stateFile.ts';

/** What the person decided once for all of Latchkey. */
export interface Settings {
  readonly offline: boolean;
  /** By origin: whether a mirror may have the access token. Absent: nobody was asked yet. */
  readonly mirrors?: Readonly<Record<string, boolean>>;
}

/** The settings while the app runs; each change is on disk before it holds. */
export interface SettingsRoom {
  now(): Settings;
  change(part: Partial<Settings>): Promise<void>;
  /** As after installation. */
  reset(): Promise<void>;
}

const usual: Settings = { offline: false };

function areSettings(value: unknown): value is Settings {
  if (typeof value !== 'object' || value === null) return false;
  const { offline, mirrors } = value as Partial<Settings>;
  return typeof offline === 'boolean' && (mirrors === undefined || areDecisions(mirrors));
}

function areDecisions(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.values(value).every((one) => typeof one === 'boolean');
}

function settingsFile(data: string, onDamage: (path: string) => void): StateFile<Settings> {
  return stateFile({ path: join(data, 'settings.json'), version: 1, check: areSettings, onDamage });
}

/** The settings as they stand, or the usual ones. Writes nothing. */
export async function readSettings(data: string): Promise<Settings> {
  return (await settingsFile(data, () => undefined).read()) ?? usual;
}

/** Opens the settings of one data folder. */
export async function openSettings(data: string, onDamage: (path: string) => void): Promise<SettingsRoom> {
  const file = settingsFile(data, onDamage);
  let settings = (await file.read()) ?? usual;
  const write = async (next: Settings): Promise<void> => {
    await file.write(next);
    settings = next;
  };
  return {
    now: () => settings,
    change: (part) => write({ ...settings, ...part }),
    reset: () => write(usual),
  };
}
