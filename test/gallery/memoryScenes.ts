import { contextTooLong, notEnoughMemory } from '../../electron/services/inference/explainMemory.ts';
import { installed, licence, message, plan } from './fixtures.ts';
import { base, chatting, engineReady, openChat, type Scene, signedIn, withChat, withSetup } from './worlds.ts';

const named = { modelId: installed.id, repo: installed.repo } as const;
const tooLarge = notEnoughMemory(
  { cause: '6410000000 bytes for weights, 268435456 for 2048 tokens of context, 250000000 for the runtime' },
  { needed: 6.93e9, free: 4.1e9, present: 8.2e9, named: { ...named, smaller: 'q4' } },
);

const refused = (problem: typeof tooLarge): Scene => ({
  world: {
    ...withChat(
      [
        message('m1', null, 'user', 'What is a gated model?'),
        message('m2', 'm1', 'assistant', '', { state: 'partial', finishReason: 'failed', problem }),
      ],
      'm2',
    ),
    engine: { kind: 'failed', modelId: installed.id, problem },
  },
  show: openChat,
});

const atOwnRisk = {
  ...engineReady,
  contextLength: 2048,
  memory: { weights: 6.41e9, cache: 268e6, runtime: 250e6, free: 4.1e9 },
  atOwnRisk: true,
} as const;

/** A journey whose model is made and does not fit. */
const unproved: Scene = {
  world: withSetup(signedIn, {
    ...base,
    step: 'prepare',
    licence: licence('granted'),
    plan,
    activity: { kind: 'blocked', problem: tooLarge },
  }),
};

/** A model that does not fit into the memory: refused, with what can be done, and loaded at the person's own risk. */
export const memoryScenes: Readonly<Record<string, Scene>> = {
  'chat-memory': refused(tooLarge),
  'prepare-memory': unproved,
  'chat-context': refused(contextTooLong({ wish: 65_536, room: 41_300, free: 4.1e9, named })),
  'chat-own-risk': {
    world: {
      ...chatting,
      engine: atOwnRisk,
    },
    show: openChat,
  },
  'models-own-risk': {
    world: {
      ...chatting,
      engine: { ...atOwnRisk, generic: true },
    },
    show: (app) => app.router.go({ name: 'models' }),
  },
};
