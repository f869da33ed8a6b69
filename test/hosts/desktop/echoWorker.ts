/** Answers what it hears, with what it can see of its surroundings. */
import { openPort } from '../../../electron/workers/port.ts';

const port = openPort();
port.onMessage((message) => {
  if (message === 'abort') process.abort();
  const seen = Object.keys(process.env).filter((name) => /token|secret|key/i.test(name));
  port.post({ seq: 1, event: { message, seen, telemetry: process.env['ORT_DISABLE_TELEMETRY'] } });
});
