import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  doorstep,
  type FileRow,
  gitSha1,
  type Info,
  keyhole,
  modelFiles,
  openRoom,
  type Room,
  sha256,
  shard,
} from './practiceRoom.ts';

let room: Room;
let token: string;
let head: string;
beforeAll(async () => {
  room = await openRoom();
  token = room.hub.control.createToken({ account: 'ada', kind: 'read' });
  room.hub.control.setRequestState(keyhole, 'ada', 'granted');
  head = await room.hub.control.head(keyhole);
});
afterAll(() => room.close());

const config = modelFiles['config.json']!;
const weights = modelFiles[shard]!;

describe('resolve', () => {
  it('gives a small file of a gated repository at once, with its git id as ETag', async () => {
    const answer = await room.ask(`/${keyhole}/resolve/main/config.json`, { token });
    expect(answer.status).toBe(200);
    expect(answer.bytes.equals(config)).toBe(true);
    expect(answer.headers.get('etag')).toBe(`"${gitSha1(config)}"`);
    expect(answer.headers.get('x-repo-commit')).toBe(head);
    expect(answer.headers.get('content-length')).toBe(String(config.byteLength));
    expect(answer.headers.get('content-disposition')).toContain('config.json');
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
    const looked = await room.ask(`/${keyhole}/resolve/main/config.json`, { token, method: 'HEAD' });
    expect([looked.status, looked.headers.get('etag'), looked.headers.get('content-length'), looked.text]).toEqual([
      200,
      answer.headers.get('etag'),
      String(config.byteLength),
      '',
    ]);
  });

  it('sends a small file of an open repository through a relative 307 into its cache', async () => {
    const answer = await room.ask(`/${doorstep}/resolve/main/config.json`);
    const location = answer.headers.get('location') ?? '';
    const commit = await room.hub.control.head(doorstep);
    expect(answer.status).toBe(307);
    expect(location).toMatch(new RegExp(`^/api/resolve-cache/models/${doorstep}/${commit}/config\\.json\\?`));
    expect(location).toContain(`etag=%22${gitSha1(config)}%22`);
    const file = await room.ask(location);
    expect([file.status, file.headers.get('etag'), file.headers.get('x-repo-commit')]).toEqual([
      200,
      `"${gitSha1(config)}"`,
      commit,
    ]);
    expect(file.bytes.equals(config)).toBe(true);
  });

  it('keeps the gate on the inner address of small files too', async () => {
    const answer = await room.ask(`/api/resolve-cache/models/${keyhole}/${head}/config.json`);
    expect([answer.status, answer.headers.get('x-error-code')]).toEqual([401, 'GatedRepo']);
  });

  it('redirects a large file to the CDN and tells size and hash beside a length that is not the file', async () => {
    for (const method of ['HEAD', 'GET']) {
      const answer = await room.ask(`/${keyhole}/resolve/${head}/${shard}`, { token, method });
      const location = answer.headers.get('location') ?? '';
      expect(answer.status).toBe(302);
      expect(location).toMatch(
        new RegExp(`^${room.hub.cdnEndpoint}/xet-bridge-us/[0-9a-f]{24}/[0-9a-f]{64}\\?.*Expires=\\d+`),
      );
      expect(answer.headers.get('x-linked-size')).toBe(String(weights.byteLength));
      expect(answer.headers.get('x-linked-etag')).toBe(`"${sha256(weights)}"`);
      expect(answer.headers.get('x-repo-commit')).toBe(head);
      const xetHash = answer.headers.get('x-xet-hash') ?? '';
      expect(xetHash).toMatch(/^[0-9a-f]{64}$/);
      expect(answer.headers.get('link')).toBe(
        `<${room.hub.endpoint}/api/models/${keyhole}/xet-read-token/${head}>; rel="xet-auth", ` +
          `<${room.hub.cdnEndpoint}/cas/v1/reconstructions/${xetHash}>; rel="xet-reconstruction-info"`,
      );
      const body = `Found. Redirecting to ${location}`;
      expect(answer.headers.get('content-length')).toBe(String(body.length));
      expect(answer.text).toBe(method === 'HEAD' ? '' : body);
      expect(answer.headers.get('etag')).toBeNull();
    }
  });

  it('never gives the same link twice', async () => {
    const links = await Promise.all([1, 2, 3].map(() => room.ask(`/${keyhole}/resolve/main/${shard}`, { token })));
    expect(new Set(links.map((answer) => answer.headers.get('location'))).size).toBe(3);
  });

  it('gives Xet facts instead of a redirect when asked for them', async () => {
    const headers = { accept: 'application/vnd.xet-fileinfo+json' };
    const answer = await room.ask(`/${keyhole}/resolve/main/${shard}`, { token, headers });
    expect(answer.status).toBe(200);
    expect(answer.json()).toMatchObject({ hash: answer.headers.get('x-xet-hash'), size: weights.byteLength });
  });

  it('hides length and strong ETag of text from a client that takes gzip', async () => {
    const headers = { 'accept-encoding': 'gzip' };
    const answer = await room.ask(`/${keyhole}/resolve/main/config.json`, { token, headers });
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(Number(answer.headers.get('content-length'))).toBeLessThan(config.byteLength);
    expect(answer.headers.get('etag')).toBe(`W/"${gitSha1(config)}"`);
    expect(answer.bytes.equals(config)).toBe(true);
  });

  it('reads by branch, by HEAD, by commit and by tag, and keeps an old commit after a push', async () => {
    const other = await openRoom();
    const first = await other.hub.control.head(doorstep);
    const second = await other.hub.control.commit(doorstep, { 'config.json': '{"new":true}' });
    const read = async (revision: string): Promise<string | null> =>
      (await other.ask(`/${doorstep}/resolve/${revision}/${shard}`)).headers.get('x-repo-commit');
    expect(second).not.toBe(first);
    expect(await read('main')).toBe(second);
    expect(await read('HEAD')).toBe(second);
    expect(await read(first)).toBe(first);
    const info = (await other.ask(`/api/models/${doorstep}`)).json<Info>();
    expect(info.sha).toBe(second);
    await other.close();
  });

  it('gives the pointer, not the weights, on /raw/', async () => {
    const answer = await room.ask(`/${keyhole}/raw/main/${shard}`, { token });
    expect(answer.text).toBe(
      `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256(weights)}\nsize ${weights.byteLength}\n`,
    );
  });
});

