/**
 * probeHub.ts FOLDER: asks the live Hub what no document tells, and writes each answer to FOLDER as JSON: status, the
 * headers that decide, the first kilobytes of the body. Tokens come from the environment and are in no file. The answers
 * are compared by people with what the practice Hub says; LATCHKEY_PROBE_HUB points elsewhere for a try.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const hub = process.env['LATCHKEY_PROBE_HUB'] ?? 'https://huggingface.co';
const folder = process.argv[2] ?? 'recorded';
const gated = 'meta-llama/Llama-3.2-1B-Instruct';
/** Gated, and never asked for by the accounts of the tokens. */
const strange = 'CohereLabs/c4ai-command-r7b-12-2024';
const open = 'hf-internal-testing/tiny-random-LlamaForCausalLM';

const tokens: Readonly<Record<string, string | undefined>> = {
  nobody: undefined,
  // A secret that does not exist arrives as an empty variable.
  read: process.env['PROBE_READ_TOKEN'] || undefined,
  boxless: process.env['PROBE_BOXLESS_TOKEN'] || undefined,
  browser: process.env['PROBE_BROWSER_TOKEN'] || undefined,
  dead: process.env['PROBE_DEAD_TOKEN'] || `hf_${'A'.repeat(34)}`,
};
const questions: Readonly<Record<string, string>> = {
  'whoami-v2': '/api/whoami-v2',
  'info-gated': `/api/models/${gated}`,
  'info-open': `/api/models/${open}`,
  'auth-check-gated': `/api/models/${gated}/auth-check`,
  'auth-check-never-asked': `/api/models/${strange}/auth-check`,
  'auth-check-open': `/api/models/${open}/auth-check`,
  'resolve-gated': `/${gated}/resolve/main/model.safetensors`,
  'resolve-gated-config': `/${gated}/resolve/main/config.json`,
  'resolve-gated-readme': `/${gated}/resolve/main/README.md`,
  'resolve-open': `/${open}/resolve/main/model.safetensors`,
  'no-such-repo': '/api/models/meta-llama/There-Is-No-Such-Model',
};
/** What decides, and what helps to find a request again. Cookies and signed addresses are left out. */
const kept =
  /^(x-error|x-request-id|x-repo-commit|x-linked|x-xet-hash|etag|content-(type|length|range)|accept-ranges|ratelimit|retry-after|vary|www-authenticate)/;

/** A signed address without what signs it. */
const withoutQuery = (location: string | null): string | undefined => location?.replace(/\?.*$/, '?...');

interface Answer {
  readonly status?: number;
  readonly failed?: string;
  readonly [fact: string]: unknown;
}

async function ask(path: string, token: string | undefined): Promise<Answer> {
  const answer = await fetch(hub + path, {
    redirect: 'manual',
    headers: { ...(token !== undefined && { Authorization: `Bearer ${token}` }), 'User-Agent': 'latchkey-probe' },
    signal: AbortSignal.timeout(30_000),
  });
  const body = (await answer.text()).slice(0, 4000);
  return {
    status: answer.status,
    headers: Object.fromEntries([...answer.headers].filter(([name]) => kept.test(name))),
    location: withoutQuery(answer.headers.get('location')),
    body,
  };
}

mkdirSync(folder, { recursive: true });
let failures = 0;
for (const [who, token] of Object.entries(tokens)) {
  if (token === undefined && who !== 'nobody') {
    console.log(`${who}: no token in the environment, left out`);
    continue;
  }
  for (const [what, path] of Object.entries(questions)) {
    const answer: Answer = await ask(path, token).catch((error: unknown) => {
      failures += 1;
      return { failed: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
    });
    const text = JSON.stringify({ request: `GET ${path}`, who, at: new Date().toISOString(), ...answer }, null, 2);
    const secrets = Object.values(tokens).filter((one) => one !== undefined && one !== '');
    if (secrets.some((secret) => secret !== undefined && text.includes(secret)))
      throw new Error(`The answer to ${path} repeats a token; nothing was written.`);
    writeFileSync(join(folder, `${what}.${who}.json`), `${text}\n`);
    console.log(`${who.padEnd(8)} ${what.padEnd(22)} ${answer.status ?? answer.failed}`);
  }
}
process.exitCode = failures > 0 ? 1 : 0;
