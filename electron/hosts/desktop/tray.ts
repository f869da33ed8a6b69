import { app, Menu, nativeImage, Tray } from 'electron';
import colour from './tray/colour.png?inline';
import template from './tray/template.png?inline';
import template2 from './tray/template@2x.png?inline';

/** The app's place among the system's small icons, for people who asked for it. */
export interface TrayIcon {
  readonly shown: boolean;
  set(on: boolean): void;
}

function picture(): Electron.NativeImage {
  if (process.platform !== 'darwin') return nativeImage.createFromDataURL(colour);
  // A template: macOS colours it for its menu bar.
  const image = nativeImage.createFromDataURL(template);
  image.addRepresentation({ scaleFactor: 2, dataURL: template2 });
  image.setTemplateImage(true);
  return image;
}

/** No icon yet; a click on it, where the system has clicks, calls `show`. */
export function createTrayIcon(show: () => void): TrayIcon {
  // Without a reference the icon would vanish with the next collection.
  let tray: Tray | undefined;
  return {
    get shown() {
      return tray !== undefined;
    },
    set(on) {
      if (!on) tray?.destroy();
      tray = on ? (tray ?? draw(show)) : undefined;
    },
  };
}

function draw(show: () => void): Tray {
  const tray = new Tray(picture());
  tray.setToolTip('Latchkey');
  tray.setContextMenu(
    Menu.buildFromTemplate([
      { label: 'Open Latchkey', click: show },
      { type: 'separator' },
      { label: 'Quit', click: () => app.quit() },
    ]),
  );
  // On macOS a click opens the menu; the window must not come along.
  if (process.platform !== 'darwin') tray.on('click', show);
  return tray;
}
