/**
 * What the page knows, as classes fed by the services' events: snapshot first, then events. Made once in main.ts and
 * handed down through context; nothing here lives at module level.
 */
import type { EngineState } from '../../electron/contract/chat.ts';
import type { AppInfo, Backend, BackendEvent } from '../../electron/contract/ipc.ts';
import type { Action, Problem } from '../../electron/contract/problem.ts';
import { assertNever } from '../../electron/contract/result.ts';
import { type Outcome, perform } from './actions.ts';
import { Chats } from './chats.svelte.ts';
import { Drafts } from './drafts.svelte.ts';
import { Clock } from './clock.svelte.ts';
import { Devices } from './devices.svelte.ts';
import { Journeys } from './journeys.svelte.ts';
import { LocalServer } from './localServer.svelte.ts';
import { Models } from './models.svelte.ts';
import { Pages } from './pages.svelte.ts';
import { Router } from './router.svelte.ts';
import { SignIn } from './signIn.svelte.ts';
import { Storage } from './storage.svelte.ts';
import { Access } from './access.svelte.ts';
import { ThemeChoice } from './theme.svelte.ts';
import { Thread } from './thread.svelte.ts';
import { byUse } from './tree.ts';
import { Updates } from './updates.svelte.ts';
import { Wishes } from './wishes.svelte.ts';

export class AppState {
  #info = $state.raw<AppInfo>();
  #engine = $state.raw<EngineState>({ kind: 'stopped' });
  #problem = $state.raw<Problem>();
  #announcement = $state('');
  readonly clock: Clock;
  readonly router: Router;
  readonly theme: ThemeChoice;
  readonly signIn: SignIn;
  readonly access: Access;
  readonly journeys: Journeys;
  readonly models: Models;
  readonly storage: Storage;
  readonly chats: Chats;
  readonly thread: Thread;
  readonly drafts = new Drafts();
  readonly pages: Pages;
  readonly updates: Updates;
  readonly localServer: LocalServer;
  readonly devices: Devices;
  readonly wishes: Wishes;
  readonly #backend: Backend;
  readonly #page: Window;

  constructor(backend: Backend, page: Window, clock: Clock = new Clock()) {
    this.#backend = backend;
    this.#page = page;
    this.clock = clock;
    this.router = new Router(page.sessionStorage);
    this.theme = new ThemeChoice(page);
    this.signIn = new SignIn(backend);
    this.access = new Access(backend, page);
    this.journeys = new Journeys(backend);
    this.models = new Models(backend);
    this.storage = new Storage(backend);
    this.chats = new Chats(backend);
    this.thread = new Thread(backend);
    this.pages = new Pages(backend);
    this.updates = new Updates(backend);
    this.localServer = new LocalServer(backend);
    this.devices = new Devices(backend);
    this.wishes = new Wishes(backend, this);
  }

  /** Undefined until the first snapshot arrived. */
  get info(): AppInfo | undefined {
    return this.#info;
  }
  get engine(): EngineState {
    return this.#engine;
  }
  /** Why the page has nothing to show at all. */
  get problem(): Problem | undefined {
    return this.#problem;
  }
  /** What a screen reader says next. */
  get announcement(): string {
    return this.#announcement;
  }

  /** Listens first, then asks, so that nothing falls in between. Returns its own undo. */
  start(): () => void {
    const stop = this.#backend.subscribe((event) => this.apply(event));
    void this.load()
      .then(() => this.#comeBack())
      .then(() => this.#takeWishes());
    return stop;
  }

  /** Asks for everything; at the start, and whenever events may have been lost. */
  async load(): Promise<void> {
    const info = await this.#backend.request('app.info', undefined);
    if (!info.ok) {
      this.#problem = info.problem;
      return;
    }
    const engine = this.#backend.request('engine.get', undefined);
    await Promise.all([
      this.signIn.load(),
      this.journeys.load(),
      this.models.load(),
      this.chats.load(),
      this.localServer.load(),
      this.devices.load(),
      this.access.standIns.load(),
    ]);
    const state = await engine;
    if (state.ok) this.#engine = state.value;
    this.storage.refresh();
    const switched = this.#info !== undefined && this.#info.practice !== info.value.practice;
    const open = this.thread.chat?.id;
    if (open !== undefined && !switched) await this.thread.open(open);
    this.#problem = undefined;
    this.#know(info.value);
    if (switched) this.goHome();
  }

  /** Before the first snapshot there is no page to go to: what is asked for waits where it is. */
  #takeWishes(): void {
    if (this.#info) void this.wishes.take();
  }

  #know(info: AppInfo): void {
    this.#info = info;
    this.theme.follow(info.accent);
  }

  /** After a reload: where the person was, if that still exists. */
  #comeBack(): void {
    const view = this.router.remembered();
    if (view?.name === 'chat' && view.chatId !== undefined && this.chats.all.some(({ id }) => id === view.chatId))
      this.openChat(view.chatId);
    else if (view?.name === 'journey' && view.repo !== undefined && this.journeys.find(view.repo)) this.router.go(view);
    else if (view && view.name !== 'chat' && view.name !== 'journey') this.router.go(view);
    else this.goHome();
  }

