/** What the person decided for all of Latchkey, what follows from it, and what the page is told of it. */
import type { AppInfo, BackendEvent } from '../contract/ipc.ts';
import { appInfo } from './appInfo.ts';
import { consentFor, type TokenConsent } from './hub/mirror.ts';
import type { Ports } from './ports.ts';
import { openSettings, type Settings, usual } from './settings.ts';

export interface Preferences {
  readonly isOffline: () => boolean;
  /** Why nothing is asked of the network: the variable that says so, or the person's own switch. */
  offlineReason(): string | undefined;
  /** Bytes per second that all downloads together may take; undefined = no limit. */
  readonly downloadLimit: () => number | undefined;
  /** Whether the Hub in use, perhaps a mirror, may have the access token. */
  readonly consent: () => TokenConsent;
  info(): AppInfo;
  /** Puts what was decided earlier into force. */
  start(): void;
  /** Tells the page when it is on disk. */
  change(to: Partial<Settings>): Promise<void>;
  /** Remembers whether the mirror in use may have the token. */
  decideMirror(allow: boolean): Promise<void>;
  /** As after installation. */
  reset(): Promise<void>;
  close(): void;
}

/** Opens the settings of the data folder. `signInWithBrowser` is asked whenever the page is told. */
export async function openPreferences(
  ports: Ports,
  {
    emit,
    onDamage,
    signInWithBrowser,
  }: {
    readonly emit: (event: BackendEvent) => void;
    readonly onDamage: (path: string) => void;
    readonly signInWithBrowser: () => boolean;
  },
): Promise<Preferences> {
  const settings = await openSettings(ports.paths.data, onDamage);
  const { offlineBy } = ports.environment;
  const isOffline = (): boolean => settings.now().offline || offlineBy !== undefined;
  const consent = (): TokenConsent => consentFor(ports.hubEndpoint, settings.now().mirrors);
  const info = (): AppInfo =>
    appInfo(ports, {
      offline: isOffline(),
      signInWithBrowser: signInWithBrowser(),
      inTray: settings.now().tray,
      downloadLimit: settings.now().downloadLimit,
      consent: consent(),
    });
  const tell = (): void => emit({ type: 'app.changed', info: info() });
  const deaf = ports.accent?.onChange(tell);
  const change = async (to: Partial<Settings>): Promise<void> => {
    await settings.change(to);
    if (to.tray !== undefined) ports.stayInTray?.(to.tray);
    tell();
  };
  return {
    isOffline,
    offlineReason() {
      if (offlineBy !== undefined) return `${offlineBy} is set`;
      return isOffline() ? 'Latchkey works offline' : undefined;
    },
    downloadLimit: () => settings.now().downloadLimit ?? undefined,
    consent,
    info,
    start: () => ports.stayInTray?.(settings.now().tray),
    change,
    decideMirror(allow) {
      const { origin } = new URL(ports.hubEndpoint);
      return change({ mirrors: { ...settings.now().mirrors, [origin]: allow } });
    },
    reset: () => change(usual),
    close: () => deaf?.(),
  };
}
