/** Memory that a process of Node really holds: what its garbage collector has not come to yet is not part of it. Linux. */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

interface Tool {
  readonly collect: () => Promise<void>;
  readonly close: () => void;
}

/** Opens the inspector of a running process, as `kill -USR1` does, and its end of the line. */
async function inspect(pid: number): Promise<Tool> {
  process.kill(pid, 'SIGUSR1');
  let address: string | undefined;
  for (let attempt = 0; address === undefined; attempt += 1) {
    if (attempt > 100) throw new Error(`Process ${pid} does not open its inspector`);
    await pause(50);
    const answer = await fetch('http://127.0.0.1:9229/json/list').catch(() => undefined);
    const targets = (await answer?.json()) as { readonly webSocketDebuggerUrl: string }[];
    address = targets?.[0]?.webSocketDebuggerUrl;
  }
  const socket = new WebSocket(address);
  const opened = Promise.withResolvers<void>();
  socket.onopen = () => opened.resolve();
  socket.onerror = () => opened.reject(new Error(`The inspector of process ${pid} hung up`));
  await opened.promise;
  let next = 0;
  return {
    collect() {
      const id = (next += 1);
      const { promise, resolve } = Promise.withResolvers<void>();
      const hear = ({ data }: MessageEvent): void => {
        if ((JSON.parse(String(data)) as { id?: number }).id !== id) return;
        socket.removeEventListener('message', hear);
        resolve();
      };
      socket.addEventListener('message', hear);
      socket.send(JSON.stringify({ id, method: 'HeapProfiler.collectGarbage' }));
      return promise;
    },
    close: () => socket.close(),
  };
}

/** Answers a function for the anonymous memory of a process in MB, after a collection; another process is connected to anew. */
export function collectedMemory(): (pid: number) => Promise<number> {
  let open: { readonly pid: number; readonly tool: Tool } | undefined;
  return async (pid) => {
    if (open?.pid !== pid) {
      open?.tool.close();
      open = { pid, tool: await inspect(pid) };
    }
    await open.tool.collect();
    return Number(/^RssAnon:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
  };
}
