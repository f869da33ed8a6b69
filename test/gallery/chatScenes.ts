import { chat, installed, message, problem } from './fixtures.ts';
import { chatting, engineReady, openChat, type Scene, withChat } from './worlds.ts';

/** The chat in every state. */
export const chatScenes: Readonly<Record<string, Scene>> = {
  'chat-empty': { world: { ...chatting, chats: [] } },
  'chat-base': {
    world: { ...chatting, installed: [{ ...installed, repo: 'meta-llama/Llama-3.2-1B', instruct: false }], chats: [] },
  },
  chat: { world: chatting, show: openChat },
  'chat-writing': {
    world: withChat(
      [
        ...chat.messages,
        message('m3', 'm2', 'user', 'And in one sentence?'),
        message(
          'm4',
          'm3',
          'assistant',
          'A gated model opens its files to accounts that agreed to its licence, and `auth-check` tells',
          { state: 'writing' },
        ),
      ],
      'm4',
    ),
    show: openChat,
  },
  'chat-partial': {
    world: withChat(
      [
        message('m1', null, 'user', 'Write about old locks'),
        message('m2', 'm1', 'assistant', 'The oldest known lock was found in', {
          state: 'partial',
          finishReason: 'stopped-by-person',
        }),
        message('m3', 'm2', 'user', 'مرحبا، اكتب جملة واحدة عن المفاتيح 🔑'),
        message('m4', 'm3', 'assistant', 'المفتاح الصغير يفتح الباب الكبير.\n\n鍵は小さく、扉は大きい。', {
          state: 'partial',
          problem: problem(
            'engine-stopped',
            'The model stopped while answering',
            'What it wrote is kept. It starts again with the next question.',
            [{ kind: 'request', request: 'engine.get', label: 'Try again' }],
          ),
        }),
      ],
      'm4',
    ),
    show: openChat,
  },
  'chat-loading': { world: { ...chatting, engine: { kind: 'loading', modelId: installed.id } } },
  'chat-full': {
    world: {
      ...withChat(
        chat.messages.map((one) => (one.stats ? { ...one, stats: { ...one.stats, promptTokens: 7400 } } : one)),
        'm2',
      ),
      engine: { ...engineReady, contextLength: 8192 },
    },
    show: openChat,
  },
  'chat-measuring': {
    world: { ...chatting, engine: { kind: 'loading', modelId: installed.id, measuring: true } },
  },
  'chat-device-lost': {
    world: {
      ...chatting,
      engine: {
        ...engineReady,
        why: 'fallback',
        fallback: { device: 'webgpu', cause: 'Failed to run node MatMulNBits: the device was lost (driver reset)' },
      },
    },
    show: openChat,
  },
};
