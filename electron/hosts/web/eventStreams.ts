import type { ServerResponse } from 'node:http';
import type { BackendEvent } from '../../contract/ipc.ts';

/** Proxies and sleeping laptops cut silent connections; a comment line each 15 s keeps one alive and shows its end. */
const heartbeatMilliseconds = 15_000;
/** A page that reads nothing must not fill memory: it is cut off, reconnects and asks for everything again. */
const mostUnreadBytes = 4_000_000;

/** Every page that listens. */
export interface EventStreams {
  add(response: ServerResponse, headers: Readonly<Record<string, string>>): void;
  send(event: BackendEvent): void;
  close(): void;
}

/** Event streams as in the HTML standard: `data: <json>` and a blank line per event. */
export function eventStreams(): EventStreams {
  const open = new Set<ServerResponse>();
  const write = (text: string): void => {
    for (const response of open) {
      if (response.writableLength > mostUnreadBytes) response.destroy();
      else response.write(text);
    }
  };
  const heartbeat = setInterval(() => write(':\n\n'), heartbeatMilliseconds);
  heartbeat.unref();
  return {
    add(response, headers) {
      response.writeHead(200, { ...headers, 'content-type': 'text/event-stream; charset=utf-8' });
      response.write(':\n\n');
      open.add(response);
      response.once('close', () => open.delete(response));
    },
    send: (event) => write(`data: ${JSON.stringify(event)}\n\n`),
    close() {
      clearInterval(heartbeat);
      for (const response of open) response.end();
    },
  };
}
