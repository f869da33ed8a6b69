import type { Backend } from '../../electron/contract/ipc.ts';

/** Once a second is soon enough for somebody who comes back from a web page. */
const everyMs = 1000;

/** Whether a token waits on the clipboard. Looked at only while somebody watches, and never read here. */
export class Clipboard {
  #ending = $state<string>();
  readonly #backend: Backend;
  readonly #page: Window;

  constructor(backend: Backend, page: Window) {
    this.#backend = backend;
    this.#page = page;
  }

  /** Last characters of the token. */
  get ending(): string | undefined {
    return this.#ending;
  }

  /** Watches until the answer is called. While the window is hidden nobody looks. */
  watch(): () => void {
    let over = false;
    const look = async (): Promise<void> => {
      if (over || this.#page.document.visibilityState !== 'visible') return;
      const answer = await this.#backend.request('accessToken.inClipboard', undefined);
      if (!over) this.#ending = answer.ok ? answer.value.ending : undefined;
    };
    void look();
    const timer = this.#page.setInterval(() => void look(), everyMs);
    return () => {
      over = true;
      this.#page.clearInterval(timer);
      this.#ending = undefined;
    };
  }
}
