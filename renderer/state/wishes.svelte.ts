import type { Backend } from '../../electron/contract/ipc.ts';
import { assertNever } from '../../electron/contract/result.ts';
import type { Journeys } from './journeys.svelte.ts';
import type { Router } from './router.svelte.ts';
import type { Storage } from './storage.svelte.ts';

/** Where a wish can lead. */
interface Places {
  readonly router: Router;
  readonly journeys: Journeys;
  readonly storage: Storage;
  newChat(): void;
  setUp(repo: string): Promise<boolean>;
}

/** What was asked for outside the page: in the menu, by a link, with a folder or a file. */
export class Wishes {
  #asked = $state<string>();
  readonly #backend: Backend;
  readonly #places: Places;

  constructor(backend: Backend, places: Places) {
    this.#backend = backend;
    this.#places = places;
  }

  /** A model that a link asks for; the person has not decided yet. */
  get asked(): string | undefined {
    return this.#asked;
  }

  /** What the person says to it. */
  async decide(agreed: boolean): Promise<void> {
    const repo = this.#asked;
    this.#asked = undefined;
    if (agreed && repo !== undefined) await this.#places.setUp(repo);
  }

  /** Takes all that wait, in order. */
  async take(): Promise<void> {
    const { router, journeys, storage } = this.#places;
    for (;;) {
      const answer = await this.#backend.request('app.takeWish', undefined);
      const wish = answer.ok ? answer.value.wish : undefined;
      switch (wish?.kind) {
        case undefined:
          return;
        case 'new-chat':
          this.#places.newChat();
          break;
        case 'settings':
          router.go({ name: 'settings' });
          break;
        case 'set-up':
          if (journeys.find(wish.repo)) router.go({ name: 'journey', repo: wish.repo });
          else this.#asked = wish.repo;
          break;
        case 'bring':
          // Looked into, and shown before anything is taken from it.
          router.go({ name: 'storage' });
          void storage.bring(wish.folder);
          break;
        default:
          assertNever(wish);
      }
    }
  }
}
