/**
 * The desktop host's own parts around a page and services of the test: what is proved here is the border, whatever
 * stands behind it.
 */
import { join } from 'node:path';
import { app, type BrowserWindow, ipcMain } from 'electron';
import { ok } from '../../../electron/contract/result.ts';
import type { BackendEvent } from '../../../electron/contract/ipc.ts';
import { type AtWork, watchWork } from '../../../electron/hosts/desktop/atWork.ts';
import { confinePages } from '../../../electron/hosts/desktop/confine.ts';
import { sendEvent, serveRequests } from '../../../electron/hosts/desktop/ipc.ts';
import { setMenu } from '../../../electron/hosts/desktop/menu.ts';
import { notifier } from '../../../electron/hosts/desktop/notify.ts';
import { declareAppScheme, serveRenderer } from '../../../electron/hosts/desktop/protocol.ts';
import { openWindow } from '../../../electron/hosts/desktop/window.ts';
import { startUtilityProcess } from '../../../electron/hosts/desktop/workers.ts';

const root = join(import.meta.dirname, '../../..');
const windows: BrowserWindow[] = [];
const asked: { name: unknown; input: unknown }[] = [];
const practice: boolean[] = [];
const work: string[] = [];
let atWork: AtWork | undefined;

/** A worker's answer to one message. */
function echo(message: unknown): Promise<unknown> {
  const worker = startUtilityProcess(join(import.meta.dirname, 'echoWorker.ts'));
  const { promise, resolve } = Promise.withResolvers<unknown>();
  const answers: unknown[] = [];
  worker.onMessage((answer) => {
    answers.push(answer);
    worker.kill();
  });
  worker.onExit((exit) => resolve({ answers, exit }));
  worker.post(message);
  if (message === 'nothing') worker.kill();
  return promise;
}

declareAppScheme();
void app.whenReady().then(() => {
  confinePages();
  serveRenderer(join(import.meta.dirname, '../page'));
  serveRequests(
    async (name, input) => {
      asked.push({ name, input });
      return ok(name === 'test.echo' ? await echo(input) : 'answer');
    },
    () => windows,
  );
  setMenu({
    practice: false,
    setPractice: (on) => void practice.push(on),
    wish: () => undefined,
    showData: () => undefined,
    devTools: false,
  });
  atWork = watchWork(
    () => windows,
    async (name, repo) => work.push(`${name} ${repo}`),
  );
  windows.push(
    openWindow({
      preload: join(root, 'dist/preload/preload.cjs'),
      place: { width: 1120, height: 760, maximized: false },
      onDead: () => undefined,
      onHung: async () => undefined,
    }),
  );
});

// What the test asks from outside.
Object.assign(globalThis, {
  host: {
    asked,
    practice,
    work,
    hear: (event: BackendEvent) => atWork?.hear(event),
    emit: () => sendEvent({ type: 'app.restarted' }, windows),
    notify: notifier(() => void practice.push(true)),
    /** A request as if a frame of ours, or not, had sent it. */
    askAs: (
      url: string,
      { parent = null, sender = windows[0]?.webContents }: { parent?: object | null; sender?: unknown } = {},
    ) => {
      const handlers = (
        ipcMain as unknown as { handlers: Map<string, (event: object, ...values: unknown[]) => unknown> }
      ).handlers;
      return handlers.get('backend:request')?.(
        { sender, senderFrame: url === '' ? null : { url, parent } },
        'app.info',
      );
    },
  },
});
