import { licence, plan } from './fixtures.ts';
import { base, idle, type Scene, signedIn, withSetup } from './worlds.ts';

const repo = 'onnx-community/Qwen2.5-0.5B-Instruct';
const made = {
  ...plan,
  repo,
  files: [
    { path: 'config.json', bytes: 681, gitSha1: 'a'.repeat(40) },
    { path: 'generation_config.json', bytes: 242, gitSha1: 'b'.repeat(40) },
    { path: 'onnx/model_q4.onnx', bytes: 786_156_820, sha256: 'c'.repeat(64) },
    { path: 'tokenizer.json', bytes: 7_031_673, gitSha1: 'd'.repeat(40) },
    { path: 'tokenizer_config.json', bytes: 7_305, gitSha1: 'e'.repeat(40) },
  ],
  totalBytes: 793_196_721,
  convertedBytes: 793_196_721,
  secondsLeft: 131,
  ready: true,
  architecture: 'Qwen2ForCausalLM',
  parameters: 494_032_768,
} as const;
const open = { ...licence('not-gated'), repo, gate: 'none', licence: 'apache-2.0' } as const;
const journey = { ...base, repo, licence: open, plan: made };
const preparing = (note: 'taking' | 'trying', doneBytes: number, item?: string): Scene => ({
  world: withSetup(signedIn, {
    ...journey,
    step: 'prepare',
    activity: {
      kind: 'working',
      note,
      progress: {
        doneBytes,
        totalBytes: made.totalBytes,
        bytesPerSecond: note === 'taking' ? 480_000_000 : 0,
        ...(item !== undefined && { item }),
      },
    },
  }),
});

/** A repository that was published ready to run, in the layout of transformers.js. */
export const readyScenes: Readonly<Record<string, Scene>> = {
  'ready-made-plan': { world: withSetup(signedIn, { ...journey, step: 'download', activity: idle }) },
  'ready-made-taking': preparing('taking', 310_000_000, 'onnx/model_q4.onnx'),
  'ready-made-trying': preparing('trying', made.totalBytes),
  'ready-made-paused': {
    world: withSetup(signedIn, {
      ...journey,
      step: 'prepare',
      activity: {
        kind: 'paused',
        progress: { doneBytes: 310_000_000, totalBytes: made.totalBytes, bytesPerSecond: 0 },
      },
    }),
  },
};
