/**
 * While a model waits for approval, an open one may stand in for it. When the awaited model is here, it goes on with the
 * chats that were begun with the stand-in meanwhile; the person can give each of them back.
 */
import type { InstalledModel } from '../../contract/model.ts';
import type { Handover, StandIn, StandIns } from '../../contract/standIn.ts';
import type { ChatStore } from '../chats/store.ts';
import type { StateFile } from '../durable/stateFile.ts';

export interface StandInRoom {
  start(): Promise<void>;
  state(): StandIns;
  /** The person took `repo` for as long as `awaited` is not here. */
  begin(awaited: string, repo: string): void;
  /** A model is here now: it takes over from whoever stood in for it. */
  arrived(model: InstalledModel): void;
  /** The person does not wait for this model any more. */
  forgo(awaited: string): void;
  /** Gives one chat back to the model that answered before. False when there is nothing to give back. */
  giveBack(chatId: string): boolean;
  /** The person keeps the handover: nothing more is said about it. */
  accept(chatId: string): void;
}

/** Far more than anybody waits for at once. */
const most = 100;

/** True for what this file wrote. */
export function areStandIns(value: unknown): value is StandIns {
  if (typeof value !== 'object' || value === null) return false;
  const { waiting, handovers } = value as Partial<StandIns>;
  return (
    Array.isArray(waiting) &&
    waiting.every((one: Partial<StandIn>) => typeof one.awaited === 'string' && typeof one.repo === 'string') &&
    Array.isArray(handovers) &&
    handovers.every((one: Partial<Handover>) => typeof one.chatId === 'string' && typeof one.from === 'string')
  );
}

export function createStandIns(options: {
  readonly file: StateFile<StandIns>;
  readonly chats: Pick<ChatStore, 'list' | 'get' | 'configure'>;
  /** Models on this computer. */
  readonly models: () => readonly InstalledModel[];
  readonly onChange: (state: StandIns) => void;
  readonly onChatsChanged: () => void;
  readonly now: () => number;
}): StandInRoom {
  const { chats } = options;
  let state: StandIns = { waiting: [], handovers: [] };

  const become = (next: StandIns): void => {
    state = { waiting: next.waiting.slice(-most), handovers: next.handovers.slice(-most) };
    // Losing this file costs a handover that the person can make by hand: a full disk is told elsewhere.
    void options.file.write(state).catch(() => undefined);
    options.onChange(state);
  };
  /** Another model answers in a chat from now on; its words and settings stay. False when the chat is gone. */
  const hand = (chatId: string, modelId: string): boolean => {
    const chat = chats.get(chatId);
    return chat !== undefined && chats.configure(chatId, { ...chat, modelId }) !== undefined;
  };
  const handoverOf = (chatId: string): Handover | undefined => state.handovers.find((one) => one.chatId === chatId);
  const without = (chatId: string): StandIns => ({
    ...state,
    handovers: state.handovers.filter((one) => one.chatId !== chatId),
  });

  return {
    state: () => state,
    async start() {
      state = (await options.file.read()) ?? state;
    },
    begin(awaited, repo) {
      const others = state.waiting.filter((one) => one.awaited !== awaited);
      become({ ...state, waiting: [...others, { awaited, repo, since: options.now() }] });
    },
    arrived(model) {
      const standIn = state.waiting.find(({ awaited }) => awaited === model.repo);
      if (!standIn) return;
      const stoodIn = new Set(
        options
          .models()
          .filter(({ repo }) => repo === standIn.repo)
          .map(({ id }) => id),
      );
      // Chats of before belong to the model they were begun with.
      const begun = chats.list().filter((chat) => stoodIn.has(chat.modelId) && chat.createdAt >= standIn.since);
      // A base model continues text: a conversation stays with whoever can hold it.
      const handed = (model.instruct ? begun : [])
        .filter(({ id }) => hand(id, model.id))
        .map(({ id, modelId }): Handover => ({ chatId: id, from: modelId, to: model.id }));
      become({
        waiting: state.waiting.filter((one) => one !== standIn),
        handovers: [...state.handovers, ...handed],
      });
      if (handed.length > 0) options.onChatsChanged();
    },
    forgo(awaited) {
      if (state.waiting.some((one) => one.awaited === awaited))
        become({ ...state, waiting: state.waiting.filter((one) => one.awaited !== awaited) });
    },
    giveBack(chatId) {
      const handover = handoverOf(chatId);
      if (!handover || !hand(chatId, handover.from)) return false;
      become(without(chatId));
      options.onChatsChanged();
      return true;
    },
    accept(chatId) {
      if (handoverOf(chatId)) become(without(chatId));
    },
  };
}
