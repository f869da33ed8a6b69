import type { Backend } from '../../electron/contract/ipc.ts';
import type { Problem } from '../../electron/contract/problem.ts';
import type { Result } from '../../electron/contract/result.ts';
import type { Account, BrowserSignIn, SignInState } from '../../electron/contract/setup.ts';

/** Whose token is stored. The token itself passes through `save` once and is kept nowhere on the page. */
export class SignIn {
  #state = $state.raw<SignInState>({ vault: 'empty' });
  #problem = $state.raw<Problem>();
  #busy = $state(false);
  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  get state(): SignInState {
    return this.#state;
  }
  get account(): Account | undefined {
    return this.#state.account;
  }
  get problem(): Problem | undefined {
    return this.#problem;
  }
  /** The sign-in that goes on in the browser. */
  get browser(): BrowserSignIn | undefined {
    return this.#state.browser;
  }
  get busy(): boolean {
    return this.#busy;
  }

  async load(): Promise<void> {
    const answer = await this.#backend.request('signIn.get', undefined);
    if (answer.ok) this.apply(answer.value);
  }

  apply(state: SignInState): void {
    this.#state = state;
  }

  /** True when the token was accepted or stored. */
  async save(accessToken: string): Promise<boolean> {
    return this.#ask(this.#backend.request('accessToken.save', { accessToken: accessToken.trim() }));
  }

  /** The same for the token on the clipboard, which the page never sees. */
  async saveFromClipboard(): Promise<boolean> {
    return this.#ask(this.#backend.request('accessToken.saveFromClipboard', undefined));
  }

  async forget(): Promise<void> {
    await this.#ask(this.#backend.request('accessToken.forget', undefined));
  }

  async openBrowser(): Promise<void> {
    await this.#ask(this.#backend.request('signIn.openBrowser', undefined));
  }

  async stopBrowser(): Promise<void> {
    await this.#ask(this.#backend.request('signIn.stopBrowser', undefined));
  }

  async #ask(request: Promise<Result<SignInState>>): Promise<boolean> {
    this.#busy = true;
    this.#problem = undefined;
    const answer = await request;
    this.#busy = false;
    if (answer.ok) this.apply(answer.value);
    else this.#problem = answer.problem;
    return answer.ok;
  }
}
