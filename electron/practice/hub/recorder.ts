import type { IncomingMessage } from 'node:http';
import type { RecordedRequest } from './practiceHub.ts';
import type { Progress } from './wire.ts';

export interface Recorder {
  readonly requests: readonly RecordedRequest[];
  readonly authorizationAtCdn: readonly RecordedRequest[];
  /** Notes a request that just came in; what happens next is told to the progress it returns. */
  note(
    request: IncomingMessage,
    port: 'hub' | 'cdn',
  ): { readonly recorded: RecordedRequest; readonly progress: Progress };
  forget(): void;
}

type Growing = { -readonly [Key in keyof RecordedRequest]: RecordedRequest[Key] };

/** Keeps the newest requests with all their headers; leaks to the CDN are kept for good. */
export function createRecorder({ now, keep }: { now: () => number; keep: number }): Recorder {
  const requests: RecordedRequest[] = [];
  const leaks: RecordedRequest[] = [];
  return {
    requests,
    authorizationAtCdn: leaks,
    forget() {
      requests.length = 0;
    },
    note(request, port) {
      const recorded: Growing = {
        time: now(),
        port,
        method: request.method ?? 'GET',
        path: request.url ?? '/',
        headers: flatHeaders(request),
        status: 0,
        bytesSent: 0,
        finished: false,
      };
      requests.push(recorded);
      // Dropping a quarter at a time keeps the cost of each request the same.
      if (requests.length > keep) requests.splice(0, Math.max(1, Math.ceil(keep / 4)));
      if (port === 'cdn' && recorded.headers['authorization'] !== undefined) leaks.push(recorded);
      const progress: Progress = {
        begun(status) {
          recorded.status = status;
        },
        sent(bytes) {
          recorded.bytesSent += bytes;
        },
        finished() {
          recorded.finished = true;
        },
      };
      return { recorded, progress };
    },
  };
}

/** Request headers with lower-case names, repeated ones joined. */
export function flatHeaders(request: IncomingMessage): Readonly<Record<string, string>> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}
