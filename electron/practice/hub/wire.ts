import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Answer } from './answer.ts';
import type { Fault } from './faults.ts';
import type { Pace } from './practiceHub.ts';

/** What the recorder wants to know while an answer travels. */
export interface Progress {
  begun(status: number): void;
  sent(bytes: number): void;
  finished(): void;
}

export interface Delivery {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly answer: Answer;
  readonly fault?: Fault | undefined;
  readonly pace: Pace;
  readonly progress: Progress;
  /** Ends all waiting when the Hub closes. */
  readonly signal: AbortSignal;
}

/** Puts an answer on the wire, at its pace and with its fault. Never rejects: a client that leaves is no error. */
export async function deliver(delivery: Delivery): Promise<void> {
  const gone = new AbortController();
  delivery.response.once('close', () => {
    gone.abort();
  });
  const signal = AbortSignal.any([delivery.signal, gone.signal]);
  try {
    if (delivery.pace.delayMilliseconds) await delay(delivery.pace.delayMilliseconds, undefined, { signal });
    if (delivery.fault?.do === 'slow-headers') await dripHeaders(delivery, signal);
    else await sendAnswer(delivery, signal);
  } catch (error) {
    // Waiting that was cut short, or a socket that broke: both end this exchange and nothing else.
    if (!signal.aborted && !(error instanceof Error && 'code' in error)) throw error;
    delivery.response.destroy();
  }
}

async function sendAnswer(delivery: Delivery, signal: AbortSignal): Promise<void> {
  const { request, response, answer, fault, progress } = delivery;
  // The response has no socket yet while the one before it on a kept connection is being put away; the request has.
  const { socket } = request;
  const cut = fault?.do === 'reset' || fault?.do === 'fin';
  if (cut && fault.atByte === undefined) {
    breakOff(socket, fault.do);
    return;
  }
  const headers = wireHeaders(answer, fault);
  // Whoever lies about the length cannot keep the connection: the next answer would be read as part of this one.
  if (fault && mustClose(fault)) headers['connection'] = 'close';
  response.writeHead(answer.status, headers);
  progress.begun(answer.status);
  if (request.method !== 'HEAD' && answer.status !== 304) await sendBody(delivery, signal);
  if (cut) {
    // Gives the kernel time to hand over what was written; a reset throws away what has not left yet.
    await delay(25, undefined, { signal });
    breakOff(socket, fault.do);
    return;
  }
  response.end();
  progress.finished();
}

function mustClose(fault: Fault): boolean {
  return ['wrong-length', 'huge-length', 'fin', 'reset'].includes(fault.do);
}

function breakOff(socket: Socket, how: string): void {
  if (how === 'reset') socket.resetAndDestroy();
  else socket.destroySoon();
}

/** The headers as sent: the length belongs to the body, unless a fault says otherwise. */
function wireHeaders(answer: Answer, fault: Fault | undefined): Record<string, string | string[]> {
  const length = answer.body.end - answer.body.start;
  const headers: Record<string, string | string[]> = { ...answer.headers, 'content-length': String(length) };
  switch (fault?.do) {
    case 'wrong-length':
      headers['content-length'] = String(Math.max(0, length + (fault.by ?? 1)));
      break;
    case 'huge-length':
      headers['content-length'] = '9223372036854775808';
      break;
    case 'no-length':
      delete headers['content-length'];
      break;
    case 'header-bomb':
      headers['x-filler'] = Array.from({ length: 2000 }, (_, index) => `${index} ${'x'.repeat(100)}`);
      break;
    default:
  }
  return headers;
}

