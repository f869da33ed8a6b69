import { readFile, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { syntheticBytes } from '../../electron/practice/hub/random.ts';
import { playScenario, type ScenarioName, scenarioNames } from '../../electron/practice/hub/scenarios.ts';
import { startPracticeHub } from '../../electron/practice/hub/startPracticeHub.ts';
import { doorstep, type FileRow, keyhole, openRoom, type Room, sha256, shard } from './practiceRoom.ts';

describe('starting and stopping', () => {
  it('listens on 127.0.0.1 with two ports and lets go of both', async () => {
    const room = await openRoom();
    expect(room.hub.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(room.hub.cdnEndpoint).not.toBe(room.hub.endpoint);
    await room.hub.close();
    await room.hub.close();
    await expect(room.ask('/')).rejects.toThrow();
    await expect(room.ask(room.hub.cdnEndpoint)).rejects.toThrow();
    await room.close();
  });

  it('closes although answers are stalled, without waiting for their end', async () => {
    const room = await openRoom();
    room.hub.control.script([{ match: /./, do: 'stall' }]);
    const waiting = room.ask(`/api/models/${doorstep}`).catch(() => 'cut');
    await expect.poll(() => room.hub.requests[0]?.status).toBe(200); // the answer has begun, and would have no end
    await room.close();
    expect(await waiting).toBe('cut');
  });

  it('refuses to start without a model folder or on a taken port', async () => {
    await expect(startPracticeHub({ modelFolder: '/nowhere/at/all' })).rejects.toThrow('ENOENT');
    const room = await openRoom();
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as { port: number };
    await expect(startPracticeHub({ modelFolder: join(room.folder, 'model'), port })).rejects.toThrow('EADDRINUSE');
    taken.close();
    await room.close();
  });

  it('makes the same commits from the same files, and others from other files', async () => {
    const one = await openRoom();
    const two = await openRoom({ seed: 8 });
    expect(await two.hub.control.head(keyhole)).toBe(await one.hub.control.head(keyhole));
    expect(await one.hub.control.head(keyhole)).not.toBe(await one.hub.control.head(doorstep));
    await writeFile(join(two.folder, 'model', 'config.json'), '{}');
    const three = await startPracticeHub({ modelFolder: join(two.folder, 'model') });
    expect(await three.control.head(keyhole)).not.toBe(await one.hub.control.head(keyhole));
    await Promise.all([one.close(), two.close(), three.close()]);
  });
});

describe('the state file', () => {
  it('carries tokens and requests over a restart', async () => {
    const room = await openRoom();
    const stateFile = join(room.folder, 'state.json');
    const options = { modelFolder: join(room.folder, 'model'), stateFile };
    const first = await startPracticeHub(options);
    const token = first.control.createToken({ account: 'ada', kind: 'fineGrained', gated: true });
    first.control.setRequestState(keyhole, 'ada', 'granted');
    first.control.setRequestState(keyhole, 'bob', 'rejected');
    await first.close();
    const second = await startPracticeHub(options);
    const answer = await room.ask(`${second.endpoint}/api/models/${keyhole}/auth-check`, { token });
    expect(answer.text).toBe('OK');
    expect(second.control.requestState(keyhole, 'bob')).toBe('rejected');
    await second.close();
    await room.close();
  });

  it('keeps the last of many changes, and starts empty from a damaged file', async () => {
    const room = await openRoom();
    const stateFile = join(room.folder, 'state.json');
    const options = { modelFolder: join(room.folder, 'model'), stateFile };
    const first = await startPracticeHub(options);
    for (let index = 0; index < 50; index++)
      first.control.createToken({ account: 'ada', kind: 'read', name: `number ${index}` });
    await first.close();
    expect(JSON.parse(await readFile(stateFile, 'utf8')).tokens).toHaveLength(50);
    for (const damage of ['{"tokens": [', '[]', 'null', '{"tokens":[{"text":1}],"requests":[7]}']) {
      await writeFile(stateFile, damage);
      const again = await startPracticeHub(options);
      expect(again.control.requestState(keyhole, 'ada')).toBe('none');
      await again.close();
    }
    await room.close();
  });
});

describe('big files without a disk', () => {
  it('are the same at every offset and hash as announced', async () => {
    const generate = syntheticBytes('weights');
    const bytes = 5_000_003;
    const whole = generate(0, bytes);
    for (const [offset, length] of [
      [0, 1],
      [1_048_575, 2],
      [1_048_576, 9],
      [2_097_150, 1_500_000],
      [bytes - 1, 1],
    ] as const) {
      expect(generate(offset, length).equals(whole.subarray(offset, offset + length))).toBe(true);
    }
    const room = await openRoom({ repositories: [{ id: 'a/b', files: [{ path: 'w.safetensors', bytes, generate }] }] });
    const resolved = await room.ask('/a/b/resolve/main/w.safetensors');
    expect(resolved.headers.get('x-linked-etag')).toBe(`"${sha256(whole)}"`);
    const served = await room.ask(resolved.headers.get('location') ?? '');
    expect(sha256(served.bytes)).toBe(sha256(whole));
    await room.close();
  });
});

describe('hostile repositories', () => {
  it('list any name and any size a test makes up, and still serve the true bytes', async () => {
    const names = [
      '../../evil.txt',
      '/etc/passwd',
      'C:\\evil',
      'con',
      'a\u0000b',
      'x.json ',
      'CONFIG.json',
      'config.json',
    ];
    const sizes = [2 ** 63, -1, '1e3', null, 1.5];
    const room = await openRoom({
      repositories: [
        {
          id: 'evil/twins',
          files: [
            ...names.map((path) => ({ path, text: path })),
            ...sizes.map((size, index) => ({
              path: `shard-${index}.safetensors`,
              text: 'true bytes',
              claims: { size },
            })),
          ],
        },
      ],
    });
    const rows = (await room.ask('/api/models/evil/twins/tree/main?recursive=true')).json<FileRow[]>();
    const paths = rows.map((row) => row.path);
    for (const name of names) expect(paths).toContain(name);
    for (const [index, size] of sizes.entries()) {
      const row = rows.find((one) => one.path === `shard-${index}.safetensors`);
      expect(row?.size).toBe(size ?? undefined);
      expect(row?.lfs.size).toBe(size ?? undefined);
      const resolved = await room.ask(`/evil/twins/resolve/main/shard-${index}.safetensors`);
      expect(resolved.headers.get('x-linked-size')).toBe(size === null ? null : String(size));
      expect((await room.ask(resolved.headers.get('location') ?? '')).text).toBe('true bytes');
    }
    await room.close();
  });

  it('a list of 20,000 files comes in pages of 1000', async () => {
    const files = Array.from({ length: 20_000 }, (_, index) => ({ path: `f/${index}.txt`, text: 'x' }));
    const room = await openRoom({ repositories: [{ id: 'evil/many', files }] });
    const answer = await room.ask('/api/models/evil/many/tree/main?recursive=true');
    expect(answer.json<FileRow[]>()).toHaveLength(1000);
    expect(answer.headers.get('link')).toMatch(/rel="next"$/);
    await room.close();
  });

  it('a file that shrinks while it is served ends the answer instead of hanging it', async () => {
    const room = await openRoom();
    const url = (await room.ask(`/${doorstep}/resolve/main/${shard}`)).headers.get('location') ?? '';
    await truncate(join(room.folder, 'model', shard), 1000);
    await expect(room.ask(url)).rejects.toThrow('terminated');
    await room.close();
  });
});

/** What the product's first questions hear in each scenario: whoami, auth-check, the first shard. */
const heard: Readonly<Record<ScenarioName, readonly [number, number, number]>> = {
  granted: [200, 200, 302],
  'no-token': [401, 401, 401],
  'never-requested': [200, 403, 403],
  pending: [200, 403, 403],
  rejected: [200, 403, 403],
  reset: [200, 403, 403],
  'bad-token': [401, 401, 401],
  'no-gated-box': [200, 403, 403],
  'org-policy': [200, 403, 403],
  'wrong-account': [200, 403, 403],
  private: [200, 404, 404],
  missing: [200, 404, 404],
  renamed: [200, 307, 307],
  disabled: [200, 403, 403],
  region: [200, 403, 403],
  unsupported: [401, 200, 302],
  'pickle-only': [401, 200, 404],
  'expired-link': [200, 200, 302],
  'wrong-hash': [200, 200, 302],
  'always-wrong-hash': [200, 200, 302],
  slow: [200, 200, 302],
  cut: [200, 200, 302],
  stalled: [200, 200, 302],
  'rate-limited': [200, 200, 429],
  'whoami-limited': [429, 200, 302],
  portal: [200, 200, 200],
  'hub-trouble': [503, 503, 503],
  'hub-hiccup': [503, 503, 302],
  'range-ignored': [200, 200, 302],
  'cdn-blocked': [200, 200, 302],
  'moving-main': [200, 200, 302],
  'access-lost': [200, 200, 302],
};

describe('scenarios', () => {
  it.each(scenarioNames)('%s', async (name) => {
    const room: Room = await openRoom();
    const { token, repo } = playScenario(room.hub, name);
    const wishes = token === undefined ? {} : { token };
    const statuses: number[] = [];
    for (const path of ['/api/whoami-v2', `/api/models/${repo}/auth-check`, `/${repo}/resolve/main/${shard}`]) {
      statuses.push((await room.ask(path, wishes)).status);
    }
    expect(statuses).toEqual(heard[name]);
    await room.close();
  });
});
