import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, openFile, publish } from '../services/durable/files.ts';
import type { LogEntry } from '../services/ports.ts';

/** Two files of this size at most: enough for weeks of events, small enough to read in a report. */
const fullBytes = 1_000_000;

/** Access tokens are removed where entries are made; this is the last door and assumes that somebody forgot. */
export function redacted(line: string): string {
  return line.replace(/hf_[\w-]{4,}/g, 'hf_[redacted]').replace(/(bearer\s+)[\w.~+/-]+=*/gi, '$1[redacted]');
}

/** An open log: one JSON line per entry in `<data>/logs`. */
export interface LogFile {
  readonly log: (entry: LogEntry) => void;
  /** Settles when every entry given so far is written. */
  close(): Promise<void>;
}

/** Opens the log of a data folder. Logging never fails the product: entries that cannot be written are dropped. */
export function openLog(data: string, now: () => number): LogFile {
  const path = join(data, 'logs', 'latchkey.jsonl');
  let written: Promise<void> = Promise.resolve();
  const append = async (line: string): Promise<void> => {
    await makeFolder(join(data, 'logs'));
    const bytes = await stat(path).then(
      (found) => found.size,
      () => 0,
    );
    if (bytes > fullBytes) await publish(path, join(data, 'logs', 'latchkey.1.jsonl'));
    const file = await openFile(path);
    try {
      await file.write(Buffer.from(`${line}\n`), bytes > fullBytes ? 0 : bytes);
    } finally {
      await file.close();
    }
  };
  return {
    log(entry) {
      const line = redacted(JSON.stringify({ at: now(), ...entry }));
      written = written.then(() => append(line)).catch(() => undefined);
    },
    close: () => written,
  };
}
