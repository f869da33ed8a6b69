/**
 * Chats on disk: one SQLite file, a tree of messages per chat, nothing overwritten. A message counts as saved when the
 * transaction that wrote it has been synced (WAL with synchronous=FULL). This folder knows nothing about models or
 * generation; it keeps words.
 */
import { randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import type { Chat, ChatSummary, Message, Role, Sampling } from '../../contract/chat.ts';
import { migrate } from './migrate.ts';

export interface ChatStore {
  list(): ChatSummary[];
  create(modelId: string, sampling: Sampling): Chat;
  get(chatId: string): Chat | undefined;
  /** Chats whose title or messages hold all the words, newest first. */
  search(words: string): ChatSummary[];
  rename(chatId: string, title: string): ChatSummary | undefined;
  configure(chatId: string, settings: Pick<Chat, 'modelId' | 'systemPrompt' | 'sampling'>): Chat | undefined;
  /** Makes `messageId` the head's ancestor: the newest leaf under it becomes the head. */
  select(chatId: string, messageId: string): Chat | undefined;
  remove(chatId: string): boolean;
  restore(chatId: string): ChatSummary | undefined;
  add(message: { chatId: string; parentId: string | null; role: Role; text: string; state: Message['state'] }): Message;
  update(message: Message): void;
  close(): void;
}

interface ChatRow {
  id: string;
  title: string;
  model_id: string;
  created_at: number;
  updated_at: number;
  head_id: string | null;
  system_prompt: string;
  sampling: string;
}

interface MessageRow {
  id: string;
  chat_id: string;
  parent_id: string | null;
  role: Role;
  text: string;
  created_at: number;
  state: Message['state'];
  extra: string;
}

const summaryOf = (row: ChatRow): ChatSummary => ({
  id: row.id,
  title: row.title,
  modelId: row.model_id,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
  headId: row.head_id,
});

const messageOf = (row: MessageRow): Message => ({
  ...(JSON.parse(row.extra) as Pick<Message, 'finishReason' | 'stats' | 'problem'>),
  id: row.id,
  chatId: row.chat_id,
  parentId: row.parent_id,
  role: row.role,
  text: row.text,
  createdAt: row.created_at,
  state: row.state,
});

const extraOf = (message: Message): string =>
  JSON.stringify({ finishReason: message.finishReason, stats: message.stats, problem: message.problem });

/** 30 days in ms: how long a removed chat can still be brought back. */
const keepRemoved = 30 * 24 * 3600 * 1000;

/**
 * Opens (or makes) the chat file. Answers that were being written when the app ended are marked partial.
 * Throws if the file belongs to a newer version of the app: better closed than damaged.
 */
export function openChatStore(file: string, now: () => number): ChatStore {
  const db = new DatabaseSync(file);
  db.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA busy_timeout=5000;');
  // On macOS only this reaches the medium and not just the cache of the drive.
  db.exec('PRAGMA fullfsync=ON; PRAGMA checkpoint_fullfsync=ON;');
  migrate(db);
  db.exec(`UPDATE messages SET state='partial' WHERE state='writing'`);
  db.prepare('DELETE FROM chats WHERE removed_at < ?').run(now() - keepRemoved);

  const row = (chatId: string): ChatRow | undefined =>
    db.prepare('SELECT * FROM chats WHERE id=? AND removed_at IS NULL').get(chatId) as ChatRow | undefined;
  const messages = (chatId: string): Message[] =>
    (db.prepare('SELECT * FROM messages WHERE chat_id=? ORDER BY position').all(chatId) as unknown as MessageRow[]).map(
      messageOf,
    );
  const whole = (chat: ChatRow): Chat => ({
    ...summaryOf(chat),
    systemPrompt: chat.system_prompt,
    sampling: JSON.parse(chat.sampling) as Sampling,
    messages: messages(chat.id),
  });
  const get = (chatId: string): Chat | undefined => {
    const chat = row(chatId);
    return chat && whole(chat);
  };
  const summary = (chatId: string): ChatSummary | undefined => {
    const chat = row(chatId);
    return chat && summaryOf(chat);
  };

  return {
    list: () =>
      (
        db
          .prepare('SELECT * FROM chats WHERE removed_at IS NULL ORDER BY updated_at DESC')
          .all() as unknown as ChatRow[]
      ).map(summaryOf),
    create(modelId, sampling) {
      const id = randomUUID();
      const at = now();
      db.prepare(
        `INSERT INTO chats (id, title, model_id, created_at, updated_at, system_prompt, sampling) VALUES (?,?,?,?,?,?,?)`,
      ).run(id, '', modelId, at, at, '', JSON.stringify(sampling));
      return whole(row(id) as ChatRow); // just inserted
    },
    get,
    search(words) {
      const terms = words.split(/\s+/).filter(Boolean);
      const like = terms.map((term) => `%${term.replace(/[\\%_]/g, (c) => `\\${c}`)}%`);
      const each = `(title LIKE ? ESCAPE '\\' OR EXISTS (SELECT 1 FROM messages m WHERE m.chat_id=chats.id AND m.text LIKE ? ESCAPE '\\'))`;
      const where = ['removed_at IS NULL', ...terms.map(() => each)].join(' AND ');
      const found = db
        .prepare(`SELECT * FROM chats WHERE ${where} ORDER BY updated_at DESC LIMIT 200`)
        .all(...like.flatMap((term) => [term, term])) as unknown as ChatRow[];
      return found.map(summaryOf);
    },
    rename(chatId, title) {
      db.prepare('UPDATE chats SET title=? WHERE id=?').run(title.trim(), chatId);
      return summary(chatId);
    },
    configure(chatId, settings) {
      db.prepare('UPDATE chats SET model_id=?, system_prompt=?, sampling=? WHERE id=?').run(
        settings.modelId,
        settings.systemPrompt,
        JSON.stringify(settings.sampling),
        chatId,
      );
      return get(chatId);
    },
    select(chatId, messageId) {
      const all = messages(chatId);
      if (!all.some((message) => message.id === messageId)) return undefined;
      let head = messageId;
      for (let child: Message | undefined; ; head = child.id) {
        child = all.findLast((message) => message.parentId === head);
        if (!child) break;
      }
      db.prepare('UPDATE chats SET head_id=? WHERE id=?').run(head, chatId);
      return get(chatId);
    },
    remove: (chatId) =>
      db.prepare('UPDATE chats SET removed_at=? WHERE id=? AND removed_at IS NULL').run(now(), chatId).changes === 1,
    restore(chatId) {
      db.prepare('UPDATE chats SET removed_at=NULL WHERE id=?').run(chatId);
      return summary(chatId);
    },
    add({ chatId, parentId, role, text, state }) {
      const message: Message = { id: randomUUID(), chatId, parentId, role, text, createdAt: now(), state };
      db.exec('BEGIN IMMEDIATE');
      try {
        db.prepare(
          `INSERT INTO messages (id, chat_id, parent_id, role, text, created_at, state, extra) VALUES (?,?,?,?,?,?,?,?)`,
        ).run(message.id, chatId, parentId, role, text, message.createdAt, state, extraOf(message));
        db.prepare('UPDATE chats SET head_id=?, updated_at=? WHERE id=?').run(message.id, message.createdAt, chatId);
        if (role === 'user') {
          // The first question names the chat until the person does.
          const title = text.replace(/\s+/g, ' ').trim().slice(0, 80);
          db.prepare(`UPDATE chats SET title=? WHERE id=? AND title=''`).run(title, chatId);
        }
        db.exec('COMMIT');
      } catch (error) {
        db.exec('ROLLBACK');
        throw error;
      }
      return message;
    },
    update(message) {
      db.prepare('UPDATE messages SET text=?, state=?, extra=? WHERE id=?').run(
        message.text,
        message.state,
        extraOf(message),
        message.id,
      );
    },
    close: () => db.close(),
  };
}
