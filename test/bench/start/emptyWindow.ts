/** The least an Electron app can be: one window, one line of page, nothing behind it. */
import { app, BrowserWindow, protocol } from 'electron';

protocol.registerSchemesAsPrivileged([{ scheme: 'app', privileges: { standard: true, secure: true } }]);
void app.whenReady().then(() => {
  protocol.handle(
    'app',
    () => new Response('<title>Empty</title><h1>Empty</h1>', { headers: { 'content-type': 'text/html' } }),
  );
  const window = new BrowserWindow({ width: 1120, height: 760, webPreferences: { sandbox: true } });
  void window.loadURL('app://bundle/');
});
