import { readPaste } from '../../electron/services/hub/readPaste.ts';
import type { Chat, EngineState, Message } from '../../electron/contract/chat.ts';
import {
  type AppInfo,
  type Backend,
  type BackendEvent,
  type InputOf,
  requests,
  type RequestName,
} from '../../electron/contract/ipc.ts';
import type { InstalledModel, SuggestedModel } from '../../electron/contract/model.ts';
import { failed, ok, type Result } from '../../electron/contract/result.ts';
import type { DevicesState } from '../../electron/contract/devices.ts';
import type { LicenceReceipt } from '../../electron/contract/licence.ts';
import type { LocalServerState } from '../../electron/contract/localServer.ts';
import type { Pasted } from '../../electron/contract/paste.ts';
import type { Problem } from '../../electron/contract/problem.ts';
import type { BroughtModel, StorageState, StorageWork } from '../../electron/contract/storage.ts';
import type { SetupState, SignInState } from '../../electron/contract/setup.ts';
import type { StandIns } from '../../electron/contract/standIn.ts';
import type { UpdateState } from '../../electron/contract/update.ts';
import type { FamilyState } from '../../electron/contract/family.ts';
import type { TokenFindings } from '../../electron/contract/tokens.ts';
import { now, problem } from './fixtures.ts';

/** Everything a scene can set. */
export interface World {
  readonly info: AppInfo;
  readonly signIn: SignInState;
  readonly setups: readonly SetupState[];
  readonly installed: readonly InstalledModel[];
  readonly suggested: readonly SuggestedModel[];
  readonly chats: readonly Chat[];
  readonly engine: EngineState;
  readonly storage: StorageState;
  /** Why nothing else is answered. */
  readonly away?: Problem;
  readonly tokens: TokenFindings;
  readonly family: Omit<FamilyState, 'repo'>;
  readonly localServer?: LocalServerState;
  readonly devices?: DevicesState;
  readonly brought?: BroughtModel;
  /** Why a folder that was brought cannot be taken in. */
  readonly broughtProblem?: Problem;
  /** A reset that is asked for does not end. */
  readonly resetting?: boolean;
  /** The system may have no browser. */
  readonly noBrowser?: boolean;
  readonly tokenProblem?: Problem;
  readonly standIns?: StandIns;
  readonly receipts?: readonly LicenceReceipt[];
  /** What a pasted text turns out to be. */
  readonly pasted?: Pasted;
  /** Last characters of a token in the clipboard. */
  readonly clipboard?: string;
  readonly update?: UpdateState;
}

export interface ScriptedBackend extends Backend {
  readonly log: { readonly name: RequestName; readonly input: unknown }[];
  tell(event: BackendEvent): void;
}

const onlyCpu: DevicesState = {
  choice: 'auto',
  saving: false,
  looking: false,
  devices: [
    { device: 'cpu', finding: { kind: 'works', half: false } },
    { device: 'cuda', finding: { kind: 'untried' } },
    { device: 'dml', finding: { kind: 'absent' } },
    { device: 'coreml', finding: { kind: 'absent' } },
    { device: 'webgpu', finding: { kind: 'untried' } },
  ],
  speeds: [],
  understood: [],
  contexts: [],
};

const noStandIns: StandIns = { waiting: [], handovers: [] };
const noUpdates: UpdateState = { allowed: false, channel: 'latest', activity: { kind: 'idle' } };

