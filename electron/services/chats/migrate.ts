import type { DatabaseSync } from 'node:sqlite';

/** Step N turns schema N into N+1. Steps are only ever added. */
const migrations: readonly string[] = [
  `CREATE TABLE chats (
     id TEXT PRIMARY KEY, title TEXT NOT NULL, model_id TEXT NOT NULL,
     created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, removed_at INTEGER,
     head_id TEXT, system_prompt TEXT NOT NULL, sampling TEXT NOT NULL
   ) STRICT;
   CREATE TABLE messages (
     position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
     chat_id TEXT NOT NULL REFERENCES chats(id) ON DELETE CASCADE,
     parent_id TEXT REFERENCES messages(id),
     role TEXT NOT NULL, text TEXT NOT NULL, created_at INTEGER NOT NULL, state TEXT NOT NULL, extra TEXT NOT NULL
   ) STRICT;
   CREATE INDEX messages_by_chat ON messages(chat_id, position);
   CREATE INDEX chats_by_time ON chats(updated_at);`,
];

/** Brings a chat file to this version's schema. Throws on a file made by a newer version. */
export function migrate(db: DatabaseSync): void {
  const { user_version: found } = db.prepare('PRAGMA user_version').get() as { user_version: number };
  if (found > migrations.length) throw new Error(`chats were written by a newer Latchkey (schema ${found})`);
  for (const [index, sql] of migrations.entries()) {
    if (index < found) continue;
    db.exec(`BEGIN IMMEDIATE; ${sql} PRAGMA user_version=${index + 1}; COMMIT;`);
  }
}
