import { join } from 'node:path';
import { type StateFile, stateFile } from './durable/stateFile.ts';

/** What the person decided once for all of Latchkey. */
export interface Settings {
  readonly offline: boolean;
  /** Closing the window leaves the app in the system's tray. */
  readonly tray: boolean;
  /** Downloads take at most this much, bytes per second; null = all there is. */
  readonly downloadLimit: number | null;
  /** By origin: whether a mirror may have the access token. Not listed: nobody was asked yet. */
  readonly mirrors: Readonly<Record<string, boolean>>;
}

/** The settings of a new installation. */
export const usual: Settings = { offline: false, tray: false, downloadLimit: null, mirrors: {} };

/** As on disk: what a later version added is absent in an earlier one's file. */
type StoredSettings = Pick<Settings, 'offline'> & Partial<Settings>;

function areSettings(value: unknown): value is StoredSettings {
  if (typeof value !== 'object' || value === null) return false;
  const { offline, tray, downloadLimit = null, mirrors = {} } = value as Partial<Settings>;
  const limit = downloadLimit === null || (typeof downloadLimit === 'number' && downloadLimit > 0);
  const switches = typeof offline === 'boolean' && (tray === undefined || typeof tray === 'boolean');
  return switches && limit && areDecisions(mirrors);
}

function areDecisions(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.values(value).every((one) => typeof one === 'boolean');
}

function settingsFile(data: string, onDamage: (path: string) => void): StateFile<StoredSettings> {
  return stateFile({ path: join(data, 'settings.json'), version: 1, check: areSettings, onDamage });
}

/** The settings of one data folder as they stand, or the usual ones. */
export async function readSettings(data: string): Promise<Settings> {
  return { ...usual, ...(await settingsFile(data, () => undefined).read()) };
}

export interface SettingsRoom {
  now(): Settings;
  /** On disk when it settles. */
  change(to: Partial<Settings>): Promise<void>;
}

/** Opens the settings of one data folder; `onDamage` hears where a damaged file was set aside. */
export async function openSettings(data: string, onDamage: (path: string) => void): Promise<SettingsRoom> {
  const file = settingsFile(data, onDamage);
  let settings: Settings = { ...usual, ...(await file.read()) };
  return {
    now: () => settings,
    async change(to) {
      settings = { ...settings, ...to };
      await file.write(settings);
    },
  };
}
