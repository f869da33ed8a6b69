/** Journeys whose effects are scripted: what they do and tell is seen without a Hub, a download or a model. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect } from 'vitest';
import type { DownloadPlan, InstalledModel } from '../../../electron/contract/model.ts';
import type { Problem, ProblemCode } from '../../../electron/contract/problem.ts';
import { failed, ok } from '../../../electron/contract/result.ts';
import type { LicenceStatus, SetupState } from '../../../electron/contract/setup.ts';
import { stateFile } from '../../../electron/services/durable/stateFile.ts';
import { announcement } from '../../../electron/services/setup/announce.ts';
import { createJourneys } from '../../../electron/services/setup/journeys.ts';
import { areRecords } from '../../../electron/services/setup/records.ts';
import type { Pace } from '../../../electron/services/setup/nextLook.ts';
import type { CheckFindings, SetupEffects } from '../../../electron/services/setup/runner.ts';

export const repo = 'org/model';
export const licence: LicenceStatus = { repo, state: 'granted', gate: 'manual', licence: 'x', checkedAt: 1 };
const plan: DownloadPlan = {
  repo,
  commit: 'a'.repeat(40),
  files: [{ path: 'model.safetensors', bytes: 10 }],
  totalBytes: 10,
  cachedBytes: 0,
  convertedBytes: 5,
  freeBytes: 100,
  fits: true,
  dtype: 'q4',
  architecture: 'LlamaForCausalLM',
  parameters: 1,
};
const model = { id: 'm', repo, dtype: 'q4' } as InstalledModel;
export const problem = (code: ProblemCode): Problem => ({
  code,
  title: code,
  explanation: '',
  actions: [],
  evidence: [],
});
export const granted: CheckFindings = { licence, plan };
export const neverAsked: CheckFindings = {
  licence: { ...licence, state: 'never-asked' },
  problem: problem('access-never-asked'),
};
export const pending: CheckFindings = { licence: { ...licence, state: 'pending' }, problem: problem('access-pending') };

let folder: string;
/** What journeys remember between two runs is in a folder of its own for each test. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'latchkey-journeys-'));
});

/** Journeys over scripted effects: each kind of work takes its next answer from a list. */
export function world(script: {
  checks?: (CheckFindings | (() => CheckFindings))[];
  found?: boolean;
  complete?: boolean;
  hangs?: boolean;
  /** Preparing lasts until it is stopped, and has its model by then or not. */
  preparing?: 'with the model' | 'without';
  pace?: Partial<Pace>;
}) {
  const seen: string[] = [];
  const checkedAt: number[] = []; // ms since epoch
  const notes: string[] = [];
  const told: string[] = [];
  const network = { off: false };
  const checks = [...(script.checks ?? [])];
  const effects: SetupEffects = {
    async check() {
      seen.push('check');
      checkedAt.push(Date.now());
      const found = checks.shift() ?? granted;
      return typeof found === 'function' ? found() : found;
    },
    async download(_plan, { signal, report }) {
      seen.push('download');
      report({ doneBytes: 4, totalBytes: 10, bytesPerSecond: 2 });
      if (script.hangs) {
        await new Promise((resolve) => {
          signal.addEventListener('abort', resolve);
        });
        seen.push('stopped');
      }
      return ok(undefined);
    },
    async prepare(_plan, _licence, { signal }) {
      seen.push('prepare');
      if (script.preparing) {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        seen.push('stopped');
      }
      return script.preparing === 'without' ? failed(problem('cancelled')) : ok(model);
    },
  };
  const journeys = createJourneys({
    records: stateFile({
      path: join(folder, 'journeys.json'),
      version: 1,
      check: areRecords,
      onDamage: () => undefined,
    }),
    effects,
    findModel: async () => (script.found ? model : undefined),
    isComplete: async () => script.complete ?? false,
    pace: { firstSeconds: 0.02, laterSeconds: 0.02, retrySeconds: 0.02, ...script.pace },
    isOffline: () => network.off,
    now: Date.now,
    onChange(state: SetupState, previous: SetupState) {
      told.push(`${state.step}/${state.activity.kind}`);
      const note = announcement(state, previous);
      if (note) notes.push(note.title);
    },
    onRemove: (gone) => seen.push(`removed ${gone}`),
    onReplace: (gone) => seen.push(`replaced ${gone}`),
    log: () => undefined,
  });
  const at = (): string => {
    const state = journeys.list()[0];
    return state ? `${state.step}/${state.activity.kind}` : 'none';
  };
  const reach = (place: string) => expect.poll(at).toBe(place);
  return { journeys, seen, checkedAt, notes, told, reach, network };
}
