import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeEach, describe, expect, test } from 'vitest';
import { openChatStore } from '../../../electron/services/chats/store.ts';
import { exportChat, threadTo } from '../../../electron/services/chats/thread.ts';

const sampling = { temperature: 0, topP: 1, topK: 0, minP: 0, repetitionPenalty: 1, maxNewTokens: 10 };
let file: string;
let time = 1000;
const now = (): number => (time += 1);
beforeEach(() => {
  file = join(mkdtempSync(join(tmpdir(), 'latchkey-chats-')), 'chats.sqlite');
});

describe('chats on disk', () => {
  test('keep every branch and show the chosen one', () => {
    const store = openChatStore(file, now);
    const { id: chatId } = store.create('m', sampling);
    const ask = (parentId: string | null, text: string) =>
      store.add({ chatId, parentId, role: 'user', text, state: 'complete' });
    const answer = (parentId: string, text: string) =>
      store.add({ chatId, parentId, role: 'assistant', text, state: 'complete' });
    const question = ask(null, 'one');
    const first = answer(question.id, 'first');
    const second = answer(question.id, 'second');
    const follow = ask(second.id, 'more');
    const texts = (): string[] => {
      const chat = store.get(chatId)!;
      return threadTo(chat.messages, chat.headId).map((message) => message.text);
    };
    expect(texts()).toEqual(['one', 'second', 'more']);
    store.select(chatId, first.id);
    expect(texts()).toEqual(['one', 'first']);
    store.select(chatId, second.id);
    expect(texts()).toEqual(['one', 'second', 'more']);
    expect(store.select(chatId, 'nobody')).toBeUndefined();
    expect(store.get(chatId)!.messages).toHaveLength(4);
    expect(follow.parentId).toBe(second.id);
    store.close();
  });

  test('are named by the first question until the person names them', () => {
    const store = openChatStore(file, now);
    const { id } = store.create('m', sampling);
    store.add({ chatId: id, parentId: null, role: 'user', text: '  What is\na token?  ', state: 'complete' });
    expect(store.list()[0]!.title).toBe('What is a token?');
    store.rename(id, 'Tokens');
    store.add({ chatId: id, parentId: null, role: 'user', text: 'Other', state: 'complete' });
    expect(store.list()[0]!.title).toBe('Tokens');
    store.close();
  });

  test('come back after removal, and survive a restart', () => {
    const store = openChatStore(file, now);
    const { id } = store.create('m', sampling);
    expect(store.remove(id)).toBe(true);
    expect(store.remove(id)).toBe(false);
    expect(store.list()).toEqual([]);
    expect(store.get(id)).toBeUndefined();
    expect(store.restore(id)?.id).toBe(id);
    store.close();
    const again = openChatStore(file, now);
    expect(again.list().map((chat) => chat.id)).toEqual([id]);
    again.close();
  });

  test('mark an answer that was being written as partial when the app comes back', () => {
    const store = openChatStore(file, now);
    const { id: chatId } = store.create('m', sampling);
    const question = store.add({ chatId, parentId: null, role: 'user', text: 'q', state: 'complete' });
    const answer = store.add({ chatId, parentId: question.id, role: 'assistant', text: '', state: 'writing' });
    store.update({ ...answer, text: 'half of' });
    store.close();
    const again = openChatStore(file, now);
    expect(again.get(chatId)!.messages[1]).toMatchObject({ text: 'half of', state: 'partial' });
    again.close();
  });

  test('are found by any words in title or messages, percent signs included', () => {
    const store = openChatStore(file, now);
    const a = store.create('m', sampling);
    const b = store.create('m', sampling);
    store.add({ chatId: a.id, parentId: null, role: 'user', text: 'the licence is 100% clear', state: 'complete' });
    store.add({ chatId: b.id, parentId: null, role: 'user', text: 'the token is clear', state: 'complete' });
    expect(store.search('clear the').map((chat) => chat.id)).toEqual([b.id, a.id]);
    expect(store.search('100%').map((chat) => chat.id)).toEqual([a.id]);
    expect(store.search('%').map((chat) => chat.id)).toEqual([a.id]);
    expect(store.search('nothing like it')).toEqual([]);
    store.close();
  });

  test('of a newer version are left alone', () => {
    openChatStore(file, now).close();
    const db = new DatabaseSync(file);
    db.exec('PRAGMA user_version=99');
    db.close();
    expect(() => openChatStore(file, now)).toThrow(/newer/);
  });

  test('are exported as they are seen', () => {
    const store = openChatStore(file, now);
    const { id: chatId } = store.create('m', sampling);
    const question = store.add({ chatId, parentId: null, role: 'user', text: 'Why 401? / no', state: 'complete' });
    store.add({ chatId, parentId: question.id, role: 'assistant', text: 'Because.', state: 'complete' });
    const { fileName, text } = exportChat(store.get(chatId)!);
    expect(fileName).toBe('Why 401  no.md');
    expect(text).toContain('## You\n\nWhy 401? / no\n');
    expect(text).toContain('## Model\n\nBecause.\n');
    store.close();
  });
});
