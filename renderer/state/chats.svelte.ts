import type { ChatSummary } from '../../electron/contract/chat.ts';
import type { Backend } from '../../electron/contract/ipc.ts';
import type { Problem } from '../../electron/contract/problem.ts';
import { byUse } from './tree.ts';

/** The list of chats: search, names, removal that can be taken back. */
export class Chats {
  #all = $state.raw<readonly ChatSummary[]>([]);
  #found = $state.raw<readonly ChatSummary[]>();
  #removed = $state.raw<ChatSummary>();
  #problem = $state.raw<Problem>();
  #words = $state('');
  #searches = 0;
  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** What the sidebar shows: everything, or what the search found. Newest first. */
  get shown(): readonly ChatSummary[] {
    return byUse(this.#found ?? this.#all);
  }
  get all(): readonly ChatSummary[] {
    return this.#all;
  }
  get searching(): boolean {
    return this.#found !== undefined;
  }
  get words(): string {
    return this.#words;
  }
  /** The chat removed last, while that can be undone. */
  get removed(): ChatSummary | undefined {
    return this.#removed;
  }
  get problem(): Problem | undefined {
    return this.#problem;
  }

  async load(): Promise<void> {
    const answer = await this.#backend.request('chats.list', undefined);
    if (answer.ok) this.apply(answer.value);
  }

  apply(chats: readonly ChatSummary[]): void {
    this.#all = chats;
    if (this.#found) void this.search(this.#words);
  }

  /** An older answer never replaces a newer one. */
  async search(words: string): Promise<void> {
    this.#words = words.slice(0, 200);
    const turn = (this.#searches += 1);
    if (this.#words.trim() === '') {
      this.#found = undefined;
      return;
    }
    const answer = await this.#backend.request('chats.search', { words: this.#words.trim() });
    if (turn !== this.#searches) return;
    if (answer.ok) this.#found = answer.value;
    else this.#problem = answer.problem;
  }

  async rename(chatId: string, title: string): Promise<void> {
    const name = title.trim().slice(0, 200);
    if (name === '') return;
    const answer = await this.#backend.request('chats.rename', { chatId, title: name });
    if (answer.ok) this.#put(answer.value);
    else this.#problem = answer.problem;
  }

  async remove(chat: ChatSummary): Promise<boolean> {
    const answer = await this.#backend.request('chats.remove', { chatId: chat.id });
    if (!answer.ok) {
      this.#problem = answer.problem;
      return false;
    }
    this.#removed = chat;
    this.apply(this.#all.filter((one) => one.id !== chat.id));
    return true;
  }

  async undoRemove(): Promise<void> {
    const removed = this.#removed;
    if (!removed) return;
    const answer = await this.#backend.request('chats.restore', { chatId: removed.id });
    if (answer.ok) this.#put(answer.value);
    else this.#problem = answer.problem;
    this.#removed = undefined;
  }

  /** The offer to take a removal back goes when the person goes on. */
  forgetRemoved(): void {
    this.#removed = undefined;
  }

  async exported(chatId: string): Promise<{ readonly fileName: string; readonly text: string } | undefined> {
    const answer = await this.#backend.request('chats.export', { chatId });
    if (answer.ok) return answer.value;
    this.#problem = answer.problem;
    return undefined;
  }

  #put(chat: ChatSummary): void {
    this.apply([...this.#all.filter((one) => one.id !== chat.id), chat]);
  }
}
