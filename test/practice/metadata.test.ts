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
