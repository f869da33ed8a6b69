import { describe, expect, it } from 'vitest';
import { counterpartOf, familyOf } from '../../../electron/services/hub/family.ts';
import { readPaste, type Pasted } from '../../../electron/services/hub/readPaste.ts';

const repo = 'meta-llama/Llama-3.2-1B-Instruct';
const at = `https://huggingface.co/${repo}`;
const file = `${at}/resolve/main/config.json`;
const secret = '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';

describe('readPaste', () => {
  it.each<[string, string, Partial<Pasted>]>([
    // names and links
    ['a bare id', repo, { kind: 'repo', repo }],
    ['an id in quotes with blanks', `  "${repo}", `, { kind: 'repo', repo }],
    ['a link', at, { kind: 'link', repo }],
    ['a short link', `hf.co/${repo}`, { kind: 'link', repo }],
    [
      'a link to a file',
      `${at}/blob/main/README.md?x=1#top`,
      { kind: 'link', repo, revision: 'main', file: 'README.md' },
    ],
    ['a link to the API', `https://huggingface.co/api/models/${repo}`, { kind: 'link', repo }],
    ['a link on a mirror', `https://hf-mirror.com/${repo}/tree/main`, { kind: 'link', repo, revision: 'main' }],
    ['a clone', `git clone ${at}.git`, { kind: 'command', repo }],
    // commands and code
    ['hf download', `hf download --revision main ${repo}`.replace('--revision main ', ''), { kind: 'command', repo }],
    ['the older command', `huggingface-cli download ${repo} --local-dir x`, { kind: 'command', repo }],
    ['vLLM', `vllm serve ${repo} --port 1`, { kind: 'command', repo }],
    ['Python code', `tok = AutoTokenizer.from_pretrained("${repo}")`, { kind: 'command', repo }],
    ['JavaScript code', `await pipeline('text-generation', '${repo}')`, { kind: 'command', repo }],
    [
      'a cache folder',
      `/home/ada/.cache/huggingface/hub/models--meta-llama--Llama-3.2-1B-Instruct/snapshots`,
      { repo },
    ],
    // the gate
    [
      'no token',
      `401 Client Error. (Request ID: Root=1) Cannot access gated repo for url ${file}. Access to model ${repo} is restricted. You must have access to it and be authenticated to access it. Please log in.`,
      { kind: 'error', repo, claim: 'no-token', file: 'config.json' },
    ],
    [
      'gated repo, short',
      `OSError: You are trying to access a gated repo.\nMake sure to have access to it at ${at}.`,
      { repo, claim: 'no-token' },
    ],
    [
      'never asked',
      `403 Client Error. Access to model ${repo} is restricted and you are not in the authorized list. Visit ${at} to ask for access.`,
      { repo, claim: 'access-never-asked' },
    ],
    [
      'pending',
      `GatedRepoError: 403. Your request to access model ${repo} is awaiting a review from the repo authors.`,
      { repo, claim: 'access-pending' },
    ],
    [
      'rejected',
      `Your request to access model ${repo} has been rejected by the repo's authors.`,
      { repo, claim: 'access-rejected' },
    ],
    [
      'reset',
      `Your request to access model ${repo} has been reset by the repo's authors.`,
      { repo, claim: 'access-reset' },
    ],
    [
      'the missing box',
      `403 Forbidden: Please enable access to public gated repositories in your fine-grained token settings to view this repository..\nCannot access content at: ${file}.`,
      { repo, claim: 'token-lacks-gated' },
    ],
    [
      'the missing box, hidden behind "connect"',
      `OSError: We couldn't connect to 'https://huggingface.co' to load the files... 403 Forbidden: Please enable access to public gated repositories in your fine-grained token settings (${file})`,
      { repo, claim: 'token-lacks-gated' },
    ],
    ['region', `403 This model is not available in your region. ${file}`, { repo, claim: 'region-blocked' }],
    ['disabled', `403 Forbidden: Access to this resource is disabled. ${file}`, { repo, claim: 'repo-disabled' }],
    // the token
    [
      'dead token that reads as missing',
      `RepositoryNotFoundError: 401 Client Error. Repository Not Found for url: ${file}. Invalid username or password.`,
      { repo, claim: 'token-not-accepted' },
    ],
    ['bad credentials', `Invalid credentials in Authorization header (${file})`, { repo, claim: 'token-not-accepted' }],
    [
      'a line end in the token',
      `requests.exceptions.InvalidHeader: invalid header 'Authorization: Bearer ${secret}\\n'`,
      { claim: 'token-malformed', holdsToken: true },
    ],
    [
      'HF_TOKEN wins',
      'Note: the environment variable `HF_TOKEN` is set and will override the token',
      { kind: 'error', claim: 'token-hidden' },
    ],
    // the repository
    [
      'missing',
      `404 Client Error. Repository Not Found for url: https://huggingface.co/api/models/${repo}.`,
      { repo, claim: 'repo-not-found' },
    ],
    [
      'no local folder',
      `${repo} is not a local folder and is not a valid model identifier listed on 'https://huggingface.co/models'`,
      { claim: 'repo-not-found' },
    ],
    [
      'no ONNX file',
      `Could not locate file: "${at}/resolve/main/onnx/model_quantized.onnx".`,
      { repo, claim: 'file-not-found', file: 'onnx/model_quantized.onnx' },
    ],
    [
      'transformers.js, 401',
      `Unauthorized access to file: "${file}".`,
      { repo, claim: 'no-token', file: 'config.json' },
    ],
    ['transformers.js, 403', `Forbidden access to file: "${file}".`, { repo, claim: 'access-unknown' }],
    // the network and the disk
    [
      'inspection',
      `SSLError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate in certificate chain ${file}`,
      { repo, claim: 'tls-intercepted' },
    ],
    [
      'no network',
      `MaxRetryError: HTTPSConnectionPool(host='huggingface.co', port=443): Max retries exceeded (NameResolutionError)`,
      { claim: 'offline' },
    ],
    [
      'no cache',
      'LocalEntryNotFoundError: An error happened while trying to locate the file on the Hub and we cannot find the requested files in the local cache.',
      { claim: 'offline' },
    ],
    ['rate limit', `429 Client Error: Too Many Requests for url: ${file}`, { repo, claim: 'rate-limited' }],
    ['server trouble', `503 Server Error: Service Unavailable for url: ${file}`, { repo, claim: 'hub-trouble' }],
    ['disk', 'OSError: [Errno 28] No space left on device', { claim: 'disk-full' }],
    // nothing to go by
    ['words', 'my model does not load, help', { kind: 'nothing' }],
    ['nothing', ' \n ', { kind: 'nothing' }],
    ['another page of the Hub', 'https://huggingface.co/settings/tokens', { kind: 'nothing' }],
    ['a data set', 'https://huggingface.co/datasets/a/b', { kind: 'nothing' }],
    ['a token alone', secret, { kind: 'token', holdsToken: true }],
    ['a token being set', `export HF_TOKEN=${secret}`, { kind: 'token', holdsToken: true }],
  ])('reads %s', (_, text, expected) => {
    const pasted = readPaste(text);
    expect(pasted).toMatchObject(expected);
    if (expected.repo === undefined) expect(pasted.repo).toBeUndefined();
    expect(JSON.stringify(pasted)).not.toContain('CANARY');
  });

  it('answers at once for long and hostile text', { retry: 3 }, () => {
    const started = performance.now();
    for (const text of [
      'a/'.repeat(100_000),
      'a-'.repeat(100_000),
      `from_pretrained ${'"a'.repeat(60_000)}`,
      'models--'.repeat(20_000),
      ' '.repeat(200_000),
      'hf download '.repeat(15_000),
      '--x '.repeat(50_000),
    ]) {
      readPaste(text);
    }
    expect(performance.now() - started).toBeLessThan(4000);
  });
});

