import type { Activity, SetupState } from '../../electron/contract/setup.ts';
import { describe } from '../../electron/services/hub/words.ts';
import type { AppState } from '../../renderer/state/app.svelte.ts';
import type { World } from './backend.ts';
import { ada, chat, chats, info, installed, licence, llama, now, plan, small, smol, suggested } from './fixtures.ts';

export interface Scene {
  readonly world: World;
  readonly show?: (app: AppState) => void | Promise<void>;
}

export const empty: World = {
  info,
  signIn: { vault: 'empty' },
  setups: [],
  installed: [],
  suggested,
  chats: [],
  engine: { kind: 'stopped' },
  tokens: { found: [], conflicts: [], lookedAt: now, looked: true, shell: 'none', askedGit: false },
  family: { members: [] },
  storage: {
    modelsFolder: '/home/ada/.local/share/Latchkey/models',
    cacheFolder: '/home/ada/.cache/huggingface/hub',
    modelsReachable: true,
    modelsBytes: 1_378_000_000,
    cacheBytes: 2_751_000_000,
    partialBytes: 412_000_000,
    freeBytes: 84_000_000_000,
    cached: [
      { repo: llama, bytes: 2_480_787_155, ownBytes: 2_480_787_155, partialBytes: 0, inUse: false },
      { repo: smol, bytes: 269_060_552, ownBytes: 0, partialBytes: 412_000_000, inUse: false },
      { repo: 'gpt2', bytes: 1_152_293, ownBytes: 310_000, partialBytes: 0, inUse: false },
    ],
    leftoverBytes: 412_000_000,
    data: { folder: '/home/ada/.local/share/Latchkey', bytes: 48_600_000 },
  },
};
export const signedIn: World = { ...empty, signIn: { vault: 'ready', account: ada } };
export const base = { repo: llama, dtype: 'q4', addedAt: now - 600_000, autoStart: true } as const;
export const idle: Activity = { kind: 'idle' };
export const withSetup = (world: World, setup: SetupState): World => ({ ...world, setups: [setup] });
export const access = (activity: Activity, state: Parameters<typeof licence>[0], more = {}): World =>
  withSetup(signedIn, { ...base, step: 'access', activity, licence: licence(state, more), plan });
/** The licence was never asked for, and the Hub said so. */
export const neverAsked = (more = {}): World =>
  access(
    {
      kind: 'blocked',
      problem: describe('access-never-asked', { repo: llama, account: 'ada' }, [
        { status: 403, errorCode: 'GatedRepo', host: 'huggingface.co', at: now },
      ]),
    },
    'never-asked',
    more,
  );
export const download = (activity: Activity, change: Partial<typeof plan> = {}): World =>
  withSetup(signedIn, {
    ...base,
    step: 'download',
    activity,
    licence: licence('granted'),
    plan: { ...plan, ...change },
  });
/** A 1B model on a computer with 16 GB. */
export const engineReady: Extract<World['engine'], { kind: 'ready' }> = {
  kind: 'ready',
  modelId: installed.id,
  device: 'cpu',
  why: 'only',
  threads: 4,
  contextLength: 32_768,
  contextLimit: 131_072,
  contextBy: 'memory',
  memory: { weights: 1.06e9, cache: 2.1e9, runtime: 250e6, free: 9.4e9 },
  loadSeconds: 2.1,
};
export const chatting: World = {
  ...signedIn,
  setups: [{ ...base, step: 'ready', activity: idle, licence: licence('granted'), model: installed }],
  installed: [installed, small],
  chats: chats.map((one) => ({ ...chat, ...one, messages: one.id === 'c1' ? chat.messages : [] })),
  engine: engineReady,
};
export const withChat = (messages: typeof chat.messages, headId: string): World => ({
  ...chatting,
  chats: [{ ...chat, messages, headId }, ...chatting.chats.slice(1)],
});
export const openChat = (app: AppState): void => app.openChat('c1');
