import type { AppInfo } from '../contract/ipc.ts';
import { isMirror, type TokenConsent } from './hub/mirror.ts';
import type { Ports } from './ports.ts';

const mirrorWords = { yes: 'sent', no: 'withheld', unasked: 'unasked' } as const;

/** What the page is told about the program around it: versions, places, abilities. */
export function appInfo(
  ports: Ports,
  now: {
    readonly offline: boolean;
    readonly signInWithBrowser: boolean;
    readonly inTray: boolean;
    readonly downloadLimit: number | null;
    readonly consent: TokenConsent;
  },
): AppInfo {
  const { offlineBy } = ports.environment;
  const accent = ports.accent?.now();
  return {
    version: ports.version,
    host: ports.host,
    platform: process.platform,
    practice: ports.practice,
    hubEndpoint: ports.hubEndpoint,
    ...(isMirror(ports.hubEndpoint) && {
      mirror: { host: new URL(ports.hubEndpoint).host, token: mirrorWords[now.consent] },
    }),
    offline: now.offline,
    ...(offlineBy !== undefined && { offlineBy }),
    inTray: now.inTray && ports.stayInTray !== undefined,
    downloadLimit: now.downloadLimit,
    ...(accent !== undefined && { accent }),
    can: {
      openPages: ports.host === 'desktop',
      notify: ports.notify !== undefined,
      showFolders: ports.showFolder !== undefined,
      chooseFolders: ports.chooseFolder !== undefined,
      dropFolders: ports.takeWish !== undefined,
      stayInTray: ports.stayInTray !== undefined,
      signInWithBrowser: now.signInWithBrowser,
      readClipboard: ports.readClipboard !== undefined,
    },
  };
}