  /** The most useful place: an unfinished journey, else a new chat, else the choice of a model. */
  goHome(): void {
    const [unfinished] = this.journeys.unfinished;
    const [model] = this.models.installed;
    if (model) this.newChat(model.id);
    else this.router.go(unfinished ? { name: 'journey', repo: unfinished.repo } : { name: 'journey' });
  }

  /** With the model asked for, else the one in use here, else the one used last. */
  newChat(modelId?: string): void {
    const here = this.router.view;
    const open = this.thread.chat?.modelId ?? (here.name === 'chat' ? here.modelId : undefined);
    const wanted = [modelId, open, ...byUse(this.chats.all).map((chat) => chat.modelId), this.models.installed[0]?.id];
    const id = wanted.find((one) => one !== undefined && this.models.find(one) !== undefined);
    this.thread.close();
    this.router.go(id === undefined ? { name: 'chat' } : { name: 'chat', modelId: id });
  }

  openChat(chatId: string): void {
    this.chats.forgetRemoved();
    this.router.go({ name: 'chat', chatId });
    if (this.thread.chat?.id !== chatId) void this.thread.open(chatId);
  }

  /** Starts the journey of a model and shows it; a failure to start shows in the place that asked. */
  async setUp(repo: string): Promise<boolean> {
    const chosen = await this.journeys.choose(repo);
    if (chosen) this.router.go({ name: 'journey', repo });
    return chosen;
  }

  async setTray(on: boolean): Promise<void> {
    await this.#backend.request('app.setTray', { on });
  }

  /** Bytes per second for all downloads together; null = no limit. What came of it arrives as an event. */
  async setDownloadLimit(bytesPerSecond: number | null): Promise<void> {
    await this.#backend.request('app.setDownloadLimit', { bytesPerSecond });
  }

  async showFolder(folder: 'data' | 'models' | 'cache'): Promise<void> {
    await this.#backend.request('app.showFolder', { folder });
  }

  /** Token, settings and journeys go; models and chats stay. The page asks for everything again. */
  async reset(): Promise<Problem | undefined> {
    const answer = await this.#backend.request('app.reset', undefined);
    await this.load();
    return answer.ok ? undefined : answer.problem;
  }

  async setOffline(on: boolean): Promise<void> {
    const answer = await this.#backend.request('app.setOffline', { on });
    if (answer.ok && this.#info) this.#info = { ...this.#info, offline: on };
  }

  async setPractice(on: boolean): Promise<void> {
    await this.#backend.request('app.setPractice', { on });
  }

  /** Does what a problem's button says. */
  perform(action: Action): Promise<Outcome> {
    return perform(this, this.#backend, action);
  }

  async copyReport(): Promise<boolean> {
    const report = await this.#backend.request('report.copy', undefined);
    return report.ok && (await this.copy(report.value.text));
  }

  /** False when the browser refuses the clipboard. */
  async copy(text: string): Promise<boolean> {
    try {
      await this.#page.navigator.clipboard.writeText(text);
      return true;
    } catch {
      return false;
    }
  }

  announce(text: string): void {
    this.#announcement = text;
  }

  apply(event: BackendEvent): void {
    switch (event.type) {
      case 'app.restarted':
        return void this.load();
      case 'app.changed':
        this.signIn.mirrorIs(event.info.mirror?.token);
        this.#know(event.info);
        return;
      case 'app.wished':
        return this.#takeWishes();
      case 'update.changed':
        return this.updates.apply(event.update);
      case 'signIn.changed':
        this.pages.forget('device-sign-in'); // each code has an address of its own
        return this.signIn.apply(event.signIn);
      case 'tokens.changed':
        return this.access.tokens.apply(event.findings);
      case 'setup.changed':
        return this.journeys.apply(event.setup);
      case 'setup.removed':
        return this.journeys.drop(event.repo);
      case 'standIns.changed':
        return this.access.handOver(event.standIns, this.thread);
      case 'licence.changed':
        return this.access.receipts.apply(event.receipt);
      case 'models.changed':
        this.models.apply(event.models);
        return this.storage.refresh();
      case 'storage.worked':
        return this.storage.apply(event.work);
      case 'chats.changed':
        return this.chats.apply(event.chats);
      case 'engine.changed':
        this.#engine = event.engine;
        return;
      case 'localServer.changed':
        return this.localServer.apply(event.localServer);
      case 'devices.changed':
        return this.devices.apply(event.devices);
      case 'generation.delta':
        return this.thread.applyDelta(event.chatId, event.messageId, { index: event.index, text: event.text });
      case 'generation.finished':
        return this.thread.applyFinished(event.chatId, event.message);
      default:
        return assertNever(event);
    }
  }
}
