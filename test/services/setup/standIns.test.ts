/** An open model stands in for one that waits, and gives way when it is here; chats in a real store. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { InstalledModel } from '../../../electron/contract/model.ts';
import type { StandIns } from '../../../electron/contract/standIn.ts';
import { type ChatStore, openChatStore } from '../../../electron/services/chats/store.ts';
import { stateFile } from '../../../electron/services/durable/stateFile.ts';
import { areStandIns, createStandIns, type StandInRoom } from '../../../electron/services/setup/standIns.ts';
import { installed, small } from '../../gallery/fixtures.ts';

const awaited = installed;
const standIn = small;
let folder: string;
let chats: ChatStore;
let clock: number;
let told: StandIns[];
let changes: number;
let written: Promise<void>; // nobody waits for it in the app

const open = async (): Promise<StandInRoom> => {
  const file = stateFile<StandIns>({
    path: join(folder, 'stand-ins.json'),
    version: 1,
    check: areStandIns,
    onDamage: (path) => expect.fail(`damaged: ${path}`),
  });
  const room = createStandIns({
    file: { ...file, write: (value) => (written = file.write(value)) },
    chats,
    models: () => [awaited, standIn],
    onChange: (state) => told.push(state),
    onChatsChanged: () => (changes += 1),
    now: () => clock,
  });
  await room.start();
  return room;
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stand-ins-'));
  clock = 1000;
  told = [];
  changes = 0;
  written = Promise.resolve();
  chats = openChatStore(join(folder, 'chats.sqlite'), () => clock);
});
afterEach(async () => {
  await written;
  chats.close();
  rmSync(folder, { recursive: true, force: true });
});

const chatWith = (model: InstalledModel, text: string): string => {
  const chat = chats.create(model.id, model.sampling);
  chats.add({ chatId: chat.id, parentId: null, role: 'user', text, state: 'complete' });
  return chat.id;
};

test('the awaited model goes on with the chats begun meanwhile, words and settings kept, and with no others', async () => {
  const before = chatWith(standIn, 'from before');
  clock = 2000;
  const room = await open();
  room.begin(awaited.repo, standIn.repo);
  clock = 3000;
  const meanwhile = chatWith(standIn, 'while waiting');
  chats.configure(meanwhile, { modelId: standIn.id, systemPrompt: 'Be brief.', sampling: standIn.sampling });
  room.arrived(awaited);
  expect(chats.get(meanwhile)).toMatchObject({
    modelId: awaited.id,
    systemPrompt: 'Be brief.',
    messages: [{ text: 'while waiting' }],
  });
  expect(chats.get(before)?.modelId).toBe(standIn.id);
  expect(told.at(-1)).toEqual({
    waiting: [],
    handovers: [{ chatId: meanwhile, from: standIn.id, to: awaited.id }],
  });
  expect(changes).toBe(1);
});

test('what was agreed outlives the app', async () => {
  (await open()).begin(awaited.repo, standIn.repo);
  clock = 2000;
  const chat = chatWith(standIn, 'hello');
  await expect.poll(async () => (await open()).state().waiting.length).toBe(1);
  (await open()).arrived(awaited);
  expect(chats.get(chat)?.modelId).toBe(awaited.id);
  await expect.poll(async () => (await open()).state().handovers.length).toBe(1);
});

test('a chat can be given back, once, or kept', async () => {
  const room = await open();
  room.begin(awaited.repo, standIn.repo);
  const [one, two] = [chatWith(standIn, 'one'), chatWith(standIn, 'two')];
  room.arrived(awaited);
  expect(room.giveBack(one)).toBe(true);
  expect(chats.get(one)?.modelId).toBe(standIn.id);
  expect(room.giveBack(one)).toBe(false);
  room.accept(two);
  expect(chats.get(two)?.modelId).toBe(awaited.id);
  expect(room.state().handovers).toEqual([]);
});

test('a model that nobody waits for, a base model, and a wait that was given up take nothing over', async () => {
  const room = await open();
  const chat = chatWith(standIn, 'hello');
  room.arrived(awaited);
  room.begin(awaited.repo, standIn.repo);
  room.arrived({ ...awaited, instruct: false });
  room.begin(awaited.repo, standIn.repo);
  room.forgo(awaited.repo);
  room.arrived(awaited);
  expect(chats.get(chat)?.modelId).toBe(standIn.id);
  expect(changes).toBe(0);
});
