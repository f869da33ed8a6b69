import type { Chat, ChatSummary, Message } from '../../electron/contract/chat.ts';
import type { AppInfo } from '../../electron/contract/ipc.ts';
import type { DownloadPlan, InstalledModel, SuggestedModel } from '../../electron/contract/model.ts';
import type { Action, Problem, ProblemCode } from '../../electron/contract/problem.ts';
import type { Account, LicenceStatus } from '../../electron/contract/setup.ts';

/** The gallery's clock stands still. */
export const now = new Date('2026-11-21T14:09:00').getTime();
export const llama = 'meta-llama/Llama-3.2-1B-Instruct';
export const smol = 'HuggingFaceTB/SmolLM2-135M-Instruct';
export const commit = '9213176726f574b556790deb65791e0c5aa438b6';

export const info: AppInfo = {
  version: '0.1.0',
  host: 'desktop',
  platform: 'linux x64',
  practice: false,
  hubEndpoint: 'https://huggingface.co',
  offline: false,
  inTray: false,
  downloadLimit: null,
  can: {
    openPages: true,
    notify: true,
    showFolders: true,
    chooseFolders: true,
    dropFolders: true,
    stayInTray: true,
    signInWithBrowser: false,
    readClipboard: true,
  },
};

export const ada: Account = {
  name: 'ada',
  fullName: 'Ada L.',
  kind: 'read',
  readsGated: true,
  scopes: [],
  ending: '4f2c',
  home: 'keychain',
  checkedAt: now - 120_000,
};

export const suggested: readonly SuggestedModel[] = [
  {
    repo: llama,
    title: 'Llama 3.2 1B Instruct',
    by: 'Meta',
    parameters: '1.2 B',
    downloadBytes: 2_480_000_000,
    gated: true,
    instruct: true,
    licence: 'llama3.2',
    note: 'Small, quick and good at plain questions. The authors approve each account.',
  },
  {
    repo: 'meta-llama/Llama-3.2-1B',
    title: 'Llama 3.2 1B',
    by: 'Meta',
    parameters: '1.2 B',
    downloadBytes: 2_480_000_000,
    gated: true,
    instruct: false,
    licence: 'llama3.2',
    note: 'The base model: it goes on with the text you begin.',
  },
  {
    repo: 'google/gemma-3-1b-it',
    title: 'Gemma 3 1B',
    by: 'Google',
    parameters: '1 B',
    downloadBytes: 2_000_000_000,
    gated: true,
    instruct: true,
    licence: 'gemma',
    note: 'Granted at once after the form.',
  },
  {
    repo: smol,
    title: 'SmolLM2 135M Instruct',
    by: 'Hugging Face',
    parameters: '135 M',
    downloadBytes: 271_000_000,
    gated: false,
    instruct: true,
    licence: 'apache-2.0',
    note: 'Ready in a few minutes, on any computer. For trying things out.',
  },
];

export const plan: DownloadPlan = {
  repo: llama,
  commit,
  files: [
    { path: 'config.json', bytes: 877, gitSha1: 'a'.repeat(40) },
    { path: 'generation_config.json', bytes: 189, gitSha1: 'b'.repeat(40) },
    { path: 'model.safetensors', bytes: 2_471_645_608, sha256: 'c'.repeat(64) },
    { path: 'special_tokens_map.json', bytes: 296, gitSha1: 'd'.repeat(40) },
    { path: 'tokenizer.json', bytes: 9_085_657, gitSha1: 'e'.repeat(40) },
    { path: 'tokenizer_config.json', bytes: 54_528, gitSha1: 'f'.repeat(40) },
  ],
  totalBytes: 2_480_787_155,
  cachedBytes: 0,
  convertedBytes: 1_240_000_000,
  freeBytes: 84_000_000_000,
  fits: true,
  secondsLeft: 410,
  dtype: 'q4',
  architecture: 'LlamaForCausalLM',
  parameters: 1_235_814_400,
};

export function licence(state: LicenceStatus['state'], more: Partial<LicenceStatus> = {}): LicenceStatus {
  return { repo: llama, state, gate: 'manual', licence: 'llama3.2', account: 'ada', checkedAt: now - 120_000, ...more };
}

const sampling = {
  temperature: 0.7,
  topP: 0.9,
  topK: 40,
  minP: 0.05,
  repetitionPenalty: 1.05,
  maxNewTokens: 1024,
} as const;