describe('the CDN', () => {
  const link = async (): Promise<string> =>
    (await room.ask(`/${keyhole}/resolve/main/${shard}`, { token })).headers.get('location') ?? '';

  it('gives the whole file, with an ETag of its own', async () => {
    const answer = await room.ask(await link());
    expect(answer.status).toBe(200);
    expect(answer.bytes.equals(weights)).toBe(true);
    expect(answer.headers.get('accept-ranges')).toBe('bytes');
    expect(answer.headers.get('etag')).not.toContain(sha256(weights));
    expect(answer.headers.get('ratelimit')).toBeNull();
  });

  const size = weights.byteLength;
  it.each([
    ['bytes=0-0', 206, 0, 1],
    ['bytes=100-199', 206, 100, 200],
    ['bytes=299000-', 206, 299_000, size],
    [`bytes=${size - 1}-`, 206, size - 1, size],
    ['bytes=-10', 206, size - 10, size],
    ['bytes=10-99999999', 206, 10, size],
    ['bytes=5-4', 200, 0, size],
    ['bytes=0-1,5-6', 200, 0, size],
    ['lines=0-1', 200, 0, size],
  ])('%s', async (range, status, start, end) => {
    const answer = await room.ask(await link(), { headers: { range } });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-range')).toBe(status === 206 ? `bytes ${start}-${end - 1}/${size}` : null);
    expect(answer.headers.get('content-length')).toBe(String(end - start));
    expect(answer.bytes.equals(weights.subarray(start, end))).toBe(true);
  });

  it.each([`bytes=${size}-`, `bytes=${size + 5}-${size + 9}`, 'bytes=-0'])('%s is outside: 416', async (range) => {
    const answer = await room.ask(await link(), { headers: { range } });
    expect([answer.status, answer.headers.get('content-range')]).toEqual([416, `bytes */${size}`]);
  });

  it('honours If-Range with its own ETag and sends all when the file changed', async () => {
    const url = await link();
    const etag = (await room.ask(url, { method: 'HEAD' })).headers.get('etag') ?? '';
    const same = await room.ask(url, { headers: { range: 'bytes=10-', 'if-range': etag } });
    expect([same.status, same.bytes.byteLength]).toEqual([206, size - 10]);
    const other = await room.ask(url, { headers: { range: 'bytes=10-', 'if-range': '"other"' } });
    expect([other.status, other.bytes.byteLength]).toEqual([200, size]);
  });

  it('answers HEAD with the headers of GET and no body', async () => {
    const answer = await room.ask(await link(), { method: 'HEAD' });
    expect([answer.status, answer.headers.get('content-length'), answer.bytes.byteLength]).toEqual([
      200,
      String(size),
      0,
    ]);
  });

  it('refuses a link after its time, a changed one and one that was ended, in XML', async () => {
    const other = await openRoom();
    const get = async (): Promise<string> =>
      (await other.ask(`/${doorstep}/resolve/main/${shard}`)).headers.get('location') ?? '';
    const refused = async (url: string): Promise<readonly [number, string | null, boolean]> => {
      const answer = await other.ask(url);
      return [answer.status, answer.headers.get('content-type'), answer.text.includes('<Code>AccessDenied</Code>')];
    };
    const no = [403, 'application/xml', true] as const;
    const old = await get();
    expect((await other.ask(old)).status).toBe(200);
    other.pass(3599);
    expect((await other.ask(old)).status).toBe(200);
    other.pass(1);
    expect(await refused(old)).toEqual(no);
    expect(await refused((await get()).replace(/Expires=\d+/, 'Expires=99999999999'))).toEqual(no);
    expect(
      await refused((await get()).replace(/xet-bridge-us\/[0-9a-f]{24}/, `xet-bridge-us/${'0'.repeat(24)}`)),
    ).toEqual(no);
    const ended = await get();
    other.hub.control.expireLinks();
    expect(await refused(ended)).toEqual(no);
    expect((await other.ask(await get())).status).toBe(200);
    await other.close();
  });

  it('notes and refuses an access token that comes along', async () => {
    const other = await openRoom();
    const url = (await other.ask(`/${doorstep}/resolve/main/${shard}`)).headers.get('location') ?? '';
    await other.ask(url);
    expect(other.hub.authorizationAtCdn).toHaveLength(0);
    expect((await other.ask(url, { token: 'hf_leak' })).status).toBe(400);
    expect(other.hub.authorizationAtCdn.map((one) => one.headers['authorization'])).toEqual(['Bearer hf_leak']);
    await other.close();
  });
});

