import { connect } from 'node:net';

/** What really came over the wire, before any HTTP client interprets it. */
export interface RawAnswer {
  readonly status: number;
  /** Lower-case names; the last one wins. */
  readonly headers: Readonly<Record<string, string>>;
  readonly headerBytes: number;
  readonly body: Buffer;
  /** How it ended: the server closed, the connection was reset, or nothing came for `patience` ms. */
  readonly end: 'closed' | 'reset' | 'silence';
  /** ms from the request to the end of the headers and to the end. */
  readonly headersAfter: number;
  readonly endedAfter: number;
}

const lookMilliseconds = 50;

/** One GET over a bare socket that asks for the connection to be closed. */
export function rawGet(
  url: string,
  { patience = 20_000, headers = {} }: { patience?: number; headers?: Readonly<Record<string, string>> } = {},
): Promise<RawAnswer> {
  const { hostname, port, pathname, search } = new URL(url);
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    let headersAfter = 0;
    const socket = connect(Number(port), hostname, () => {
      const lines = Object.entries({ host: `${hostname}:${port}`, connection: 'close', ...headers });
      socket.write(
        `GET ${pathname}${search} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
      );
    });
    // Counted in looks, not by the clock: while this process, which is the server as well, stands still, nothing is silent.
    let quietLooks = 0;
    const looking = setInterval(() => {
      quietLooks += 1;
      if (quietLooks * lookMilliseconds >= patience) finish('silence');
    }, lookMilliseconds);
    const finish = (end: RawAnswer['end']): void => {
      clearInterval(looking);
      socket.destroy();
      const all = Buffer.concat(pieces);
      const split = all.indexOf('\r\n\r\n');
      const head = all.subarray(0, Math.max(0, split)).toString('latin1').split('\r\n');
      resolve({
        status: Number(head[0]?.split(' ')[1] ?? 0),
        headers: Object.fromEntries(
          head
            .slice(1)
            .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
        ),
        headerBytes: split,
        body: split < 0 ? Buffer.alloc(0) : all.subarray(split + 4),
        end,
        headersAfter,
        endedAfter: performance.now() - startedAt,
      });
    };
    socket.on('data', (piece) => {
      quietLooks = 0;
      pieces.push(piece);
      if (headersAfter === 0 && Buffer.concat(pieces.slice(-2)).includes('\r\n\r\n'))
        headersAfter = performance.now() - startedAt;
    });
    socket.on('end', () => {
      finish('closed');
    });
    socket.on('error', () => {
      finish('reset');
    });
  });
}
