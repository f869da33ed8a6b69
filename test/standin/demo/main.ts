/** A small app with every promise of the stand-in in it. It imports `electron` as any app does. */
import { join } from 'node:path';
import { app, BrowserWindow, ipcMain, protocol, session, utilityProcess } from 'electron';

const page = `<!doctype html><title>Demo</title><script src="page.js"></script>
<a id="away" href="https://example.org/">away</a><a id="popup" href="https://example.org/popup" target="_blank">popup</a>`;
const script = `window.ticks = []; demo.onTick((tick) => window.ticks.push(tick)); document.title = 'Demo ready';`;

protocol.registerSchemesAsPrivileged([{ scheme: 'app', privileges: { standard: true, secure: true } }]);
if (process.argv.includes('--early-window')) new BrowserWindow();
if (process.argv.includes('--early-protocol')) protocol.handle('app', () => new Response());
if (process.argv.includes('--early-worker')) utilityProcess.fork(join(import.meta.dirname, 'worker.ts'));
if (process.argv.includes('--wait-at-top')) await app.whenReady();

function start(): void {
  if (process.argv.includes('--permissions')) {
    session.defaultSession.setPermissionRequestHandler((_contents, permission, answer) =>
      answer(permission === 'midi'),
    );
  }
  protocol.handle('app', (request) => {
    const isScript = request.url.endsWith('.js');
    const type = isScript ? 'text/javascript' : 'text/html';
    return new Response(isScript ? script : page, {
      headers: { 'content-type': type, 'content-security-policy': "default-src 'none'; script-src 'self'" },
    });
  });
  ipcMain.handle('echo', (_event, value) => value as unknown);
  ipcMain.handle('fail', () => {
    throw new TypeError('bad thing');
  });
  ipcMain.handle('uncloneable', () => () => 1);
  ipcMain.handle('sender', (event) => ({ url: event.senderFrame?.url, origin: event.senderFrame?.origin }));
  ipcMain.handle('work', (_event, value) => {
    const child = utilityProcess.fork(join(import.meta.dirname, 'worker.ts'), [], { env: { MARK: 'only this' } });
    return new Promise((resolve) => {
      child.once('message', (answer: unknown) => child.kill() && resolve(answer));
      child.postMessage(value);
    });
  });
  ipcMain.handle('ending', (_event, way: string) => {
    const child = utilityProcess.fork(join(import.meta.dirname, 'worker.ts'));
    const told: unknown[] = [];
    child.on('error', (type) => told.push(type));
    child.postMessage(way);
    if (way === 'end') told.push(child.kill()); // too early: it is only being started
    if (way === 'wait') child.once('spawn', () => child.kill());
    return new Promise((resolve) => {
      child.once('exit', (code) => {
        child.postMessage('nobody hears this');
        resolve([...told, code, child.pid ?? 'gone', child.kill()]);
      });
    });
  });
  const window = new BrowserWindow({ webPreferences: { preload: join(import.meta.dirname, 'preload.cjs') } });
  window.webContents.send('tick', 'too early');
  window.webContents.setWindowOpenHandler(() => ({ action: 'deny' }));
  window.webContents.on('will-navigate', (event) => event.preventDefault());
  void window.loadURL('app://demo/');
}

void app.whenReady().then(start);
app.on('window-all-closed', () => app.quit());
