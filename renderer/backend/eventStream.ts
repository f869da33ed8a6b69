import type { BackendEvent } from '../../electron/contract/ipc.ts';

function isEvent(value: unknown): value is BackendEvent {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/**
 * Reads text/event-stream (HTML standard, 9.2.6) from a body: yields each `data:` block that holds one of our events.
 * Comments, ids and names are skipped; an unfinished block at the end is dropped, as the standard says.
 */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<BackendEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  let data: string[] = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += decoder.decode(value, { stream: true });
      const lines = rest.split(/\r?\n/);
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line.startsWith('data:')) data.push(line.slice(line[5] === ' ' ? 6 : 5));
        else if (line === '' && data.length > 0) {
          const block = data.join('\n');
          data = [];
          const parsed: unknown = JSON.parse(block);
          if (isEvent(parsed)) yield parsed;
        }
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
