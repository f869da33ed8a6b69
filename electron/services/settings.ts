import { join } from 'node:path';
import { type StateFile, stateFile } from './durable/stateFile.ts';

/** What the person decided once for all of Latchkey. */
export interface Settings {
  readonly offline: boolean;
  /** Closing the window leaves the app in the system's tray. */
  readonly tray: boolean;
}

const usual: Settings = { offline: false, tray: false };

/** As on disk: what a later version added is absent in an earlier one's file. */
type StoredSettings = Pick<Settings, 'offline'> & Partial<Settings>;

function areSettings(value: unknown): value is StoredSettings {
  if (typeof value !== 'object' || value === null) return false;
  const { offline, tray } = value as Partial<Settings>;
  return typeof offline === 'boolean' && (tray === undefined || typeof tray === 'boolean');
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
