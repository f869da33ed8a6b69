/** One engine in a process of its own, asked over messages: engines alternate in one run and never share memory. */
import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { childEnvironment } from '../../../electron/hosts/childEnvironment.ts';

export interface Written {
  readonly firstTokenSeconds: number;
  readonly tokensPerSecond: number; // after the first
}

/** What the bench asks of every engine. The cache of the last prompt stays, as it does in a chat. */
export interface Engine {
  /** Continues `prompt` greedily by `count` tokens, computing only what the last prompt did not share. */
  write(prompt: readonly number[], count: number): Promise<Written>;
  /** Empties the cache. */
  forget(): Promise<void>;
}

export type EngineName = 'ours' | 'llama' | 'transformers';

export interface EngineJob {
  readonly engine: EngineName;
  readonly model: string; // our folder, or a GGUF file
  readonly library?: string; // folder of the other engine's package
  readonly threads: number;
  readonly context: number; // tokens of room
  readonly dtype: string;
}

export type Question =
  | { readonly ask: 'load' }
  | { readonly ask: 'write'; readonly prompt: readonly number[]; readonly count: number }
  | { readonly ask: 'forget' }
  | { readonly ask: 'memory' };

/** Answers to `load` are seconds, to `memory` bytes of the highest resident size so far. */
export type Answer = Written | number | { readonly failed: string } | undefined;

/** Highest resident size of a process, in bytes. */
export function peakMemory(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  const kilobytes = /^VmHWM:\s*(\d+) kB/mu.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}

/** The parent's end of an engine process. */
export class RemoteEngine implements Engine {
  readonly #child: ChildProcess;

  constructor(job: EngineJob) {
    // Ours runs as the product starts it, the others as their packages are started.
    const env = job.engine === 'ours' ? childEnvironment(process.env) : process.env;
    this.#child = fork(join(import.meta.dirname, 'engineChild.ts'), [JSON.stringify(job)], { env });
  }

  async load(): Promise<number> {
    return (await this.#ask({ ask: 'load' })) as number;
  }

  async write(prompt: readonly number[], count: number): Promise<Written> {
    return (await this.#ask({ ask: 'write', prompt, count })) as Written;
  }

  async forget(): Promise<void> {
    await this.#ask({ ask: 'forget' });
  }

  async memory(): Promise<number> {
    return (await this.#ask({ ask: 'memory' })) as number;
  }

  close(): void {
    this.#child.kill('SIGKILL');
  }

  #ask(question: Question): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const ended = (code: number | null): void => reject(new Error(`an engine ended with code ${code}`));
      this.#child.once('exit', ended);
      this.#child.once('message', (answer: { readonly value?: Answer }) => {
        this.#child.off('exit', ended);
        const { value } = answer;
        if (typeof value === 'object' && 'failed' in value) reject(new Error(value.failed));
        else resolve(value);
      });
      this.#child.send(question);
    });
  }
}
