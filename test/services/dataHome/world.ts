/** A usual place full of what Latchkey keeps beside its models, and a disk to move it to. */
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { findData, type FoundData } from '../../../electron/hosts/folders.ts';
import { dataName, readPlace, savePlace } from '../../../electron/services/dataHome/place.ts';
import { claim } from '../../../electron/services/storage/modelsHome.ts';
import { noise } from '../download/faultServer.ts';
import { contents, removeFolder, temporaryFolder } from '../storage/world.ts';

/** What says where a folder is, and is not part of what it holds. */
const about = ['moved.json', '.latchkey-home.json'];

export class Disks {
  readonly root = temporaryFolder();
  readonly usual = join(this.root, 'home', 'Latchkey');
  readonly disk = join(this.root, 'disk');
  readonly to = join(this.disk, dataName);

  async fill(): Promise<void> {
    const files: readonly (readonly [string, string | Buffer])[] = [
      ['settings.json', '{"version":1,"value":{}}'],
      ['journeys.json', '{"version":1,"value":[]}'],
      ['logs/latchkey.jsonl', '{"area":"test"}\n'],
      ['receipts/acme.json', '{"kept":true}'],
      ['chat-caches/one/cache.bin', noise(900_000, 7)],
      ['browser/Local Storage/leveldb/000003.log', noise(5000, 8)],
      ['practice/settings.json', '{"version":1,"value":{}}'],
      ['models/notes.txt', 'of the person'],
    ];
    for (const [path, data] of files) {
      await mkdir(dirname(join(this.usual, path)), { recursive: true });
      await writeFile(join(this.usual, path), data);
    }
    const database = new DatabaseSync(join(this.usual, 'chats.sqlite'));
    database.exec('CREATE TABLE said (text TEXT)');
    database.prepare('INSERT INTO said VALUES (?)').run('hello');
    database.close();
    await mkdir(this.disk);
  }

  /** As a run of Chromium and a killed writer leave them. */
  async litter(): Promise<void> {
    await symlink('here-4711', join(this.usual, 'SingletonLock'));
    await writeFile(join(this.usual, '.0123456789ab.tmp'), 'half');
  }

  /** The record that the services leave when the models are moved and they close. */
  async askForMove(to = this.to): Promise<void> {
    const token = (await claim(to, this.usual)) ?? '';
    await savePlace(this.usual, { ...readPlace(this.usual), news: null, moving: { to, token, stage: 'rest' } });
  }

  find(): FoundData {
    return findData({ usual: this.usual });
  }

  /** What a folder holds, beside its record and marker. */
  async holds(folder: string): Promise<Record<string, string>> {
    return Object.fromEntries(Object.entries(await contents(folder)).filter(([path]) => !about.includes(path)));
  }

  said(folder: string): unknown {
    const database = new DatabaseSync(join(folder, 'chats.sqlite'), { readOnly: true });
    try {
      return database.prepare('SELECT text FROM said').all();
    } finally {
      database.close();
    }
  }

  read(path: string): Promise<string> {
    return readFile(path, 'utf8');
  }

  end(): Promise<void> {
    return removeFolder(this.root);
  }
}
