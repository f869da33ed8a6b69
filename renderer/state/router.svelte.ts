/** What the middle of the window shows. A journey without a repo is the choice of a model; a chat without an id is new. */
export type View =
  | { readonly name: 'journey'; readonly repo?: string }
  | { readonly name: 'chat'; readonly chatId?: string; readonly modelId?: string }
  | { readonly name: 'models' }
  | { readonly name: 'access' }
  | { readonly name: 'storage' }
  | { readonly name: 'settings' };

/** Where the person is. Kept in memory only: the address bar of the web host stays clean. */
export class Router {
  view = $state.raw<View>({ name: 'journey' });
  /** Counts requests to put the cursor into the token field; the field watches it. */
  tokenCalls = $state(0);
  navigationOpen = $state(false);

  go(view: View): void {
    this.view = view;
    this.navigationOpen = false;
  }

  callTokenField(): void {
    this.tokenCalls += 1;
  }
}
