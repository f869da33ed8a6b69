import type { ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { expect, test, vi } from 'vitest';
import { eventStreams } from '../../../electron/hosts/web/eventStreams.ts';

test('a silent stream says every 15 seconds that it is alive, until it is closed', () => {
  vi.useFakeTimers();
  try {
    const sink = Object.assign(new PassThrough(), { writeHead: () => sink });
    const streams = eventStreams();
    streams.add(sink as unknown as ServerResponse, {});
    vi.advanceTimersByTime(31_000);
    expect(String(sink.read())).toBe(':\n\n:\n\n:\n\n');
    streams.close();
    vi.advanceTimersByTime(60_000);
    expect(sink.read()).toBeNull();
  } finally {
    vi.useRealTimers();
  }
});
