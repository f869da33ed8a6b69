import { describe, expect, test } from 'vitest';
import type { Chat } from '../../../electron/contract/chat.ts';
import type { World } from '../../gallery/backend.ts';
import { scriptedBackend } from '../../gallery/backend.ts';
import { installed, message } from '../../gallery/fixtures.ts';
import { scenes } from '../../gallery/scenes.ts';
import { Chats } from '../../../renderer/state/chats.svelte.ts';
import { Journeys } from '../../../renderer/state/journeys.svelte.ts';
import { SignIn } from '../../../renderer/state/signIn.svelte.ts';
import { Thread } from '../../../renderer/state/thread.svelte.ts';

const world = (name: string): World => scenes[name]!.world;

async function asked() {
  const backend = scriptedBackend(world('chat-empty'));
  const thread = new Thread(backend);
  backend.subscribe((event) => {
    if (event.type === 'generation.delta') thread.applyDelta(event.chatId, event.messageId, event);
    if (event.type === 'generation.finished') thread.applyFinished(event.chatId, event.message);
  });
  const chatId = (await thread.ask('Hello', null, installed.id))!;
  const answer = thread.writing!;
  const delta = (index: number, text: string) =>
    backend.tell({ type: 'generation.delta', chatId, messageId: answer.id, index, text });
  return { backend, thread, chatId, answer, delta };
}

describe('an open chat', () => {
  test('is made by its first question and shows both messages', async () => {
    const { thread, backend } = await asked();
    expect(thread.shown.map(({ message: { role } }) => role)).toEqual(['user', 'assistant']);
    expect(backend.log.map(({ name }) => name)).toEqual(['chats.create', 'generation.ask']);
  });

  test('grows with each piece and ignores a repeated one', async () => {
    const { thread, delta, answer } = await asked();
    delta(0, 'Good ');
    delta(1, 'day');
    delta(1, 'day');
    expect(thread.textOf(answer)).toBe('Good day');
  });

  test('asks for the chat again when a piece is missing', async () => {
    const { thread, delta, answer, backend } = await asked();
    delta(0, 'Good ');
    delta(2, '!');
    await expect.poll(() => backend.log.filter(({ name }) => name === 'chats.get').length).toBe(1);
    expect(thread.textOf(answer)).toBeTypeOf('string');
  });

  test('keeps pieces that arrive before the answer to the question', async () => {
    const backend = scriptedBackend(world('chat-empty'));
    const thread = new Thread(backend);
    await thread.create(installed.id);
    const chatId = thread.chat!.id;
    const asking = thread.ask('Hello', null, installed.id);
    thread.applyDelta(chatId, 'n3', { index: 0, text: 'Ear' });
    thread.applyDelta(chatId, 'n3', { index: 1, text: 'ly' });
    await asking;
    expect(thread.textOf(thread.writing!)).toBe('Early');
  });

  test('stays finished when the end overtakes the answer to the question', async () => {
    const backend = scriptedBackend(world('chat-empty'));
    const thread = new Thread(backend);
    await thread.create(installed.id);
    const chatId = thread.chat!.id;
    const asking = thread.ask('Hello', null, installed.id);
    thread.applyFinished(chatId, { ...message('n3', 'n2', 'assistant', 'Done', { finishReason: 'stop' }), chatId });
    await asking;
    expect(thread.writing).toBeUndefined();
    expect(thread.shown.at(-1)?.message.text).toBe('Done');
  });

  test('stays finished when the end overtakes the chat that is being opened', async () => {
    const { backend, chatId, answer } = await asked();
    const thread = new Thread(backend);
    const opening = thread.open(chatId);
    thread.applyFinished(chatId, { ...answer, text: 'Done', state: 'complete', finishReason: 'stop' });
    await opening;
    expect(thread.writing).toBeUndefined();
    expect(thread.shown.at(-1)?.message).toMatchObject({ text: 'Done', state: 'complete' });
  });

  test('is the one wanted last, whatever was asked for before is answered later', async () => {
    const { thread, chatId, backend } = await asked();
    const { value: other } = (await backend.request('chats.create', { modelId: installed.id })) as { value: Chat };
    const opening = thread.open(other.id);
    thread.close(); // a new chat
    await opening;
    expect(thread.chat).toBeUndefined();
    const first = thread.open(chatId);
    await thread.open(other.id);
    const third = thread.open(chatId);
    await Promise.all([first, third]);
    expect(thread.chat?.id).toBe(chatId);
    const { modelId, sampling } = thread.chat!;
    const change = thread.configure({ modelId, sampling, systemPrompt: 'In verse.' });
    await thread.open(other.id);
    await change;
    expect(thread.chat?.id).toBe(other.id);
  });

  test('marks a stopped answer as partial', async () => {
    const { thread, delta } = await asked();
    delta(0, 'Half');
    await thread.stop();
    expect(thread.writing).toBeUndefined();
    expect(thread.shown.at(-1)?.message).toMatchObject({ state: 'partial', finishReason: 'stopped-by-person' });
  });

  test('shows another answer to the same question as a second version', async () => {
    const { thread, chatId, answer } = await asked();
    thread.applyFinished(chatId, { ...answer, state: 'complete', text: 'One', finishReason: 'stop' });
    await thread.again(answer.id);
    expect(thread.shown.at(-1)).toMatchObject({ index: 1, siblings: [answer.id, thread.writing!.id] });
    await thread.select(answer.id);
    expect(thread.shown.at(-1)?.message.id).toBe(answer.id);
  });

  test('ignores the text of other chats', async () => {
    const { thread, answer } = await asked();
    thread.applyDelta('other', answer.id, { index: 0, text: 'x' });
    expect(thread.textOf(answer)).toBe('');
  });
});

