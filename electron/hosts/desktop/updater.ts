import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { app } from 'electron';
import type { AppUpdater, UpdateInfo } from 'electron-updater';
import type { UpdateObstacle } from '../../contract/update.ts';
import { NotGenuine, type UpdaterPort } from '../../services/ports.ts';
import { setAside } from '../../services/durable/setAside.ts';
import { isSigned } from '../../services/updates/signature.ts';
import { isInPassing } from './inPassing.ts';

/** A release file as we publish it: electron-builder's, with our signature over its contents. */
type SignedInfo = UpdateInfo & { readonly latchkeySignature?: unknown };

/** At most this many progress reports per second cross the border. */
const reportsPerSecond = 10;

/** The public half of the release key; written beside the app when a release is built. */
const keyFile = (): string => join(process.resourcesPath, 'update-key.pem');

function obstacleHere(): UpdateObstacle | undefined {
  if (!app.isPackaged || !existsSync(join(process.resourcesPath, 'app-update.yml'))) return 'not-installed';
  if (!existsSync(keyFile())) return 'no-key';
  const packaged = existsSync(join(process.resourcesPath, 'package-type'));
  const byHand =
    (process.platform === 'linux' && process.env['APPIMAGE'] === undefined && !packaged) ||
    (process.platform === 'win32' && process.env['PORTABLE_EXECUTABLE_DIR'] !== undefined);
  return byHand || isInPassing(process.platform, process.execPath) ? 'by-hand' : undefined;
}

/**
 * Updates through electron-updater, which knows how each system replaces a program and proves the hash of what it
 * fetched. What that hash must be, only the holder of the release key can say: a release file without a good signature
 * is refused before anything is fetched, on every system and beside the system's own signatures.
 */
export function createUpdater({
  leave,
  onFailure,
}: {
  /** Ends everything of ours, so that only the process is left. */
  readonly leave: () => Promise<void>;
  /** The update was not installed, and everything of ours has ended or failed to. */
  readonly onFailure: (error: unknown) => void;
}): UpdaterPort {
  const obstacle = obstacleHere();
  let loading: Promise<AppUpdater> | undefined;

  /** Loaded when first needed: nobody's start waits for it. */
  const load = async (): Promise<AppUpdater> => {
    const { autoUpdater } = (await import('electron-updater')).default;
    autoUpdater.logger = null;
    autoUpdater.autoDownload = false;
    autoUpdater.autoInstallOnAppQuit = false;
    // Errors reach us as rejections; an `error` event without a listener would end the process.
    autoUpdater.on('error', () => undefined);
    return autoUpdater;
  };
  const updater = (): Promise<AppUpdater> => (loading ??= load());

  return {
    obstacle,
    async check(channel) {
      const auto = await updater();
      auto.channel = channel;
      auto.allowPrerelease = channel === 'beta';
      // Setting the channel allows older versions: an old release with old holes must not come back.
      auto.allowDowngrade = false;
      const found = await auto.checkForUpdates().catch((error: NodeJS.ErrnoException) => {
        // The newest tag may be of a version that nobody has published yet: then what everybody gets counts.
        if (!auto.allowPrerelease || error.code !== 'ERR_UPDATER_CHANNEL_FILE_NOT_FOUND') throw error;
        auto.allowPrerelease = false;
        return auto.checkForUpdates();
      });
      if (!found?.isUpdateAvailable) return undefined;
      const info: SignedInfo = found.updateInfo;
      if (!isSigned(info, info.latchkeySignature, readFileSync(keyFile(), 'utf8')))
        throw new NotGenuine(`The release file of version ${info.version} has no good signature.`);
      return {
        version: info.version,
        notes: typeof info.releaseNotes === 'string' ? info.releaseNotes : '',
        bytes: Math.max(0, ...info.files.map(({ size }) => size ?? 0)),
      };
    },
    async download(onProgress) {
      const auto = await updater();
      let reported = 0;
      const report = ({ transferred }: { readonly transferred: number }): void => {
        if (Date.now() - reported < 1000 / reportsPerSecond) return;
        reported = Date.now();
        onProgress(transferred);
      };
      auto.on('download-progress', report);
      try {
        await auto.downloadUpdate();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ERR_CHECKSUM_MISMATCH')
          throw new NotGenuine(error instanceof Error ? error.message : String(error));
        throw error;
      } finally {
        auto.off('download-progress', report);
      }
    },
    install() {
      const install = async (): Promise<void> => {
        const auto = await updater();
        await leave();
        // The program in an AppImage is removed before the new one takes its place.
        const image = process.env['APPIMAGE'];
        const before = image === undefined ? undefined : setAside(image);
        // A refused password, a signature that macOS does not like, a full disk: all of that is told by this event, at
        // once or minutes later, and nothing quits.
        auto.once('error', (error) => {
          before?.bringBack();
          onFailure(error);
        });
        auto.quitAndInstall(false, true);
        before?.forget();
      };
      install().catch(onFailure);
    },
  };
}
