/** Answers what it hears, with what it can see of its surroundings. */
import { getHeapStatistics } from 'node:v8';
import { openPort } from '../../../electron/workers/port.ts';

const port = openPort();
port.onMessage((message) => {
  if (message === 'abort') process.abort();
  if (message === 'reject') return void Promise.reject(new Error('nobody hears this'));
  const heap = Math.round(getHeapStatistics().heap_size_limit / 2 ** 30);
  const seen = Object.keys(process.env).filter((name) => /token|secret|key/i.test(name));
  port.post({ seq: 1, event: { message, seen, heap, telemetry: process.env['ORT_DISABLE_TELEMETRY'] } });
});