describe('file lists', () => {
  it('shows files and folders with git ids that git itself would compute', async () => {
    const rows = (await room.ask(`/api/models/${doorstep}/tree/main?recursive=true`)).json<FileRow[]>();
    const paths = rows.map((row) => row.path).sort();
    expect(paths).toEqual([...Object.keys(modelFiles), 'extra', '.gitattributes', 'LICENSE.txt', 'README.md'].sort());
    const find = (path: string): FileRow | undefined => rows.find((row) => row.path === path);
    expect(find('config.json')).toEqual({
      type: 'file',
      oid: gitSha1(config),
      size: config.byteLength,
      path: 'config.json',
    });
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${sha256(weights)}\nsize ${weights.byteLength}\n`;
    expect(find(shard)).toMatchObject({
      type: 'file',
      oid: gitSha1(Buffer.from(pointer)),
      size: weights.byteLength,
      lfs: { oid: sha256(weights), size: weights.byteLength, pointerSize: pointer.length },
    });
    expect(find('tokenizer.json')?.lfs).toBeDefined();
    expect(find('extra')).toMatchObject({ type: 'directory', size: 0 });
  });

  it('lists one level by default and a folder by its path', async () => {
    const paths = async (path: string): Promise<string[]> =>
      (await room.ask(`/api/models/${doorstep}/tree/main${path}`)).json<FileRow[]>().map((row) => row.path);
    expect(await paths('')).not.toContain('extra/notes.txt');
    expect(await paths('/extra')).toEqual(['extra/notes.txt']);
    const missing = await room.ask(`/api/models/${doorstep}/tree/main/nowhere`);
    expect([missing.status, missing.headers.get('x-error-code')]).toEqual([404, 'EntryNotFound']);
    const revision = await room.ask(`/api/models/${doorstep}/tree/nowhere`);
    expect([revision.status, revision.headers.get('x-error-code')]).toEqual([404, 'RevisionNotFound']);
  });

  it('pages by Link until everything was seen once', async () => {
    const small = await openRoom({ pageSize: 3 });
    const seen: string[] = [];
    let next: string | undefined = `/api/models/${doorstep}/tree/main?recursive=true&expand=false`;
    let pages = 0;
    while (next !== undefined) {
      const answer = await small.ask(next);
      seen.push(...answer.json<FileRow[]>().map((row) => row.path));
      const link: string | undefined = /^<(http[^>]+)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1];
      next = link;
      pages += 1;
    }
    expect(pages).toBe(Math.ceil(seen.length / 3));
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toHaveLength(Object.keys(modelFiles).length + 4);
    await small.close();
  });

  it('tells about named paths, asked in JSON or as a form', async () => {
    const path = `/api/models/${doorstep}/paths-info/main`;
    const json = await room.ask(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ paths: ['config.json', 'nowhere', 'extra'], expand: true }),
    });
    const form = await room.ask(path, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'paths=config.json&paths=nowhere&paths=extra&expand=True',
    });
    expect(json.json<FileRow[]>().map((row) => row.path)).toEqual(['config.json', 'extra']);
    expect(form.text).toBe(json.text);
    expect(json.json<FileRow[]>()[0]?.lastCommit.id).toBe(await room.hub.control.head(doorstep));
  });
});

describe('model info', () => {
  it('shows the keys that clients read', async () => {
    const info = (await room.ask(`/api/models/${keyhole}`)).json<Info>();
    expect(info).toMatchObject({
      id: keyhole,
      modelId: keyhole,
      author: 'practice-labs',
      sha: head,
      gated: 'manual',
      private: false,
      disabled: false,
      pipeline_tag: 'text-generation',
      library_name: 'transformers',
      config: { architectures: ['LlamaForCausalLM'], model_type: 'llama' },
      cardData: { license: 'other', license_name: 'practice-community', license_link: 'LICENSE.txt' },
      safetensors: { parameters: { U8: 350_000 }, total: 350_000 },
    });
    expect(info._id).toMatch(/^[0-9a-f]{24}$/);
    expect(info.siblings).toContainEqual({ rfilename: shard });
    expect(Object.keys(info.cardData.extra_gated_fields)).toContain('Date of birth');
  });

  it.each([
    ['practice-labs/Keyhole-1', { gated: 'manual' }],
    ['practice-labs/Keyhole-0.9-Instruct', { gated: 'auto' }],
    ['open-practice/Doorstep-Instruct', { gated: false, cardData: { license: 'apache-2.0' } }],
    ['practice-labs/Sealed-Instruct', { disabled: true }],
    ['practice-labs/Faraway-Instruct', { gated: false, disabled: false }],
    ['practice-labs/Eurolocked', { gated: 'manual', cardData: { extra_gated_eu_disallowed: true } }],
    ['open-practice/Spectrum', { config: { architectures: ['SpectrumForCausalLM'] } }],
  ])('%s', async (id, facts) => {
    const answer = await room.ask(`/api/models/${id}`);
    expect(answer.status).toBe(200);
    expect(answer.json()).toMatchObject(facts);
  });

  it('the base edition has no chat template, the pickle edition no safetensors', async () => {
    const base = (await room.ask('/api/models/practice-labs/Keyhole-1')).json<Info>();
    expect(base.config.tokenizer_config).toEqual({ eos_token: '</s>' });
    const attic = (await room.ask('/api/models/open-practice/Attic-Instruct')).json<Info>();
    const names = attic.siblings.map((one) => one.rfilename);
    expect(names).toContain('pytorch_model.bin');
    expect(names.filter((name) => name.includes('safetensors'))).toEqual([]);
  });

  it('gives only the fields asked for, and refuses unknown ones', async () => {
    const some = (await room.ask(`/api/models/${keyhole}?expand[]=gated&expand[]=sha`)).json();
    expect(Object.keys(some).sort()).toEqual(['_id', 'gated', 'id', 'sha']);
    expect((await room.ask(`/api/models/${keyhole}?expand[]=nonsense`)).status).toBe(400);
  });

  it('gives sizes and hashes with blobs=true', async () => {
    const info = (await room.ask(`/api/models/${keyhole}?blobs=true`, { token })).json<Info>();
    const file = info.siblings.find((one) => one.rfilename === shard);
    expect(file).toMatchObject({
      size: weights.byteLength,
      lfs: { sha256: sha256(weights), size: weights.byteLength },
    });
  });

  it('a bad revision is RevisionNotFound in JSON', async () => {
    const answer = await room.ask(`/api/models/${keyhole}/revision/nowhere`);
    expect([answer.status, answer.headers.get('x-error-code'), answer.json()]).toEqual([
      404,
      'RevisionNotFound',
      { error: 'Revision not found' },
    ]);
  });

  it('finds public models by name and never the private one', async () => {
    const ids = (await room.ask('/api/models?author=practice-labs')).json<Info[]>().map((one) => one.id);
    expect(ids).toContain(keyhole);
    expect(ids).not.toContain('practice-labs/Vault-Instruct');
    expect((await room.ask('/api/models?search=doorstep')).json()).toHaveLength(1);
  });

  it('gives a Xet token to those who may read', async () => {
    const path = `/api/models/${keyhole}/xet-read-token/${head}`;
    expect((await room.ask(path)).status).toBe(401);
    const answer = await room.ask(path, { token });
    expect(answer.json()).toMatchObject({
      accessToken: answer.headers.get('x-xet-access-token'),
      casUrl: answer.headers.get('x-xet-cas-url'),
    });
  });
});