/** Body bytes in order, as they shall arrive: paced, cut, held up or with one bit turned. */
async function sendBody(delivery: Delivery, signal: AbortSignal): Promise<void> {
  const { answer, fault, pace, progress, response } = delivery;
  const { content, start, end } = answer.body;
  const length = end - start;
  const cutAt = fault?.do === 'reset' || fault?.do === 'fin' ? Math.min(length, fault.atByte ?? 0) : length;
  const flipAt = fault?.do === 'flip' && length > 0 ? Math.min(length - 1, fault.atByte ?? length >> 1) : -1;
  const turnAt = fault?.do === 'stall' || fault?.do === 'drip' ? Math.min(length, fault.atByte ?? 0) : Infinity;
  let meter = createMeter(pace.bytesPerSecond);
  let sent = 0;
  const write = async (bytes: Uint8Array): Promise<void> => {
    sent += bytes.byteLength;
    progress.sent(bytes.byteLength);
    if (!response.write(bytes)) await once(response, 'drain', { signal });
  };
  // Headers go out even when the body waits.
  response.flushHeaders();
  if (turnAt === 0) meter = (await turn(fault, signal)) ?? meter;
  for await (const piece of content.read(start, start + cutAt)) {
    let rest = piece;
    while (rest.byteLength > 0) {
      if (sent === turnAt && turnAt > 0) meter = (await turn(fault, signal)) ?? meter;
      const room = Math.min(meter.sliceBytes, sent < turnAt ? turnAt - sent : Infinity);
      const slice = flipped(rest.subarray(0, room), flipAt - sent);
      rest = rest.subarray(slice.byteLength);
      await write(slice);
      await meter.wait(slice.byteLength, signal);
    }
  }
  // A file that shrank while it was served: without this the client would wait for the rest for ever.
  if (sent < cutAt) response.destroy();
}

/** The moment a stall or a drip begins. A stall with an end goes on at full speed. */
async function turn(fault: Fault | undefined, signal: AbortSignal): Promise<Meter | undefined> {
  if (fault?.do === 'drip') return createMeter(fault.bytesPerSecond ?? 10);
  // Longer than any test or patience; the client or close() ends it.
  await delay(fault?.seconds === undefined ? 2 ** 31 - 1 : fault.seconds * 1000, undefined, { signal });
  return undefined;
}

interface Meter {
  readonly sliceBytes: number;
  wait(bytes: number, signal: AbortSignal): Promise<void>;
}

/** Spreads bytes evenly: slices of a twentieth of a second. */
function createMeter(bytesPerSecond: number | undefined): Meter {
  if (bytesPerSecond === undefined || bytesPerSecond === Infinity)
    return { sliceBytes: Infinity, wait: async () => {} };
  const startedAt = performance.now();
  let total = 0;
  return {
    sliceBytes: Math.max(1, Math.floor(bytesPerSecond / 20)),
    async wait(bytes, signal) {
      total += bytes;
      const due = startedAt + (total / bytesPerSecond) * 1000 - performance.now();
      if (due > 1) await delay(due, undefined, { signal });
    },
  };
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  if (at < 0 || at >= bytes.byteLength) return bytes;
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

/** Headers written by hand, a few bytes at a time; the body follows at once and the connection ends. */
async function dripHeaders({ answer, fault, progress, request }: Delivery, signal: AbortSignal): Promise<void> {
  const { socket } = request;
  const length = String(answer.body.end - answer.body.start);
  const lines = Object.entries({ ...answer.headers, 'content-length': length, connection: 'close' });
  const head = Buffer.from(
    `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? 'Unknown'}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
    'latin1',
  );
  const steps = 20;
  const step = Math.ceil(head.byteLength / steps);
  progress.begun(answer.status);
  for (let at = 0; at < head.byteLength; at += step) {
    socket.write(head.subarray(at, at + step));
    await delay(((fault?.seconds ?? 30) * 1000) / steps, undefined, { signal });
  }
  if (request.method !== 'HEAD') {
    for await (const piece of answer.body.content.read(answer.body.start, answer.body.end)) {
      socket.write(piece);
      progress.sent(piece.byteLength);
    }
  }
  socket.end();
  progress.finished();
}
