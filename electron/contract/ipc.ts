import type { Chat, ChatSummary, EngineState, Message, Sampling } from './chat.ts';
import { flag, matching, nothing, numberIn, oneOf, optional, record, text } from './check.ts';
import type { LicenceReceipt, LicenceText } from './licence.ts';
import type { LocalServerState } from './localServer.ts';
import { deviceRequests, type DevicesState } from './devices.ts';
import { type Dtype, dtypes, type InstalledModel, type SuggestedModel } from './model.ts';
import { mostPasted, type Pasted } from './paste.ts';
import { id, request, type Request } from './request.ts';
import type { PageName } from './problem.ts';
import type { FamilyState } from './family.ts';
import type { Result } from './result.ts';
import type { SetupState, SignInState } from './setup.ts';
import type { StandIns } from './standIn.ts';
import { type UpdateChannel, updateChannels, type UpdateState } from './update.ts';
import { type ChosenFolder, storageRequests, type StorageWork } from './storage.ts';
import type { TokenFindings } from './tokens.ts';

/** owner/name in the Hub's alphabet; both parts start and end with a letter or digit. */
export const repoPattern = /^[A-Za-z0-9](?:[\w.-]{0,94}[A-Za-z0-9])?\/[A-Za-z0-9](?:[\w.-]{0,94}[A-Za-z0-9])?$/;
const repo = matching(repoPattern);
const pages = [
  'licence',
  'model',
  'new-token',
  'tokens',
  'requests',
  'sign-up',
  'status',
  'device-sign-in',
] as const satisfies readonly PageName[];

const downloadLimit = numberIn(10_000, 1e12);

const sampling = record<Sampling>({
  temperature: numberIn(0, 2),
  topP: numberIn(0, 1),
  topK: numberIn(0, 1000),
  minP: numberIn(0, 1),
  repetitionPenalty: numberIn(0.5, 2),
  maxNewTokens: numberIn(1, 131_072),
  seed: optional(numberIn(0, 2 ** 32 - 1)),
});

/** What the host is and can do. The page asks for abilities, never for the host's name. */
export interface AppInfo {
  readonly version: string;
  readonly host: 'desktop' | 'web';
  readonly platform: string;
  readonly practice: boolean;
  /** Where the Hub is: huggingface.co, a mirror, or the practice Hub. */
  readonly hubEndpoint: string;
  /** Set when HF_ENDPOINT names a Hub that somebody else runs: whether it gets the access token. */
  readonly mirror?: { readonly host: string; readonly token: 'unasked' | 'sent' | 'withheld' };
  readonly offline: boolean; // the person's own switch, or their environment's
  /** The environment variable that keeps it offline, whatever the switch says. */
  readonly offlineBy?: string;
  /** Closing the window leaves the app in the system's tray, where the host has one. */
  readonly inTray: boolean;
  /** Bytes per second that all downloads together may take; null = no limit. */
  readonly downloadLimit: number | null;
  /** The person's accent colour in the system's settings, #rrggbb; absent where the host cannot know. */
  readonly accent?: string;
  readonly can: {
    readonly openPages: boolean; // else the page shows the link itself
    readonly notify: boolean;
    readonly showFolders: boolean;
    readonly chooseFolders: boolean; // else the page asks for a path
    readonly dropFolders: boolean; // a folder may be dropped on the window
    readonly stayInTray: boolean;
    readonly signInWithBrowser: boolean; // the app is registered with this Hub
    readonly readClipboard: boolean;
  };
}

/** Something a person asked for outside the page: in the menu, with a `latchkey://model/...` link, with a file or folder. */
export type Wish =
  | { readonly kind: 'new-chat' }
  | { readonly kind: 'settings' }
  | { readonly kind: 'set-up'; readonly repo: string }
  /** A folder that was dropped on the window or opened with Latchkey; a failure says why it cannot be one. */
  | { readonly kind: 'bring'; readonly folder: Result<ChosenFolder> };

