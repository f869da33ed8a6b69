import type { StateFile } from './durable/stateFile.ts';

/** What the person chose for the whole app. */
export interface Settings {
  readonly offline: boolean;
  /** Closing the window leaves the app in the system's tray. */
  readonly tray: boolean;
}

/** As on disk: what a later version added is absent in an earlier one's file. */
type StoredSettings = Pick<Settings, 'offline'> & Partial<Settings>;

export function areSettings(value: unknown): value is StoredSettings {
  if (typeof value !== 'object' || value === null) return false;
  const { offline, tray } = value as Partial<Settings>;
  return typeof offline === 'boolean' && (tray === undefined || typeof tray === 'boolean');
}

export interface SettingsRoom {
  now(): Settings;
  /** On disk when it settles. */
  change(to: Partial<Settings>): Promise<void>;
}

/** Reads what was chosen before; a first start is online and without a tray. */
export async function openSettings(file: StateFile<StoredSettings>): Promise<SettingsRoom> {
  let settings: Settings = { offline: false, tray: false, ...(await file.read()) };
  return {
    now: () => settings,
    async change(to) {
      settings = { ...settings, ...to };
      await file.write(settings);
    },
  };
}
