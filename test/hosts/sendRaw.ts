import { connect } from 'node:net';

/** What came back over the wire. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends bytes as they are, so that no client library corrects what a test wants wrong. Reads until the server closes. */
export function sendBytes(port: number, bytes: string): Promise<RawAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
  const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
  let text = '';
  socket.setTimeout(3000, () => socket.destroy());
  socket.on('data', (data) => (text += data.toString()));
  socket.on('error', reject);
  socket.on('close', () => {
    const [head = '', ...rest] = text.split('\r\n\r\n');
    const [first = '', ...lines] = head.split('\r\n');
    const headers = lines.map((line) => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 2),
    ]);
    const fields = Object.fromEntries(headers) as Record<string, string>;
    resolve({ status: Number(first.split(' ')[1] ?? 0), headers: fields, body: rest.join('\r\n\r\n') });
  });
  return promise;
}

/** One HTTP request with exactly these headers; `connection: close` is added. */
export function sendRaw(
  port: number,
  {
    method,
    target,
    headers,
    body = '',
  }: {
    readonly method: string;
    readonly target: string;
    readonly headers: readonly (readonly [string, string])[];
    readonly body?: string;
  },
): Promise<RawAnswer> {
  const lines = [...headers, ['connection', 'close'], ['content-length', String(Buffer.byteLength(body))]];
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return sendBytes(port, `${method} ${target} HTTP/1.1\r\n${head}\r\n${body}`);
}
