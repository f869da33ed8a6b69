/** A chat whose cache is kept on disk, through the work of the inference process itself. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createInferWork } from '../../../electron/services/inference/inferWork.ts';
import type { GenerateInput, GenerateOutput } from '../../../electron/services/work/protocol.ts';
import { convertedPractice, greedy, removeFolders, temporaryFolder } from './models.ts';

let folder: string;
beforeAll(async () => {
  folder = await convertedPractice('fp32');
});
afterAll(removeFolders);

const { signal } = new AbortController();

/** As after a start of the app: nothing in memory. */
async function started(caches: string): Promise<{
  ask: (
    messages: GenerateInput['messages'],
    changes?: Partial<GenerateInput>,
  ) => Promise<{ text: string } & GenerateOutput>;
  forget: (cacheKey: string) => Promise<unknown>;
  end: () => Promise<unknown>;
}> {
  const work = createInferWork(() => undefined);
  const silent = { signal, emit: () => undefined };
  const kept = { folder: caches, model: 'practice' };
  const loaded = await work.load({ folder, dtype: 'fp32', device: 'cpu', kept }, silent);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problem));
  return {
    async ask(messages, changes = {}) {
      let text = '';
      const input = { cacheKey: 'chat', messages, sampling: { ...greedy, maxNewTokens: 40 }, keep: true, ...changes };
      const result = await work.generate(input, { signal, emit: (event) => void (text += event.text) });
      if (!result.ok) throw new Error(JSON.stringify(result.problem));
      return { text, ...result.value };
    },
    forget: (cacheKey) => work.forget({ cacheKey }, silent),
    end: () => work.unload(undefined, silent),
  };
}

const user = (text: string): GenerateInput['messages'][number] => ({ role: 'user', text });
const opening = [user('What is an access token? '.repeat(20))];

it('goes on after a restart from what it had read and written, with the same answer', async () => {
  const caches = join(temporaryFolder(), 'caches');
  const before = await started(caches);
  const first = await before.ask(opening);
  await before.end();
  const turns = [...opening, { role: 'assistant' as const, text: first.text }, user('And a licence?')];
  const again = await started(caches);
  const next = await again.ask(turns);
  await again.end();
  const elsewhere = await started(join(temporaryFolder(), 'empty'));
  const fresh = await elsewhere.ask(turns);
  await elsewhere.end();
  expect(next.stats.reusedTokens).toBeGreaterThan(first.stats.promptTokens);
  expect(fresh.stats.reusedTokens).toBe(0);
  expect(next.text).toBe(fresh.text);
});

it('keeps nothing of those who did not ask for it, and forgets a chat that is gone', async () => {
  const caches = temporaryFolder();
  const work = await started(caches);
  await work.ask(opening, { cacheKey: 'other program', keep: false });
  await work.ask(opening);
  await work.forget('nobody');
  expect(readdirSync(caches)).toHaveLength(1);
  await work.forget('chat');
  expect(readdirSync(caches)).toEqual([]);
  const { stats } = await work.ask(opening);
  expect(stats.reusedTokens).toBeLessThan(stats.promptTokens);
  await work.end();
});
