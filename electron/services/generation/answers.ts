import type { Chat, Message } from '../../contract/chat.ts';
import type { BackendEvent } from '../../contract/ipc.ts';
import type { InstalledModel } from '../../contract/model.ts';
import { failed, ok, type Result } from '../../contract/result.ts';
import type { ChatStore } from '../chats/store.ts';
import { threadTo } from '../chats/thread.ts';
import { internal, notFound } from '../explain.ts';
import type { PromptMessage } from '../work/protocol.ts';
import type { Engine } from './engine.ts';
import { modelMissing } from './explain.ts';

/** Questions and their answers: stores both, streams the answer, keeps what was written whatever happens. */
export interface Answers {
  ask(input: {
    chatId: string;
    parentId: string | null;
    text: string;
  }): Promise<Result<{ question: Message; answer: Message }>>;
  again(input: { chatId: string; messageId: string }): Promise<Result<{ answer: Message }>>;
  stop(messageId: string): void;
  /** Text so far of answers being written, so that a page that loads meanwhile shows them. */
  withLiveText(chat: Chat): Chat;
  close(): void;
}

/** 30 ms: one repaint or two; more messages would only cost, fewer would stutter. */
const joinMilliseconds = 30;
/** 1 s: the most that a crash of the whole app can take from an answer. */
const saveMilliseconds = 1000;

export function createAnswers(options: {
  readonly chats: ChatStore;
  readonly engine: Engine;
  readonly modelById: (id: string) => InstalledModel | undefined;
  readonly emit: (event: BackendEvent) => void;
  readonly onChatsChanged: () => void;
}): Answers {
  const { chats, engine, emit } = options;
  const writing = new Map<string, { readonly abort: AbortController; text: string; sent: string; index: number }>();

  const write = async (chat: Chat, model: InstalledModel, answer: Message, prompt: PromptMessage[]): Promise<void> => {
    const live = { abort: new AbortController(), text: '', sent: '', index: 0 };
    writing.set(answer.id, live);
    const flush = (): void => {
      const text = live.text.slice(live.sent.length);
      if (!text) return;
      live.sent = live.text;
      emit({ type: 'generation.delta', chatId: chat.id, messageId: answer.id, index: live.index++, text });
    };
    const sending = setInterval(flush, joinMilliseconds);
    const saving = setInterval(() => chats.update({ ...answer, text: live.text }), saveMilliseconds);
    const result = await engine
      .generate(
        model,
        { cacheKey: chat.id, messages: prompt, sampling: chat.sampling, keep: true },
        {
          signal: live.abort.signal,
          onText(text) {
            live.text += text;
          },
        },
      )
      .catch((error: unknown) => failed(internal(error)));
    clearInterval(sending);
    clearInterval(saving);
    flush();
    const message: Message = result.ok
      ? {
          ...answer,
          text: live.text,
          state: result.value.finishReason === 'stop' ? 'complete' : 'partial',
          finishReason: result.value.finishReason,
          stats: result.value.stats,
        }
      : result.problem.code === 'cancelled'
        ? { ...answer, text: live.text, state: 'partial', finishReason: 'stopped-by-person' }
        : { ...answer, text: live.text, state: 'partial', finishReason: 'failed', problem: result.problem };
    chats.update(message);
    writing.delete(answer.id);
    emit({ type: 'generation.finished', chatId: chat.id, message });
    options.onChatsChanged();
  };

  const begin = (chatId: string, question: Message): Result<{ answer: Message }> => {
    const chat = chats.get(chatId);
    if (!chat) return failed(notFound('chat'));
    const model = options.modelById(chat.modelId);
    if (!model) return failed(modelMissing());
    const thread = threadTo(chat.messages, question.id).map(({ role, text }) => ({ role, text }));
    const prompt: PromptMessage[] = [
      ...(chat.systemPrompt ? [{ role: 'system' as const, text: chat.systemPrompt }] : []),
      ...thread,
    ];
    const answer = chats.add({ chatId, parentId: question.id, role: 'assistant', text: '', state: 'writing' });
    void write(chat, model, answer, prompt);
    options.onChatsChanged();
    return ok({ answer });
  };

  return {
    async ask({ chatId, parentId, text }) {
      const chat = chats.get(chatId);
      if (!chat) return failed(notFound('chat'));
      if (!options.modelById(chat.modelId)) return failed(modelMissing());
      if (parentId !== null && !chat.messages.some((message) => message.id === parentId)) {
        return failed(notFound('message'));
      }
      const question = chats.add({ chatId, parentId, role: 'user', text, state: 'complete' });
      const begun = begin(chatId, question);
      return begun.ok ? ok({ question, answer: begun.value.answer }) : begun;
    },
    async again({ chatId, messageId }) {
      const chat = chats.get(chatId);
      const before = chat?.messages.find((message) => message.id === messageId);
      const question = chat?.messages.find((message) => message.id === before?.parentId);
      if (!question) return failed(notFound('message'));
      return begin(chatId, question);
    },
    stop: (messageId) => writing.get(messageId)?.abort.abort(),
    withLiveText: (chat) => ({
      ...chat,
      messages: chat.messages.map((message) => {
        const live = writing.get(message.id);
        return live ? { ...message, text: live.sent, nextDelta: live.index } : message;
      }),
    }),
    close() {
      for (const { abort } of writing.values()) abort.abort();
    },
  };
}
