/** What the middle of the window shows. A journey without a repo is the choice of a model; a chat without an id is new. */
export type View =
  | { readonly name: 'journey'; readonly repo?: string }
  | { readonly name: 'chat'; readonly chatId?: string; readonly modelId?: string }
  | { readonly name: 'models' }
  | { readonly name: 'access' }
  | { readonly name: 'storage' }
  | { readonly name: 'settings' };

const key = 'latchkey.view';

function isView(value: unknown): value is View {
  return typeof value === 'object' && value !== null && typeof (value as { name?: unknown }).name === 'string';
}

/**
 * Where the person is. The address bar of the web host stays clean; a reload of this very window comes back to the same
 * place through its session storage.
 */
export class Router {
  view = $state.raw<View>({ name: 'journey' });
  /** Counts requests to put the cursor into the token field; the field watches it. */
  tokenCalls = $state(0);
  /** Counts requests to ask for a folder with a model; the storage page answers each once. */
  folderCalls = $state(0);
  #folderAnswers = 0;
  navigationOpen = $state(false);

  readonly #storage: Storage;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  go(view: View): void {
    this.view = view;
    this.navigationOpen = false;
    this.#storage.setItem(key, JSON.stringify(view));
  }

  /** The place before a reload; undefined in a new window. What it names may be gone meanwhile. */
  remembered(): View | undefined {
    try {
      const view: unknown = JSON.parse(this.#storage.getItem(key) ?? 'null');
      return isView(view) ? view : undefined;
    } catch {
      return undefined;
    }
  }

  callTokenField(): void {
    this.tokenCalls += 1;
  }

  callFolder(): void {
    this.go({ name: 'storage' });
    this.folderCalls += 1;
  }
  /** True once after each call. */
  answerFolderCall(): boolean {
    const called = this.folderCalls > this.#folderAnswers;
    this.#folderAnswers = this.folderCalls;
    return called;
  }
}