/** THE table: every request a page can make. Nothing else crosses the border towards the services. */
export const requests = {
  'app.info': request<undefined, AppInfo>(nothing),
  'app.setPractice': request<{ readonly on: boolean }, undefined>(record({ on: flag })),
  'app.setOffline': request<{ readonly on: boolean }, undefined>(record({ on: flag })),
  'app.setTray': request<{ readonly on: boolean }, undefined>(record({ on: flag })),
  /** Holds at once, also for what is being downloaded. At least 10 kB/s: below that every connection counts as stalled. */
  'app.setDownloadLimit': request<{ readonly bytesPerSecond: number | null }, undefined>(
    record({ bytesPerSecond: (v: unknown): v is number | null => v === null || downloadLimit(v) }),
  ),
  /** The oldest wish that nobody took yet, once. */
  'app.takeWish': request<undefined, { readonly wish?: Wish }>(nothing),
  /** Shows a folder of Latchkey in the system's file manager; only where `can.showFolders`. */
  'app.showFolder': request<{ readonly folder: 'data' | 'models' | 'cache' }, undefined>(
    record({ folder: oneOf(['data', 'models', 'cache']) }),
  ),
  /** As after installation: token, settings and journeys go; models and chats stay. */
  'app.reset': request<undefined, undefined>(nothing),
  'update.get': request<undefined, UpdateState>(nothing),
  /** Without permission no server is asked for updates, ever. */
  'update.allow': request<{ readonly on: boolean }, UpdateState>(record({ on: flag })),
  'update.setChannel': request<{ readonly channel: UpdateChannel }, UpdateState>(
    record({ channel: oneOf(updateChannels) }),
  ),
  'update.check': request<undefined, UpdateState>(nothing),
  'update.download': request<undefined, UpdateState>(nothing),
  /** Ends the app and starts the new one. */
  'update.install': request<undefined, undefined>(nothing),
  'page.open': request<
    { readonly page: PageName; readonly repo?: string | undefined },
    { readonly opened: boolean; readonly url: string }
  >(record({ page: oneOf(pages), repo: optional(repo) })),
  'report.copy': request<undefined, { readonly text: string }>(nothing),

  'signIn.get': request<undefined, SignInState>(nothing),
  /** Begins to sign in through the browser: how it goes comes as `signIn.changed`. */
  'signIn.openBrowser': request<undefined, SignInState>(nothing),
  'signIn.stopBrowser': request<undefined, SignInState>(nothing),
  /** Whether the clipboard holds an access token other than ours, by its last characters; looked at this one time. */
  'accessToken.inClipboard': request<undefined, { readonly ending?: string }>(nothing),
  'accessToken.saveFromClipboard': request<undefined, SignInState>(nothing),
  'accessToken.save': request<{ readonly accessToken: string }, SignInState>(record({ accessToken: text(10_000) })),
  'accessToken.forget': request<undefined, SignInState>(nothing),

  /** Looks for the tokens of other programs; with `askGit` also in git's credential helpers. Asks nobody on the network. */
  'tokens.find': request<{ readonly askGit: boolean }, TokenFindings>(record({ askGit: flag })),
  /** Asks the Hub whose one token is, or every one that was found. */
  'tokens.test': request<{ readonly id?: string | undefined }, TokenFindings>(record({ id: optional(id) })),
  /** Makes a token that was found Latchkey's own. */
  'tokens.import': request<{ readonly id: string }, SignInState>(record({ id })),

  /** Whether the mirror that HF_ENDPOINT names may have the access token. */
  'mirror.decide': request<{ readonly allow: boolean }, AppInfo>(record({ allow: flag })),

  /** What a pasted text is about: a model, and what the text claims is wrong with it. Asks nobody. */
  'paste.read': request<{ readonly text: string }, Pasted>(record({ text: text(mostPasted) })),

  'setup.list': request<undefined, readonly SetupState[]>(nothing),
  'setup.choose': request<{ readonly repo: string; readonly dtype?: Dtype | undefined }, SetupState>(
    record({ repo, dtype: optional(oneOf(dtypes)) }),
  ),
  'setup.check': request<{ readonly repo: string }, SetupState>(record({ repo })),
  'setup.start': request<{ readonly repo: string }, SetupState>(record({ repo })),
  'setup.pause': request<{ readonly repo: string }, SetupState>(record({ repo })),
  'setup.setAutoStart': request<{ readonly repo: string; readonly on: boolean }, SetupState>(
    record({ repo, on: flag }),
  ),
  'setup.remove': request<{ readonly repo: string }, undefined>(record({ repo })),

  /** Open models that are used while others wait, and the chats that were handed over. */
  'standIn.get': request<undefined, StandIns>(nothing),
  /** `standIn` is used while `awaited` is not here; then it takes over the chats that were begun meanwhile. */
  'standIn.begin': request<{ readonly awaited: string; readonly standIn: string }, StandIns>(
    record({ awaited: repo, standIn: repo }),
  ),
  /** Gives a chat back to the model that answered before, or, with `keep`, says no more about the handover. */
  'standIn.settle': request<{ readonly chatId: string; readonly keep: boolean }, StandIns>(
    record({ chatId: id, keep: flag }),
  ),

  /** The other editions of a model, with what is known of each; asks nobody. */
  'family.get': request<{ readonly repo: string }, FamilyState>(record({ repo })),
  /** Asks the Hub about one edition. */
  'family.check': request<{ readonly repo: string; readonly edition: string }, FamilyState>(
    record({ repo, edition: repo }),
  ),

  'licence.read': request<{ readonly repo: string }, LicenceText>(record({ repo })),
  /** What was agreed to for an installed model, from disk. */
  'licence.receipt': request<{ readonly id: string }, LicenceReceipt>(record({ id })),
  /** The same beside what the publisher says today, which the Hub is asked for. */
  'licence.compare': request<{ readonly id: string }, LicenceReceipt>(record({ id })),

  'models.list': request<undefined, readonly InstalledModel[]>(nothing),
  'models.suggested': request<undefined, readonly SuggestedModel[]>(nothing),
  'models.remove': request<{ readonly id: string }, undefined>(record({ id })),
  /** Removes a model whose files changed, and starts its journey anew. */
  'models.repair': request<{ readonly id: string }, SetupState>(record({ id })),
  'models.sanityCheck': request<{ readonly id: string }, InstalledModel>(record({ id })),

  ...storageRequests,

  'chats.list': request<undefined, readonly ChatSummary[]>(nothing),
  'chats.create': request<{ readonly modelId: string }, Chat>(record({ modelId: id })),
  'chats.get': request<{ readonly chatId: string }, Chat>(record({ chatId: id })),
  'chats.search': request<{ readonly words: string }, readonly ChatSummary[]>(record({ words: text(200) })),
  'chats.rename': request<{ readonly chatId: string; readonly title: string }, ChatSummary>(
    record({ chatId: id, title: text(200) }),
  ),
  'chats.configure': request<
    { readonly chatId: string; readonly modelId: string; readonly systemPrompt: string; readonly sampling: Sampling },
    Chat
  >(record({ chatId: id, modelId: id, systemPrompt: text(100_000), sampling })),
  /** Shows another branch: `messageId` becomes part of the visible thread. */
  'chats.select': request<{ readonly chatId: string; readonly messageId: string }, Chat>(
    record({ chatId: id, messageId: id }),
  ),
  /** Removal can be undone until the app closes or 30 days pass. */
  'chats.remove': request<{ readonly chatId: string }, undefined>(record({ chatId: id })),
  'chats.restore': request<{ readonly chatId: string }, ChatSummary>(record({ chatId: id })),
  'chats.export': request<{ readonly chatId: string }, { readonly fileName: string; readonly text: string }>(
    record({ chatId: id }),
  ),

  /** A new question under `parentId` (null = first message). Answers with both new messages. */
  'generation.ask': request<
    { readonly chatId: string; readonly parentId: string | null; readonly text: string },
    { readonly question: Message; readonly answer: Message }
  >(record({ chatId: id, parentId: (v: unknown): v is string | null => v === null || id(v), text: text(1_000_000) })),
  /** Another answer to the same question: a sibling of `messageId`. */
  'generation.again': request<{ readonly chatId: string; readonly messageId: string }, { readonly answer: Message }>(
    record({ chatId: id, messageId: id }),
  ),
  'generation.stop': request<{ readonly messageId: string }, undefined>(record({ messageId: id })),
  'engine.get': request<undefined, EngineState>(nothing),
  /** Lets a model be loaded that does not fit by the estimate, at the person's own risk: with the next question. */
  'engine.permit': request<{ readonly modelId: string }, EngineState>(record({ modelId: id })),

  ...deviceRequests,

  'localServer.get': request<undefined, LocalServerState>(nothing),
  /** `anyPort` looks for a free port and keeps it. */
  'localServer.set': request<{ readonly on: boolean; readonly anyPort?: boolean | undefined }, LocalServerState>(
    record({ on: flag, anyPort: optional(flag) }),
  ),
  /** The only secret a page may ask for: it is made to be copied into other programs and opens nothing else. */
  'localServer.key': request<undefined, { readonly key: string }>(nothing),
  'localServer.renewKey': request<undefined, { readonly key: string }>(nothing),
} as const;