describe('journeys', () => {
  test('take whole states from events and forget removed ones', async () => {
    const journeys = new Journeys(scriptedBackend(world('downloading')));
    await journeys.load();
    const [journey] = journeys.list;
    journeys.apply({ ...journey!, autoStart: false });
    expect(journeys.list).toHaveLength(1);
    expect(journeys.list[0]?.autoStart).toBe(false);
    journeys.drop(journey!.repo);
    expect(journeys.list).toHaveLength(0);
  });

  test('keep why a model could not be chosen beside its name', async () => {
    const journeys = new Journeys(scriptedBackend(world('welcome')));
    expect(await journeys.choose('no/such')).toBe(false);
    expect(journeys.problem('no/such')?.code).toBe('repo-not-found');
    expect(journeys.busy('no/such')).toBe(false);
  });

  test('look again at a licence only after its page was visited', async () => {
    const backend = scriptedBackend(world('never-asked'));
    const journeys = new Journeys(backend);
    await journeys.load();
    journeys.lookAgain();
    expect(backend.log.filter(({ name }) => name === 'setup.check')).toHaveLength(0);
    journeys.visited(journeys.list[0]!.repo);
    journeys.lookAgain();
    await expect.poll(() => backend.log.filter(({ name }) => name === 'setup.check').length).toBe(1);
  });
});

describe('signing in', () => {
  test('shows the problem of a refused token and keeps the token nowhere', async () => {
    const signIn = new SignIn(scriptedBackend(world('sign-in-problem')));
    expect(await signIn.save(' hf_wrong ')).toBe(false);
    expect(signIn.problem?.code).toBe('token-not-accepted');
    expect(JSON.stringify({ state: signIn.state, problem: signIn.problem })).not.toContain('hf_wrong');
  });
});

describe('the list of chats', () => {
  test('takes a removal back', async () => {
    const chats = new Chats(scriptedBackend(world('chat')));
    await chats.load();
    const [first] = chats.shown;
    await chats.remove(first!);
    expect(chats.shown.some(({ id }) => id === first!.id)).toBe(false);
    await chats.undoRemove();
    expect(chats.shown.some(({ id }) => id === first!.id)).toBe(true);
    expect(chats.removed).toBeUndefined();
  });

  test('never shows an older search result over a newer one', async () => {
    const chats = new Chats(scriptedBackend(world('chat')));
    await chats.load();
    await Promise.all([chats.search('gated'), chats.search('fish')]);
    expect(chats.shown.map(({ title }) => title)).toEqual(['Fish 🐟 recipes 漢字']);
    await chats.search('');
    expect(chats.shown).toHaveLength(4);
  });
});
