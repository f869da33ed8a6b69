import type { LocalServerState } from '../../contract/localServer.ts';
import { newSecret } from '../bearer.ts';
import type { StateFile } from '../durable/stateFile.ts';
import type { LogEntry } from '../ports.ts';
import type { Lent } from './answer.ts';
import { cannotListen } from './explain.ts';
import { type LocalServer, startLocalServer } from './server.ts';

/**
 * What is remembered. The key stands in a file that only its owner can read (mode 0600), not in the keychain: it opens
 * nothing but this computer's own model to programs which keep it in their own settings as plain text anyway, and the
 * server must start without anybody there to unlock a keychain.
 */
export interface LocalServerNote {
  readonly on: boolean;
  readonly port: number;
  readonly key: string;
}

export function isLocalServerNote(value: unknown): value is LocalServerNote {
  const note = value as Partial<LocalServerNote> | null;
  return (
    typeof note === 'object' &&
    note !== null &&
    typeof note.on === 'boolean' &&
    typeof note.port === 'number' &&
    note.port > 0 &&
    note.port < 65_536 &&
    typeof note.key === 'string' &&
    note.key.length >= 32
  );
}

/** The switch, the key and the server behind them. Off until a person turns it on. */
export interface LocalServerRoom {
  state(): LocalServerState;
  key(): Promise<string>;
  /** `anyPort` takes any free port and keeps it from then on. */
  set(wish: { readonly on: boolean; readonly anyPort?: boolean | undefined }): Promise<LocalServerState>;
  /** Makes a new key; programs with the old one are shut out at once. */
  renewKey(): Promise<string>;
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Fixed, so that an editor set up today finds the server tomorrow; in no list of well-known ports. */
const usualPort = 11_539;

export function createLocalServerRoom(options: {
  readonly note: StateFile<LocalServerNote>;
  readonly lent: Lent;
  readonly onChange: (state: LocalServerState) => void;
  readonly log: (entry: LogEntry) => void;
}): LocalServerRoom {
  let state: LocalServerState = { kind: 'off' };
  let server: LocalServer | undefined;
  let note: LocalServerNote | undefined;
  let last: Promise<unknown> = Promise.resolve();

  const inOrder = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work, work);
    last = mine.catch(() => undefined);
    return mine;
  };
  const read = async (): Promise<LocalServerNote> => {
    note ??= (await options.note.read()) ?? { on: false, port: usualPort, key: newSecret() };
    return note;
  };
  const keep = async (next: LocalServerNote): Promise<void> => {
    note = next;
    await options.note.write(next);
  };
  const become = (next: LocalServerState): void => {
    state = next;
    options.onChange(next);
    options.log({ area: 'local-server', event: next.kind });
  };
  const listen = async (port: number): Promise<void> => {
    try {
      server = await startLocalServer(options.lent, { port, key: () => note?.key ?? newSecret() });
      become({ kind: 'on', port: server.port, address: `http://127.0.0.1:${server.port}/v1` });
    } catch (error) {
      become({ kind: 'failed', problem: cannotListen(error, port) });
    }
  };
  const shut = async (): Promise<void> => {
    await server?.close();
    server = undefined;
  };

  return {
    state: () => state,
    key: () =>
      inOrder(async () => {
        const known = await read();
        await keep(known); // shown means written down: the one in a program's settings must stay right
        return known.key;
      }),
    set: ({ on, anyPort }) =>
      inOrder(async () => {
        const known = await read();
        await shut();
        if (on) await listen(anyPort ? 0 : known.port);
        else become({ kind: 'off' });
        // A wish for a port that is taken today is still a wish: it is tried again at the next start.
        await keep({ ...known, on, port: server?.port ?? known.port });
        return state;
      }),
    renewKey: () =>
      inOrder(async () => {
        await keep({ ...(await read()), key: newSecret() });
        return (await read()).key;
      }),
    start: () =>
      inOrder(async () => {
        const known = await read();
        if (known.on) await listen(known.port);
      }),
    close: () => inOrder(shut),
  };
}