export const installed: InstalledModel = {
  id: 'meta-llama--Llama-3.2-1B-Instruct--q4',
  repo: llama,
  commit,
  dtype: 'q4',
  bytes: 1_241_000_000,
  installedAt: now - 86_400_000,
  architecture: 'LlamaForCausalLM',
  contextLength: 131_072,
  instruct: true,
  sampling,
  licence: 'llama3.2',
  licenceAccount: 'ada',
  sanity: {
    prompt: 'Hello, I am a software engineer.',
    text: ' I have been working on a project for a while now, and I am looking for some advice.',
    tokens: 20,
    tokensPerSecond: 31.4,
  },
  fidelity: { positions: 8, meanDivergence: 0.01234, worstDivergence: 0.0481, sameChoices: 7 },
};

export const small: InstalledModel = {
  id: 'HuggingFaceTB--SmolLM2-135M-Instruct--q8',
  repo: smol,
  commit,
  dtype: 'q8',
  bytes: 137_000_000,
  installedAt: now - 4 * 86_400_000,
  architecture: 'LlamaForCausalLM',
  contextLength: 8192,
  instruct: true,
  sampling,
  licence: 'apache-2.0',
};

export function problem(
  code: ProblemCode,
  title: string,
  explanation: string,
  actions: readonly Action[] = [],
): Problem {
  return {
    code,
    title,
    explanation,
    actions,
    evidence: [
      {
        request: `GET /api/models/${llama}/auth-check`,
        status: 403,
        errorCode: 'GatedRepo',
        errorMessage: `Access to model ${llama} is restricted and you are not in the authorized list.`,
        requestId: 'Root=1-6740f1b2-3c2a1b9c5d6e7f8091a2b3c4;f0e1d2c3-b4a5-4697-8877-665544332211',
        host: 'huggingface.co',
        account: 'ada',
        at: now - 4000,
      },
    ],
  };
}

const answer = `A **gated** model is one whose authors ask you to agree to a licence first.

1. You sign in and send the form on the model's page.
2. The authors (or a rule of theirs) approve the request.
   - Often at once
   - Sometimes after days
3. From then on, your token opens the files. See [the documentation](https://huggingface.co/docs/hub/models-gated).

| Model | Gate | Usual wait |
| :-- | :-: | --: |
| Llama 3.2 1B | manual | minutes to days |
| Gemma 3 1B | automatic | none |

\`\`\`python
from transformers import AutoTokenizer, AutoModelForCausalLM

def load(repo: str, token: str):
    """Load with the token named, so that no anonymous request is made by accident, even in a long line like this one."""
    return AutoModelForCausalLM.from_pretrained(repo, token=token)
\`\`\`

> The files themselves never pass through us.

The loss is \\(L = -\\sum_i y_i \\log p_i\\).`;

export function message(
  id: string,
  parentId: string | null,
  role: Message['role'],
  text: string,
  more: Partial<Message> = {},
): Message {
  return { id, chatId: 'c1', parentId, role, text, createdAt: now - 60_000, state: 'complete', ...more };
}

const stats = {
  promptTokens: 61,
  reusedTokens: 0,
  newTokens: 212,
  firstTokenSeconds: 0.42,
  tokensPerSecond: 28.6,
  device: 'cpu',
} as const;

export const chats: readonly ChatSummary[] = [
  {
    id: 'c1',
    title: 'What is a gated model?',
    modelId: installed.id,
    createdAt: now - 900_000,
    updatedAt: now - 60_000,
    headId: 'm2',
  },
  {
    id: 'c2',
    title: 'كيف أكتب رسالة مهذبة؟',
    modelId: installed.id,
    createdAt: now - 9_000_000,
    updatedAt: now - 7_200_000,
    headId: null,
  },
  {
    id: 'c3',
    title: 'Donaudampfschifffahrtsgesellschaftskapitänsmütze und andere sehr lange Wörter',
    modelId: installed.id,
    createdAt: now - 200_000_000,
    updatedAt: now - 190_000_000,
    headId: null,
  },
  {
    id: 'c4',
    title: 'Fish 🐟 recipes 漢字',
    modelId: small.id,
    createdAt: now - 400_000_000,
    updatedAt: now - 390_000_000,
    headId: null,
  },
];

export const chat: Chat = {
  ...(chats[0] as ChatSummary),
  systemPrompt: '',
  sampling: { temperature: 0.7, topP: 0.9, topK: 40, minP: 0.05, repetitionPenalty: 1.05, maxNewTokens: 1024 },
  messages: [
    message('m1', null, 'user', 'What is a gated model, and how long does it take to get in?'),
    message('m2b', 'm1', 'assistant', 'It depends.', { finishReason: 'stop' }),
    message('m2', 'm1', 'assistant', answer, { finishReason: 'stop', stats }),
  ],
};

export const longRepo =
  'organisation-with-a-rather-long-name/A-Model-Whose-Name-Fills-All-Ninety-Six-Characters-v2.1-Instruct-GPTQ';
