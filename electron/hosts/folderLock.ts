import { createHash } from 'node:crypto';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { removeFileSync } from '../services/durable/files.ts';

/** Proof of being the only Latchkey that writes to a data folder. */
export interface FolderLock {
  release(): Promise<void>;
}

/**
 * A local socket named after the folder: the system frees it when its holder dies, however it dies. Linux has names
 * outside the file system and Windows has pipes; macOS needs a socket file, which may be left behind.
 */
function lockName(folder: string): string {
  // The path of a socket may have no more than 103 bytes on macOS, and its folder there takes 50.
  const whose = `${userInfo().username}\0${resolve(folder)}`;
  const name = `latchkey-${createHash('sha256').update(whose).digest('hex').slice(0, 24)}`;
  if (process.platform === 'linux') return `\0${name}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\${name}`;
  return join(tmpdir(), `${name}.sock`);
}

function listen(name: string, knocked: () => void): Promise<Server | undefined> {
  const { promise, resolve: settle, reject } = Promise.withResolvers<Server | undefined>();
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end();
    knocked();
  });
  server.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRINUSE') settle(undefined);
    else reject(error);
  });
  server.listen(name, () => settle(server));
  return promise;
}

/** Tells the holder that somebody wanted in; answers whether there was a holder at all. */
function knock(name: string): Promise<boolean> {
  const { promise, resolve: settle } = Promise.withResolvers<boolean>();
  const socket = connect(name);
  socket.once('connect', () => {
    socket.end();
    settle(true);
  });
  socket.once('error', () => settle(false));
  return promise;
}

/**
 * Takes the data folder, or answers `undefined` when another Latchkey, on either host, has it; that one hears
 * `onKnock` and can show itself.
 */
export async function lockFolder(
  folder: string,
  { onKnock }: { readonly onKnock: () => void },
): Promise<FolderLock | undefined> {
  const name = lockName(folder);
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const server = await listen(name, onKnock);
    if (server) {
      // The lock alone must not keep the process alive.
      server.unref();
      return { release: () => new Promise((done) => server.close(() => done())) };
    }
    if (await knock(name)) return undefined;
    if (!name.startsWith('\0')) removeFileSync(name);
  }
  return undefined;
}
