import type { AppInfo } from '../contract/ipc.ts';
import type { Ports } from './ports.ts';

/** What the page is told about the program around it: versions, places, abilities. */
export function appInfo(
  ports: Ports,
  now: { readonly offline: boolean; readonly signInWithBrowser: boolean },
): AppInfo {
  const { offlineBy } = ports.environment;
  return {
    version: ports.version,
    host: ports.host,
    platform: process.platform,
    practice: ports.practice,
    hubEndpoint: ports.hubEndpoint,
    offline: now.offline,
    ...(offlineBy !== undefined && { offlineBy }),
    can: {
      openPages: ports.host === 'desktop',
      notify: ports.notify !== undefined,
      showFolders: ports.showFolder !== undefined,
      chooseFolders: ports.chooseFolder !== undefined,
      signInWithBrowser: now.signInWithBrowser,
      readClipboard: ports.readClipboard !== undefined,
    },
  };
}
