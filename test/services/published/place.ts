/** Folders as people have them: fetched by other programs, left in a cache, carried on a stick. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InstalledModel } from '../../../electron/contract/model.ts';
import type { Result } from '../../../electron/contract/result.ts';
import { createPublished, type Published } from '../../../electron/services/published/room.ts';
import type { JobContext } from '../../../electron/services/storage/jobs.ts';
import { convertWork } from '../../../electron/workers/convertWork.ts';
import { converterHere, engineHere, practice } from '../setup/prepareRoom.ts';

export const sha256 = (data: Uint8Array | string): string => createHash('sha256').update(data).digest('hex');

/** Everything below a folder that a program could change: bytes, links, times. */
export function stateOf(folder: string): string {
  const lines = readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => {
    const path = join(entry.parentPath, entry.name);
    const facts = statSync(path, { throwIfNoEntry: false });
    const bytes = facts?.isFile() ? sha256(readFileSync(path)) : '';
    return [path, facts?.mtimeMs, facts?.mode, bytes].join(' ');
  });
  return lines.sort().join('\n');
}

/** A computer with a models folder, and beside it whatever was brought. */
export class Place {
  readonly root = mkdtempSync(join(tmpdir(), 'latchkey-brought-'));
  readonly models = join(this.root, 'models');
  readonly engine = engineHere((model) => join(this.models, model.id));
  readonly notes: string[] = [];
  readonly published: Published;
  #count = 0;

  constructor(work: Partial<typeof convertWork> = {}) {
    mkdirSync(this.models);
    this.published = createPublished({
      ports: {
        version: '1.2.3',
        startWorker: () => converterHere({ ...convertWork, ...work }),
        now: Date.now,
        log: () => undefined,
      },
      modelsFolder: () => this.models,
      engine: this.engine,
      devices: { tune: async () => undefined },
    });
  }

  end(): void {
    this.engine.close();
    rmSync(this.root, { recursive: true, force: true });
  }

  /** The official files of the practice model, as `hf download --local-dir` and a USB stick leave them. */
  official(name = 'Keyhole-1-Instruct', source = practice): string {
    const folder = join(this.root, `brought-${++this.#count}`, name);
    cpSync(source, folder, { recursive: true, preserveTimestamps: true });
    mkdirSync(join(folder, '.cache', 'huggingface'), { recursive: true });
    return folder;
  }

  /** The same files as the Hugging Face cache keeps them: blobs, and a snapshot of links. Answers the repository's folder. */
  cached(repo = 'models--acme--Keyhole-1', commit = 'a'.repeat(40), source = practice): string {
    const folder = join(this.root, `cache-${++this.#count}`, repo);
    mkdirSync(join(folder, 'blobs'), { recursive: true });
    mkdirSync(join(folder, 'refs'));
    for (const entry of readdirSync(source, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const from = join(entry.parentPath, entry.name);
      const path = from.slice(source.length + 1);
      const blob = sha256(readFileSync(from));
      cpSync(from, join(folder, 'blobs', blob));
      const link = join(folder, 'snapshots', commit, path);
      mkdirSync(join(link, '..'), { recursive: true });
      symlinkSync(join('../'.repeat(path.split('/').length + 1), 'blobs', blob), link);
    }
    execFileSync('sh', ['-c', `printf ${commit} > "$0"`, join(folder, 'refs', 'main')]);
    return folder;
  }

  async fingerprint(chosen: string): Promise<string> {
    const shown = await this.published.inspect(chosen);
    if (!shown.ok) throw new Error(JSON.stringify(shown.problem));
    return shown.value.fingerprint;
  }

  /** Shows it to nobody and takes it in. */
  async takeIn(chosen: string, more: Partial<JobContext> = {}): Promise<Result<InstalledModel>> {
    const fingerprint = await this.fingerprint(chosen);
    const taken = await this.published.takeIn(chosen, fingerprint, this.job(more));
    return taken.ok ? { ok: true, value: taken.value.model } : taken;
  }

  job(more: Partial<JobContext> = {}): JobContext {
    return {
      signal: new AbortController().signal,
      expect: () => undefined,
      onBytes: () => undefined,
      report: (_progress, note = '') => {
        if (this.notes.at(-1) !== note) this.notes.push(note);
      },
      ...more,
    };
  }
}
