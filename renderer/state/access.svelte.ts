import type { Backend } from '../../electron/contract/ipc.ts';
import { Clipboard } from './clipboard.svelte.ts';
import { Families } from './families.svelte.ts';
import { Tokens } from './tokens.svelte.ts';

/** What the access page knows beyond the journeys. */
export class Access {
  readonly tokens: Tokens;
  readonly clipboard: Clipboard;
  readonly families: Families;

  constructor(backend: Backend, page: Window) {
    this.tokens = new Tokens(backend);
    this.clipboard = new Clipboard(backend, page);
    this.families = new Families(backend);
  }
}
