import { readFile, rename, writeFile } from 'node:fs/promises';
import type { AccessRequest } from './accessRequests.ts';
import type { StoredToken } from './accounts.ts';

/** What outlives a restart: practice tokens and practice requests, nothing of the person's. */
export interface SavedState {
  readonly tokens: readonly StoredToken[];
  readonly requests: readonly AccessRequest[];
}

export interface StateFile {
  read(): Promise<SavedState>;
  /** Writes soon; calls in a row become one write. */
  save(current: () => SavedState): void;
  /** Waits until everything is written. Rejects when the disk refused. */
  settled(): Promise<void>;
}

const empty: SavedState = { tokens: [], requests: [] };

/** Without a path nothing is kept. A missing or damaged file is an empty one: practice can always begin again. */
export function openStateFile(path: string | undefined): StateFile {
  let writing: Promise<void> = Promise.resolve();
  let waiting: (() => SavedState) | undefined;
  const write = async (): Promise<void> => {
    const current = waiting;
    waiting = undefined;
    if (path === undefined || !current) return;
    const draft = `${path}.new`;
    await writeFile(draft, JSON.stringify(current(), undefined, 2), { mode: 0o600 });
    await rename(draft, path);
  };
  return {
    async read() {
      if (path === undefined) return empty;
      try {
        return checked(JSON.parse(await readFile(path, 'utf8')));
      } catch {
        return empty;
      }
    },
    save(current) {
      const queued = waiting !== undefined;
      waiting = current;
      if (queued) return;
      writing = writing.then(write);
      // Reported by settled(); without this a full disk would end the process.
      writing.catch(() => {});
    },
    settled: () => writing,
  };
}

function checked(value: unknown): SavedState {
  if (typeof value !== 'object' || value === null) return empty;
  const { tokens, requests } = value as { tokens?: unknown; requests?: unknown };
  return {
    tokens: Array.isArray(tokens) ? tokens.filter(isToken) : [],
    requests: Array.isArray(requests) ? requests.filter(isRequest) : [],
  };
}

function isToken(value: unknown): value is StoredToken {
  const { text, account, kind, gated, scopes, refusedBy, createdAt, name } = (value ?? {}) as Record<string, unknown>;
  return (
    [text, account, name].every((one) => typeof one === 'string') &&
    ['read', 'write', 'fineGrained', 'oauth'].includes(String(kind)) &&
    typeof gated === 'boolean' &&
    Array.isArray(scopes) &&
    Array.isArray(refusedBy) &&
    typeof createdAt === 'number'
  );
}

function isRequest(value: unknown): value is AccessRequest {
  const { repo, account, state, at } = (value ?? {}) as Record<string, unknown>;
  const known = ['pending', 'granted', 'rejected', 'reset'].includes(String(state));
  return typeof repo === 'string' && typeof account === 'string' && known && typeof at === 'number';
}
