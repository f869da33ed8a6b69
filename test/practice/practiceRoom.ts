import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PracticeHub, PracticeHubOptions } from '../../electron/practice/hub/practiceHub.ts';
import { startPracticeHub } from '../../electron/practice/hub/startPracticeHub.ts';

export const keyhole = 'practice-labs/Keyhole-1-Instruct';
export const doorstep = 'open-practice/Doorstep-Instruct';
export const shard = 'model-00001-of-00002.safetensors';

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
export const gitSha1 = (bytes: Uint8Array): string =>
  createHash('sha1').update(`blob ${bytes.byteLength}\0`).update(bytes).digest('hex');

/** A safetensors file with one tensor of random bytes. */
export function tinyShard(bytes: number): Buffer {
  const header = Buffer.from(JSON.stringify({ weight: { dtype: 'U8', shape: [bytes], data_offsets: [0, bytes] } }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.byteLength));
  return Buffer.concat([length, header, randomBytes(bytes)]);
}

/** What stands for the practice model in these tests: same names, random weights. */
export const modelFiles: Readonly<Record<string, Buffer>> = {
  'config.json': Buffer.from(
    JSON.stringify({ architectures: ['LlamaForCausalLM'], model_type: 'llama', filler: 'x'.repeat(2000) }),
  ),
  'tokenizer_config.json': Buffer.from(JSON.stringify({ chat_template: '{{ messages }}', eos_token: '</s>' })),
  'tokenizer.json': Buffer.from(JSON.stringify({ model: { vocab: { a: 0 } } })),
  'model.safetensors.index.json': Buffer.from(JSON.stringify({ weight_map: {} })),
  [shard]: tinyShard(300_000),
  'model-00002-of-00002.safetensors': tinyShard(50_000),
  'extra/notes.txt': Buffer.from('notes\n'),
};

export type Fields = Record<string, string>;

export interface FileRow {
  readonly path: string;
  readonly oid: string;
  readonly size: number;
  readonly lfs: { readonly oid: string; readonly size: number };
  readonly xetHash: string;
  readonly lastCommit: { readonly id: string };
}

export interface Info {
  readonly _id: string;
  readonly id: string;
  readonly sha: string;
  readonly siblings: readonly { readonly rfilename: string; readonly lfs?: { readonly sha256: string } }[];
  readonly cardData: { readonly extra_gated_fields: object };
  readonly config: { readonly tokenizer_config: object };
}

export interface Who {
  readonly id: string;
  readonly isPro: boolean;
  readonly orgs: readonly object[];
  readonly auth: {
    readonly accessToken: { readonly role: string; readonly fineGrained: { readonly canReadGatedRepos: boolean } };
  };
}

/** A Hub with its model folder; both are gone after `close`. */
export interface Room {
  readonly hub: PracticeHub;
  readonly folder: string;
  /** Moves the Hub's clock. */
  pass(seconds: number): void;
  /** One request to the Hub, redirects not followed, nothing compressed unless asked. */
  ask(
    path: string,
    options?: { method?: string; token?: string; headers?: Record<string, string>; body?: string },
  ): Promise<Heard>;
  close(): Promise<void>;
}

export interface Heard {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  readonly text: string;
  /** The body, believed to look like T; the test's own comparisons check it. */
  json<T = Fields>(): T;
}

export async function openRoom(options: Partial<PracticeHubOptions> = {}): Promise<Room> {
  const folder = await mkdtemp(join(tmpdir(), 'practice-'));
  const modelFolder = join(folder, 'model');
  await mkdir(join(modelFolder, 'extra'), { recursive: true });
  for (const [path, bytes] of Object.entries(modelFiles)) await writeFile(join(modelFolder, path), bytes);
  let time = Date.UTC(2026, 10, 20, 12);
  const hub = await startPracticeHub({ modelFolder, now: () => time, seed: 7, ...options });
  return {
    hub,
    folder,
    pass(seconds) {
      time += seconds * 1000;
    },
    ask: (path, wishes) => hear(path.startsWith('http') ? path : hub.endpoint + path, wishes),
    async close() {
      await hub.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function hear(
  url: string,
  {
    method = 'GET',
    token,
    headers = {},
    body,
  }: { method?: string; token?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Heard> {
  const answer = await fetch(url, {
    method,
    redirect: 'manual',
    headers: {
      'accept-encoding': 'identity',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(body !== undefined && { body }),
  });
  const bytes = Buffer.from(await answer.arrayBuffer());
  const text = bytes.toString('utf8');
  return { status: answer.status, headers: answer.headers, bytes, text, json: <T>() => JSON.parse(text) as T };
}
