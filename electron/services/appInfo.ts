import type { AppInfo } from '../contract/ipc.ts';
import type { Ports } from './ports.ts';

/** What the page is told about the program around it: versions, places, abilities. */
export function appInfo(
  ports: Ports,
  now: { readonly offline: boolean; readonly signInWithBrowser: boolean; readonly inTray: boolean },
): AppInfo {
  const { offlineBy } = ports.environment;
  const accent = ports.accent?.now();
  return {
    version: ports.version,
    host: ports.host,
    platform: process.platform,
    practice: ports.practice,
    hubEndpoint: ports.hubEndpoint,
    offline: now.offline,
    ...(offlineBy !== undefined && { offlineBy }),
    inTray: now.inTray && ports.stayInTray !== undefined,
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