/** Everything the services tell the page by themselves. Snapshot first (a `.get` or `.list`), then these. */
export type BackendEvent =
  /** The services were made anew (practice switched on or off): the page asks for everything again. */
  | { readonly type: 'app.restarted' }
  | { readonly type: 'app.changed'; readonly info: AppInfo }
  /** There is a wish to take. */
  | { readonly type: 'app.wished' }
  /** At most 10 per second while bytes move. */
  | { readonly type: 'update.changed'; readonly update: UpdateState }
  | { readonly type: 'signIn.changed'; readonly signIn: SignInState }
  /** Only after somebody looked: a token was tested, imported or forgotten. */
  | { readonly type: 'tokens.changed'; readonly findings: TokenFindings }
  /** Whole state of one journey; at most 10 per second while bytes move. */
  | { readonly type: 'setup.changed'; readonly setup: SetupState }
  | { readonly type: 'setup.removed'; readonly repo: string }
  | { readonly type: 'standIns.changed'; readonly standIns: StandIns }
  /** The publisher changed the licence of an installed model, which nobody knew of. */
  | { readonly type: 'licence.changed'; readonly receipt: LicenceReceipt }
  | { readonly type: 'models.changed'; readonly models: readonly InstalledModel[] }
  /** At most 10 per second while bytes move. */
  | { readonly type: 'storage.worked'; readonly work: StorageWork }
  | { readonly type: 'chats.changed'; readonly chats: readonly ChatSummary[] }
  | { readonly type: 'engine.changed'; readonly engine: EngineState }
  | { readonly type: 'devices.changed'; readonly devices: DevicesState }
  | { readonly type: 'localServer.changed'; readonly localServer: LocalServerState }
  /** Text to append to a message; `index` counts deltas of that message from 0, a gap means: ask for the chat again. */
  | {
      readonly type: 'generation.delta';
      readonly chatId: string;
      readonly messageId: string;
      readonly index: number;
      readonly text: string;
    }
  | { readonly type: 'generation.finished'; readonly chatId: string; readonly message: Message };

export type RequestName = keyof typeof requests;
export type InputOf<N extends RequestName> = (typeof requests)[N] extends Request<infer I, unknown> ? I : never;
export type OutputOf<N extends RequestName> = (typeof requests)[N] extends { readonly output?: infer O }
  ? Exclude<O, undefined> extends never
    ? undefined
    : Exclude<O, undefined>
  : never;
export type Handlers = {
  readonly [N in RequestName]: (input: InputOf<N>) => Promise<Result<OutputOf<N>>>;
};

/** What a page sees of the services, whichever host carries the words. */
export interface Backend {
  request<N extends RequestName>(name: N, input: InputOf<N>): Promise<Result<OutputOf<N>>>;
  subscribe(listener: (event: BackendEvent) => void): () => void;
}
