/**
 * A stand-in for the `electron` module, for machines without its binary: Node plus one real Chromium. The app's built
 * main and preload bundles run on it unchanged. It is a test bench, not a security boundary, and it must never be kinder
 * than Electron: what Electron refuses or loses, it refuses or loses.
 *
 * Not here: child windows, frames' preloads, webviews, dialogs, downloads, sendSync, message ports, the OS sandbox, fuses,
 * asar files. The page's address is https://app--..., so nothing in a page may depend on the scheme.
 */
import { EventEmitter } from 'node:events';
import { app } from './app.ts';
import { BrowserWindow } from './browserWindow.ts';
import { ipcMain } from './ipcMain.ts';
import { protocol } from './schemes.ts';
import { session } from './session.ts';
import { net } from './net.ts';
import { powerMonitor, powerSaveBlocker, screen } from './machine.ts';
import {
  clipboard,
  dialog,
  Menu,
  nativeImage,
  nativeTheme,
  Notification,
  shell,
  systemPreferences,
  Tray,
} from './systemModules.ts';
import { utilityProcess } from './utilityProcess.ts';

export {
  app,
  BrowserWindow,
  clipboard,
  dialog,
  ipcMain,
  Menu,
  nativeTheme,
  Notification,
  powerMonitor,
  powerSaveBlocker,
  protocol,
};
/** A window without a page: there is nothing to look at. */
export class BaseWindow extends EventEmitter {}
/** The system's own updater; only macOS has one. */
export const autoUpdater = new EventEmitter();
export { nativeImage, net, screen, session, shell, systemPreferences, Tray, utilityProcess };