/** Answers every request of the table from a fixed world; checks inputs as the real border does. Streams nothing by itself. */
export function scriptedBackend(world: World): ScriptedBackend {
  const listeners = new Set<(event: BackendEvent) => void>();
  const log: { name: RequestName; input: unknown }[] = [];
  const chats = new Map(world.chats.map((chat) => [chat.id, chat]));
  let counter = 0;
  const tell = (event: BackendEvent): void => {
    for (const listener of listeners) listener(event);
  };
  const gone = {
    ok: false,
    problem: problem('not-found', 'This chat is not here any more', 'It may have been removed in another window.'),
  } as const;
  const begin = (facts: Omit<StorageWork, 'state'>): StorageWork => {
    const progress = { doneBytes: 0, totalBytes: 0, bytesPerSecond: 0 };
    const work: StorageWork = { ...facts, state: { kind: 'working', progress } };
    tell({ type: 'storage.worked', work });
    return work;
  };
  const setup = (repo: string): Result<SetupState> => {
    const found = world.setups.find((one) => one.repo === repo);
    return found
      ? ok(found)
      : failed(
          problem(
            'repo-not-found',
            'No model with this name that you can see',
            'It is misspelled, removed or private.',
          ),
        );
  };
  const receiptOf = (id: string): Result<LicenceReceipt> => {
    const receipt = world.receipts?.find(({ modelId }) => modelId === id);
    return receipt ? ok(receipt) : failed(problem('not-found', 'This model is not here any more', 'It was removed.'));
  };
  const put = (chat: Chat): Chat => (chats.set(chat.id, chat), chat);
  const add = (chatId: string, parentId: string | null, role: Message['role'], text: string): Message => {
    const id = `n${(counter += 1)}`;
    const made: Message = {
      id,
      chatId,
      parentId,
      role,
      text,
      createdAt: now,
      state: role === 'user' ? 'complete' : 'writing',
    };
    const chat = chats.get(chatId);
    if (chat) put({ ...chat, headId: id, messages: [...chat.messages, made] });
    return made;
  };

  const answers: { readonly [N in RequestName]: (input: InputOf<N>) => Result<unknown> | Promise<Result<unknown>> } = {
    'app.info': () => (world.away ? failed(world.away) : ok(world.info)),
    'app.setPractice': () => ok(undefined),
    'app.setOffline': () => ok(undefined),
    'mirror.decide': ({ allow }) =>
      ok({ ...world.info, mirror: { host: 'hf-mirror.example', token: allow ? 'sent' : 'withheld' } }),
    'app.setTray': () => ok(undefined),
    'app.setDownloadLimit': () => ok(undefined),
    'app.takeWish': () => ok({}),
    'app.showFolder': () => ok(undefined),
    'app.reset': () => (world.resetting ? new Promise(() => undefined) : ok(undefined)),
    'devices.get': () => ok(world.devices ?? onlyCpu),
    'devices.choose': ({ device }) => ok({ ...(world.devices ?? onlyCpu), choice: device }),
    'devices.setSaving': ({ on }) => ok({ ...(world.devices ?? onlyCpu), saving: on }),
    'devices.understand': (fallback) => ok({ ...(world.devices ?? onlyCpu), understood: [fallback] }),
    'devices.look': () => ok(world.devices ?? onlyCpu),
    'devices.setContext': ({ modelId, tokens }) =>
      ok({ ...(world.devices ?? onlyCpu), contexts: tokens === undefined ? [] : [{ modelId, tokens }] }),
    'update.get': () => ok(world.update ?? noUpdates),
    'update.allow': ({ on }) => ok({ ...(world.update ?? noUpdates), allowed: on }),
    'update.setChannel': ({ channel }) => ok({ ...(world.update ?? noUpdates), channel }),
    'update.check': () => ok(world.update ?? noUpdates),
    'update.download': () => ok(world.update ?? noUpdates),
    'update.install': () => ok(undefined),
    'page.open': ({ page, repo }) =>
      ok({
        opened: world.info.can.openPages && !world.noBrowser,
        url: `https://huggingface.co/${repo ?? `settings/${page}`}`,
      }),
    'report.copy': () => ok({ text: 'Latchkey 0.1.0' }),
    'signIn.get': () => ok(world.signIn),
    'signIn.openBrowser': () => ok(world.signIn),
    'signIn.stopBrowser': () => ok({ ...world.signIn, browser: undefined }),
    'accessToken.inClipboard': () => ok(world.clipboard === undefined ? {} : { ending: world.clipboard }),
    'accessToken.saveFromClipboard': () => ok(world.signIn),
    'accessToken.save': () => (world.tokenProblem ? failed(world.tokenProblem) : ok(world.signIn)),
    'accessToken.forget': () => ok({ vault: 'empty' }),
    'tokens.find': ({ askGit }) => ok({ ...world.tokens, askedGit: askGit }),
    'tokens.test': () => ok(world.tokens),
    'tokens.import': () => ok(world.signIn),
    'paste.read': ({ text }) => ok(world.pasted ?? readPaste(text)),
    'setup.list': () => ok(world.setups),
    'setup.choose': ({ repo }) => setup(repo),
    'setup.check': ({ repo }) => setup(repo),
    'setup.start': ({ repo }) => setup(repo),
    'setup.pause': ({ repo }) => setup(repo),
    'setup.setAutoStart': ({ repo }) => setup(repo),
    'setup.remove': () => ok(undefined),
    'family.get': ({ repo }) => ok({ ...world.family, repo }),
    'family.check': ({ repo }) => ok({ ...world.family, repo }),
    'licence.read': ({ repo }) =>
      ok({
        repo,
        file: 'LICENSE.txt',
        sha256: 'ab12'.repeat(16),
        text: `COMMUNITY LICENCE\n\n${'1. Terms that the authors wrote, shown as they are. '.repeat(60)}`,
      }),
    'standIn.get': () => ok(world.standIns ?? noStandIns),
    'standIn.begin': () => ok(world.standIns ?? noStandIns),
    'standIn.settle': () => ok(noStandIns),
    'licence.receipt': ({ id }) => receiptOf(id),
    'licence.compare': ({ id }) => receiptOf(id),
    'models.list': () => ok(world.installed),
    'models.suggested': () => ok(world.suggested),
    'models.remove': () => ok(undefined),
    'models.repair': () => setup(world.setups[0]?.repo ?? ''),
    'models.sanityCheck': ({ id }) => ok(world.installed.find((model) => model.id === id)),
    'folder.choose': ({ typed }) => ok({ id: 'f1', path: typed ?? '/media/ada/stick', freeBytes: 61_000_000_000 }),
    'storage.get': () => ok(world.storage),
    'storage.removeRepo': ({ repo }) =>
      ok({ ...world.storage, cached: world.storage.cached.filter((one) => one.repo !== repo) }),
    'storage.free': () => ok({ ...world.storage, leftoverBytes: 0 }),
    'storage.verify': ({ id }) => ok(begin({ task: 'verify', modelId: id })),
    'storage.export': ({ id }) => ok(begin({ task: 'export', modelId: id, folder: `/media/ada/stick/${id}` })),
    'storage.inspect': () => (world.brought ? ok(world.brought) : failed(world.broughtProblem ?? gone.problem)),
    'storage.import': () => ok(begin({ task: 'import', folder: '/media/ada/stick' })),
    'storage.move': () => ok(begin({ task: 'move', folder: '/media/ada/big/Latchkey models' })),
    'storage.planMoveAll': () =>
      ok({ to: '/media/ada/big/Latchkey data', modelsBytes: 3_240_000_000, restBytes: 48_600_000, freeBytes: 812e9 }),
    'storage.moveAll': () => ok(begin({ task: 'move-all', folder: '/media/ada/big/Latchkey data' })),
    'storage.stop': () => ok(undefined),
    'data.lookAgain': () => ok(undefined),
    'data.beginEmpty': () => ok(undefined),
    'chats.list': () => ok([...chats.values()]),
    'chats.create': ({ modelId }) =>
      ok(
        put({
          id: `new${(counter += 1)}`,
          title: '',
          modelId,
          createdAt: now,
          updatedAt: now,
          headId: null,
          systemPrompt: '',
          messages: [],
          sampling: { temperature: 0.7, topP: 0.9, topK: 40, minP: 0, repetitionPenalty: 1, maxNewTokens: 512 },
        }),
      ),
    'chats.get': ({ chatId }) => {
      const chat = chats.get(chatId);
      return chat ? ok(chat) : gone;
    },
    'chats.search': ({ words }) =>
      ok([...chats.values()].filter((chat) => chat.title.toLowerCase().includes(words.toLowerCase()))),
    'chats.rename': ({ chatId, title }) => {
      const chat = chats.get(chatId);
      return chat ? ok(put({ ...chat, title })) : gone;
    },
    'chats.configure': ({ chatId, ...change }) => {
      const chat = chats.get(chatId);
      return chat ? ok(put({ ...chat, ...change })) : gone;
    },
    'chats.select': ({ chatId, messageId }) => {
      const chat = chats.get(chatId);
      return chat ? ok(put({ ...chat, headId: messageId })) : gone;
    },
    'chats.remove': () => ok(undefined),
    'chats.restore': ({ chatId }) => {
      const chat = chats.get(chatId);
      return chat ? ok(chat) : gone;
    },
    'chats.export': ({ chatId }) => ok({ fileName: `${chatId}.md`, text: '# Chat' }),
    'generation.ask': ({ chatId, parentId, text }) => {
      const question = add(chatId, parentId, 'user', text);
      return ok({ question, answer: add(chatId, question.id, 'assistant', '') });
    },
    'generation.again': ({ chatId, messageId }) => {
      const parentId = chats.get(chatId)?.messages.find((one) => one.id === messageId)?.parentId ?? null;
      return ok({ answer: add(chatId, parentId, 'assistant', '') });
    },
    'generation.stop': ({ messageId }) => {
      for (const chat of chats.values()) {
        const writing = chat.messages.find((one) => one.id === messageId);
        if (!writing) continue;
        const message: Message = { ...writing, state: 'partial', finishReason: 'stopped-by-person' };
        put({ ...chat, messages: chat.messages.map((one) => (one.id === messageId ? message : one)) });
        tell({ type: 'generation.finished', chatId: chat.id, message });
      }
      return ok(undefined);
    },
    'engine.get': () => ok(world.engine),
    'engine.permit': () => ok({ kind: 'stopped' }),
    'localServer.get': () => ok(world.localServer ?? { kind: 'off' }),
    'localServer.set': ({ on }) =>
      ok(on ? { kind: 'on', port: 11_539, address: 'http://127.0.0.1:11539/v1' } : { kind: 'off' }),
    'localServer.key': () => ok({ key: 'mW3pS0x1vTq8Zr5yKc7uJd2nHb6gLf4eAo9iUw_-QsE' }),
    'localServer.renewKey': () => ok({ key: 'xK9pS0x1vTq8Zr5yKc7uJd2nHb6gLf4eAo9iUw_-QsE' }),
  };

  return {
    log,
    tell,
    async request(name, input) {
      log.push({ name, input });
      if (!requests[name].check(input)) throw new Error(`the page sent a malformed ${name}: ${JSON.stringify(input)}`);
      await Promise.resolve();
      return answers[name](input) as never; // the table above pairs names and outputs
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
