import { chat, info, installed, message, problem, small } from './fixtures.ts';
import { longChat } from './longChat.ts';
import { chatting, engineReady, openChat, type Scene, withChat } from './worlds.ts';

/** The chat in every state. */
export const chatScenes: Readonly<Record<string, Scene>> = {
  'chat-empty': { world: { ...chatting, chats: [] } },
  'chat-base': {
    world: { ...chatting, installed: [{ ...installed, repo: 'meta-llama/Llama-3.2-1B', instruct: false }], chats: [] },
  },
  'chat-practice': { world: { ...chatting, info: { ...info, practice: true }, installed: [small], chats: [] } },
  'chat-maths': {
    world: withChat(
      [
        message('m1', null, 'user', 'Show me the quadratic formula, an integral and a matrix'),
        message(
          'm2',
          'm1',
          'assistant',
          [
            'For \\(ax^2 + bx + c = 0\\) with \\(a \\neq 0\\):',
            '$$x_{1,2} = \\frac{-b \\pm \\sqrt{b^2 - 4ac}}{2a}$$',
            'An integral whose value is $\\sqrt{\\pi}$, and a sum:',
            '\\[ \\int_{-\\infty}^{\\infty} e^{-x^2}\\,dx = \\sqrt{\\pi}, \\qquad \\sum_{k=1}^{n} k = \\frac{n(n+1)}{2} \\]',
            '\\begin{align}\n\\mathbf{A}\\vec{v} &= \\begin{pmatrix} 2 & 1 \\\\ 0 & 3 \\end{pmatrix} \\begin{pmatrix} x \\\\ y \\end{pmatrix} \\\\\n|x| &= \\begin{cases} x & \\text{if } x \\ge 0 \\\\ -x & \\text{otherwise} \\end{cases}\n\\end{align}',
            'What cannot be set stays as it was written: \\(\\unknowncommand{x}\\). A price of $5 to $7 is no formula.',
          ].join('\n\n'),
          { finishReason: 'stop' },
        ),
      ],
      'm2',
    ),
    show: openChat,
  },
  'chat-words': {
    world: withChat(
      [
        message('m1', null, 'user', `Donaudampfschifffahrtsgesellschaftskapitän${'smütze'.repeat(30)} 👩‍👩‍👧‍👦`),
        message(
          'm2',
          'm1',
          'assistant',
          [
            `A word without an end: ${'pneumonoultramicroscopicsilicovolcanoconiosis'.repeat(4)}.`,
            'أهلاً بك. يفتح **المفتاح** الباب، واسم الملف `config.json`.\n\n1. الخطوة الأولى\n2. الخطوة الثانية',
            '鍵と錠は一つの考えの二つの部分である。𠮷野家で会いましょう。한국어도 됩니다.',
            `https://example.org/${'a-very-long-path/'.repeat(12)}`,
            `| ${'column | '.repeat(14)}\n|${' --- |'.repeat(14)}\n| ${'value | '.repeat(14)}`,
          ].join('\n\n'),
          { finishReason: 'stop' },
        ),
      ],
      'm2',
    ),
    show: openChat,
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

/** Not a screen of its own kind, but more of it than the tests of every screen need to look through. */
export const longScenes: Readonly<Record<string, Scene>> = {
  'chat-long': { world: withChat(longChat(500), 'l499'), show: openChat },
};
