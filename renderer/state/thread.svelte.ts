import { SvelteMap } from 'svelte/reactivity';
import type { Chat, Message } from '../../electron/contract/chat.ts';
import type { Backend } from '../../electron/contract/ipc.ts';
import type { Problem } from '../../electron/contract/problem.ts';
import type { Result } from '../../electron/contract/result.ts';
import { append, type Delta, type Growing, join } from './deltas.ts';
import { type Shown, visibleThread, withMessage } from './tree.ts';

/** What a person sets for one chat. */
export type ChatSettings = Pick<Chat, 'modelId' | 'systemPrompt' | 'sampling'>;

/**
 * The chat that is open. Text arrives in numbered pieces and is kept beside the tree, so that a piece costs one string
 * and not a new tree; a missing number makes it ask for the whole chat again.
 */
export class Thread {
  #chat = $state.raw<Chat>();
  #problem = $state.raw<Problem>();
  #sending = $state(false);
  #opening = $state(false);
  readonly #growing = new SvelteMap<string, Growing>();
  readonly #shown = $derived(this.#chat ? visibleThread(this.#chat.messages, this.#chat.headId) : []);
  /** Pieces of messages that are not in the tree yet, or that came while a snapshot was on its way. */
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- nothing on screen reads it
  readonly #early = new Map<string, Delta[]>();
  /** Messages that were finished while a snapshot was on its way, which may be older. */
  // eslint-disable-next-line svelte/prefer-svelte-reactivity -- nothing on screen reads it
  readonly #finished = new Map<string, Message>();
  #fetching = false;
  /** Counts what was opened and closed: the answer to an earlier wish must not take the place of a later one. */
  #turn = 0;
  readonly #backend: Backend;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  get chat(): Chat | undefined {
    return this.#chat;
  }
  get shown(): readonly Shown[] {
    return this.#shown;
  }
  get problem(): Problem | undefined {
    return this.#problem;
  }
  get sending(): boolean {
    return this.#sending;
  }
  get opening(): boolean {
    return this.#opening;
  }
  /** The answer being written in the visible thread. */
  get writing(): Message | undefined {
    return this.#shown.find(({ message }) => message.state === 'writing')?.message;
  }
  /** Text of a message as far as it has come. */
  textOf(message: Message): string {
    // Only what is being written looks into the map: finished messages have nothing to do at each piece.
    return message.state === 'writing' ? (this.#growing.get(message.id)?.text ?? message.text) : message.text;
  }

  close(): void {
    this.#turn += 1;
    this.#fetching = false;
    this.#opening = false;
    this.#chat = undefined;
    this.#problem = undefined;
    this.#growing.clear();
    this.#early.clear();
    this.#finished.clear();
  }

  async open(chatId: string): Promise<void> {
    if (this.#chat?.id !== chatId) this.close();
    this.#opening = this.#chat === undefined;
    this.#fetching = true;
    const turn = (this.#turn += 1);
    const answer = await this.#backend.request('chats.get', { chatId });
    if (turn !== this.#turn) return;
    this.#fetching = false;
    this.#opening = false;
    if (answer.ok) this.#show(answer.value);
    else this.#problem = answer.problem;
    this.#finished.clear();
  }

  /** Asks in the open chat, or starts one with `modelId`. The answer is the id of the chat, undefined on failure. */
  async ask(text: string, parentId: string | null, modelId: string): Promise<string | undefined> {
    this.#sending = true;
    this.#problem = undefined;
    try {
      if (!this.#chat && !(await this.create(modelId))) return undefined;
      const chat = this.#chat;
      if (!chat) return undefined;
      const answer = await this.#backend.request('generation.ask', { chatId: chat.id, parentId, text });
      if (answer.ok) this.#add([answer.value.question, answer.value.answer]);
      else this.#problem = answer.problem;
      return answer.ok ? chat.id : undefined;
    } finally {
      this.#sending = false;
    }
  }

  /** An empty chat in the store; needed before the first question or a change of its settings. */
  async create(modelId: string): Promise<boolean> {
    const made = await this.#backend.request('chats.create', { modelId });
    if (made.ok) this.#show(made.value);
    else this.#problem = made.problem;
    return made.ok;
  }

  async again(messageId: string): Promise<void> {
    const chatId = this.#chat?.id;
    if (chatId === undefined) return;
    this.#problem = undefined;
    const answer = await this.#backend.request('generation.again', { chatId, messageId });
    if (answer.ok) this.#add([answer.value.answer]);
    else this.#problem = answer.problem;
  }

  async stop(): Promise<void> {
    const messageId = this.writing?.id;
    if (messageId === undefined) return;
    const answer = await this.#backend.request('generation.stop', { messageId });
    if (!answer.ok) this.#problem = answer.problem;
  }

  async select(messageId: string): Promise<void> {
    const chatId = this.#chat?.id;
    if (chatId === undefined) return;
    this.#update(chatId, await this.#backend.request('chats.select', { chatId, messageId }));
  }

  /** Changes the open chat; one that has not begun is stored first. */
  async configure(change: ChatSettings): Promise<boolean> {
    this.#problem = undefined;
    if (!this.#chat && !(await this.create(change.modelId))) return false;
    const chatId = this.#chat?.id;
    if (chatId === undefined) return false;
    const answer = await this.#backend.request('chats.configure', { chatId, ...change });
    this.#update(chatId, answer);
    return answer.ok;
  }

  /** What came of a change to a chat; another one may have been opened meanwhile. */
  #update(chatId: string, answer: Result<Chat>): void {
    if (this.#chat?.id !== chatId) return;
    if (answer.ok) this.#show(answer.value);
    else this.#problem = answer.problem;
  }

  applyDelta(chatId: string, messageId: string, delta: Delta): void {
    if (this.#chat?.id !== chatId) return;
    const message = this.#chat.messages.find((one) => one.id === messageId);
    if (!message || this.#fetching) {
      const list = this.#early.get(messageId);
      if (list) list.push(delta);
      else this.#early.set(messageId, [delta]);
      return;
    }
    if (message.state !== 'writing') return;
    const grown = append(this.#growing.get(messageId) ?? { text: message.text, next: message.nextDelta }, delta);
    if (grown === 'gap') void this.open(chatId);
    else this.#growing.set(messageId, grown);
  }

  applyFinished(chatId: string, message: Message): void {
    if (this.#fetching) this.#finished.set(message.id, message);
    const chat = this.#chat;
    if (chat?.id !== chatId) return;
    this.#growing.delete(message.id);
    this.#early.delete(message.id);
    this.#chat = { ...chat, messages: withMessage(chat.messages, message) };
  }

  /** A new tree from the store: pieces that came meanwhile are joined to the text they belong to. */
  #show(chat: Chat): void {
    // eslint-disable-next-line svelte/prefer-svelte-reactivity -- nothing on screen reads it
    const known = new Map(this.#chat?.id === chat.id ? this.#chat.messages.map((one) => [one.id, one]) : []);
    this.#growing.clear();
    for (const message of chat.messages) {
      const early = this.#early.get(message.id);
      if (message.state === 'writing')
        this.#growing.set(message.id, join(message.text, message.nextDelta, early ?? []));
      this.#early.delete(message.id);
    }
    // A finish that overtook the snapshot stays finished.
    const messages = chat.messages.map((message) => {
      const newer = this.#finished.get(message.id) ?? known.get(message.id);
      return message.state === 'writing' && newer && newer.state !== 'writing' ? newer : message;
    });
    this.#chat = { ...chat, messages };
  }

  /** New messages from an answer; events may have been faster, then theirs stay. */
  #add(messages: readonly Message[]): void {
    const chat = this.#chat;
    if (!chat || messages[0]?.chatId !== chat.id) return;
    let tree = chat.messages;
    for (const message of messages) {
      if (tree.some((one) => one.id === message.id)) continue;
      tree = withMessage(tree, message);
      if (message.state !== 'writing') continue;
      const early = this.#early.get(message.id) ?? [];
      this.#early.delete(message.id);
      // A fresh answer starts at piece 0; text it already has makes the first number unknown.
      const next = message.nextDelta ?? (message.text === '' ? 0 : undefined);
      this.#growing.set(message.id, join(message.text, next, early));
    }
    this.#chat = { ...chat, messages: tree, headId: messages.at(-1)?.id ?? chat.headId };
  }
}
