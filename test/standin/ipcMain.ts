import { EventEmitter } from 'node:events';

type Handler = (event: unknown, ...values: unknown[]) => unknown;

class IpcMain extends EventEmitter {
  readonly handlers = new Map<string, Handler>();
  handle(channel: string, handler: Handler): void {
    if (this.handlers.has(channel)) throw new Error(`Attempted to register a second handler for '${channel}'`);
    this.handlers.set(channel, handler);
  }
  removeHandler(channel: string): void {
    this.handlers.delete(channel);
  }

  /** Runs a handler as Electron does; answers a value, or the sentence in which the page gets the failure. */
  async answer(channel: string, event: unknown, values: unknown[]): Promise<{ value: unknown } | { refused: string }> {
    try {
      const handler = this.handlers.get(channel);
      if (!handler) throw new Error(`No handler registered for '${channel}'`);
      return { value: await handler(event, ...values) };
    } catch (error) {
      const words = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      return { refused: `Error invoking remote method '${channel}': ${words}` };
    }
  }
}

/** `ipcMain` of Electron. */
export const ipcMain = new IpcMain();
