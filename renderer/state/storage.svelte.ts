import type { Backend, RequestName } from '../../electron/contract/ipc.ts';
import type { Problem } from '../../electron/contract/problem.ts';
import type { Result } from '../../electron/contract/result.ts';
import type {
  BroughtModel,
  ChosenFolder,
  DataMove,
  StorageState,
  StorageWork,
} from '../../electron/contract/storage.ts';

/** The disk as the services measured it, and the one long job on it. */
export class Storage {
  #state = $state.raw<StorageState>();
  #work = $state.raw<StorageWork>();
  #problem = $state.raw<Problem>();
  #brought = $state.raw<{ readonly folder: ChosenFolder; readonly found: BroughtModel }>();
  #moveAll = $state.raw<{ readonly folder: ChosenFolder; readonly plan: DataMove }>();
  #looking = $state(false);
  #busy = $state(false);
  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  get state(): StorageState | undefined {
    return this.#state;
  }
  get work(): StorageWork | undefined {
    return this.#work;
  }
  get isWorking(): boolean {
    return this.#work?.state.kind === 'working';
  }
  get problem(): Problem | undefined {
    return this.#problem;
  }
  /** A model that was brought and looked at, and waits for the person's word. */
  get brought(): BroughtModel | undefined {
    return this.#brought?.found;
  }
  /** A move of everything that waits for the person's word. */
  get moveAllPlan(): DataMove | undefined {
    return this.#moveAll?.plan;
  }
  /** A folder is being looked into, which takes a moment on a slow stick. */
  get looking(): boolean {
    return this.#looking;
  }
  get busy(): boolean {
    return this.#busy;
  }

  async measure(): Promise<void> {
    this.#take(await this.#backend.request('storage.get', undefined));
  }

  /** Measures again only where somebody has looked before: measuring reads every folder. */
  refresh(): void {
    if (this.#state) void this.measure();
  }

  apply(work: StorageWork): void {
    const ended = work.state.kind !== 'working' && this.isWorking;
    this.#work = work;
    if (ended) this.refresh();
  }

  /** Undefined when the person changed their mind, or the folder cannot serve (the problem is shown). */
  async choose(typed?: string): Promise<ChosenFolder | undefined> {
    const answer = await this.#ask(() => this.#backend.request('folder.choose', typed === undefined ? {} : { typed }));
    return answer.ok ? (answer.value ?? undefined) : undefined;
  }

  async removeRepo(repo: string, everything: boolean): Promise<void> {
    this.#take(await this.#ask(() => this.#backend.request('storage.removeRepo', { repo, everything })));
  }
  async free(): Promise<void> {
    this.#take(await this.#ask(() => this.#backend.request('storage.free', undefined)));
  }
  async verify(id: string): Promise<void> {
    await this.#ask(() => this.#backend.request('storage.verify', { id }));
  }
  async exportTo(id: string, folder: ChosenFolder): Promise<void> {
    await this.#ask(() => this.#backend.request('storage.export', { id, folder: folder.id }));
  }
  async move(folder: ChosenFolder): Promise<void> {
    await this.#ask(() => this.#backend.request('storage.move', { folder: folder.id }));
  }
  async planMoveAll(folder: ChosenFolder): Promise<void> {
    const answer = await this.#ask(() => this.#backend.request('storage.planMoveAll', { folder: folder.id }));
    if (answer.ok) this.#moveAll = { folder, plan: answer.value };
  }
  async moveAll(): Promise<void> {
    const folder = this.#moveAll?.folder;
    this.leaveMoveAll();
    if (folder) await this.#ask(() => this.#backend.request('storage.moveAll', { folder: folder.id }));
  }
  leaveMoveAll(): void {
    this.#moveAll = undefined;
  }
  async stop(): Promise<void> {
    await this.#ask(() => this.#backend.request('storage.stop', undefined));
  }

  /** Looks into a folder that was brought; what is in it is then `brought`. */
  async inspect(folder: ChosenFolder): Promise<void> {
    this.#looking = true;
    this.#brought = undefined;
    const answer = await this.#ask(() => this.#backend.request('storage.inspect', { folder: folder.id }));
    this.#looking = false;
    if (answer.ok) this.#brought = { folder, found: answer.value };
  }
  /** A folder that came from outside the page, or why it cannot serve. */
  async bring(folder: Result<ChosenFolder>): Promise<void> {
    if (folder.ok) await this.inspect(folder.value);
    else this.#problem = folder.problem;
  }
  async takeIn(): Promise<void> {
    const brought = this.#brought;
    if (!brought) return;
    this.#brought = undefined;
    const input = { folder: brought.folder.id, fingerprint: brought.found.model.fingerprint };
    await this.#ask(() => this.#backend.request('storage.import', input));
  }
  leaveOut(): void {
    this.#brought = undefined;
  }

  async #ask<T>(request: () => Promise<Result<T>>): Promise<Result<T>> {
    this.#busy = true;
    const answer = await request();
    this.#busy = false;
    this.#problem = answer.ok ? undefined : answer.problem;
    return answer;
  }

  #take(answer: Result<StorageState>): void {
    if (!answer.ok) this.#problem = answer.problem;
    else {
      this.#state = answer.value;
      this.#work = answer.value.work ?? this.#work;
    }
  }
}

/** Names of this room's requests, for whoever performs a problem's action. */
export const changesStorage = (name: RequestName): boolean => name.startsWith('storage.') || name === 'models.repair';