describe('familyOf', () => {
  it('knows the siblings of a repository in any spelling', () => {
    const family = familyOf('meta-llama/llama-3.2-1b');
    expect(family?.name).toBe('Llama');
    expect(new Set(family?.members.map((one) => one.generation))).toEqual(new Set(['3.3', '3.2', '3.1', '3', '2']));
    expect(familyOf('meta-llama/Meta-Llama-3.1-8B')).toBe(family);
    expect(familyOf('meta-llama/Meta-Llama-3-8B')).toBe(family);
    expect(familyOf('ada/own-model')).toBeUndefined();
  });

  it('finds Base for Instruct and the other way round', () => {
    expect(counterpartOf('meta-llama/Llama-3.2-1B')).toBe(repo);
    expect(counterpartOf(repo)).toBe('meta-llama/Llama-3.2-1B');
    expect(counterpartOf('meta-llama/Llama-3.3-70B-Instruct')).toBeUndefined();
    expect(counterpartOf('ada/own-model')).toBeUndefined();
  });

  it('lists no repository twice', () => {
    for (const id of [repo, 'google/gemma-2b', 'mistralai/Mistral-7B-v0.1']) {
      const repos = familyOf(id)?.members.map((one) => one.repo) ?? [];
      expect(new Set(repos).size).toBe(repos.length);
      expect(repos).toContain(id);
    }
  });
});
