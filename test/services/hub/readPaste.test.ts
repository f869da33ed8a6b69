import { describe, expect, it } from 'vitest';
import { counterpartOf, familyOf } from '../../../electron/services/hub/family.ts';
import type { Pasted } from '../../../electron/contract/paste.ts';
import { readPaste } from '../../../electron/services/hub/readPaste.ts';

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
      { repo, claim: 'repo-not-found' },
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
    // other programs than Python
    [
      'Ollama',
      `$ ollama run hf.co/${repo}\npulling manifest\nError: pull model manifest: 401: {"error":"Invalid username or password."}`,
      { repo, claim: 'token-not-accepted' },
    ],
    ['Ollama, terse', `Error: pull model manifest: 403 (hf.co/${repo})`, { repo, claim: 'access-unknown' }],
    ['Jan, 401', `Hugging Face token required: ${file}`, { repo, claim: 'no-token' }],
    ['Jan, 403', `Accept model license on Hugging Face (${repo})`, { repo, claim: 'access-never-asked' }],
    [
      'Jan, its log',
      `Download failed: error decoding response: HTTP status 403 Forbidden for url (${file})`,
      { repo, claim: 'access-unknown', file: 'config.json' },
    ],
    [
      'LM Studio',
      `Failed to download ${repo}: File can no longer be found. It has likely been moved or deleted.`,
      { repo, claim: 'file-not-found' },
    ],
    [
      'curl',
      `$ curl -fLO ${file}\ncurl: (22) The requested URL returned error: 401`,
      { repo, claim: 'no-token', file: 'config.json' },
    ],
    [
      'curl -i',
      `HTTP/2 403\nx-error-code: GatedRepo\nx-error-message: Access to model ${repo} is restricted and you are not in the authorized list. Visit ${at} to ask for access.`,
      { repo, claim: 'access-never-asked' },
    ],
    ['curl, missing', `curl: (22) The requested URL returned error: 404\n${file}`, { repo, claim: 'repo-not-found' }],
    [
      'git without a token',
      `Cloning into 'Llama'...\nfatal: could not read Username for 'https://huggingface.co': terminal prompts disabled\n$ git clone ${at}`,
      { repo, claim: 'no-token' },
    ],
    [
      'git with a dead token',
      `remote: Invalid username or password.\nfatal: Authentication failed for '${at}/'`,
      { repo, claim: 'token-not-accepted' },
    ],
    [
      'git, gated',
      `remote: Access to model ${repo} is restricted and you are not in the authorized list. Visit ${at} to ask for access.\nfatal: unable to access '${at}/': The requested URL returned error: 403`,
      { repo, claim: 'access-never-asked' },
    ],
    [
      'git lfs',
      `batch response: Your request to access model ${repo} is awaiting a review from the repo authors.\nFailed to fetch some objects from '${at}.git/info/lfs'`,
      { repo, claim: 'access-pending' },
    ],
    [
      'llama.cpp',
      `common_download_file_single_online: HEAD failed, status: 401\nerror loading model from HF: -hf ${repo}`,
      { repo, claim: 'no-token' },
    ],
    [
      'candle',
      `Error: request error: ${file}: status code 403`,
      { repo, claim: 'access-unknown', file: 'config.json' },
    ],
    ['hf', `Error: Access denied. Model '${repo}' requires approval.`, { repo, claim: 'access-unknown' }],
    [
      'transformers.js in a browser',
      `Uncaught (in promise) Error: Unauthorized access to file: "${at}/resolve/main/tokenizer.json". at handleError (hub.js:260:15)`,
      { repo, claim: 'no-token', file: 'tokenizer.json' },
    ],
    ['the proxy', `ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 407')) ${file}`, { repo }],
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

describe('the model that readPaste finds', () => {
  it.each<[string, string | undefined]>([
    ['meta-llama/Llama-3.2-1B', 'meta-llama/Llama-3.2-1B'],
    ['  meta-llama/Llama-3.2-1B\n', 'meta-llama/Llama-3.2-1B'],
    ['https://huggingface.co/meta-llama/Llama-3.2-1B', 'meta-llama/Llama-3.2-1B'],
    ['https://huggingface.co/meta-llama/Llama-3.2-1B/tree/main?x=1', 'meta-llama/Llama-3.2-1B'],
    ['huggingface.co/google/gemma-3-1b-it', 'google/gemma-3-1b-it'],
    ['https://hf.co/google/gemma-3-1b-it.', 'google/gemma-3-1b-it'],
    ['https://huggingface.co/api/models/meta-llama/Llama-3.2-1B', 'meta-llama/Llama-3.2-1B'],
    ['git clone https://huggingface.co/meta-llama/Llama-3.2-1B.git', 'meta-llama/Llama-3.2-1B'],
    ['AutoModel.from_pretrained("meta-llama/Llama-3.2-1B", token=True)', 'meta-llama/Llama-3.2-1B'],
    [
      'Traceback (most recent call last):\n  File "/usr/lib/python3/site-packages/transformers/utils/hub.py", line 403\nOSError: You are trying to access a gated repo.\n401 Client Error. Cannot access gated repo for url https://huggingface.co/meta-llama/Llama-3.2-1B/resolve/main/config.json.\nAccess to model meta-llama/Llama-3.2-1B is restricted.',
      'meta-llama/Llama-3.2-1B',
    ],
    [
      'Access to model meta-llama/Llama-3.2-1B is restricted and you are not in the authorized list.',
      'meta-llama/Llama-3.2-1B',
    ],
    ['/home/ada/.cache/huggingface/hub/models--meta-llama--Llama-3.2-1B/snapshots', 'meta-llama/Llama-3.2-1B'],
    ['http://127.0.0.1:40123/practice-labs/Keyhole-1-Instruct/tree/main', 'practice-labs/Keyhole-1-Instruct'],
    ['https://mirror.example/api/models/google/gemma-2b/auth-check', 'google/gemma-2b'],
    ['why does google/gemma-2b give me 401', 'google/gemma-2b'],
    ['either and/or both', undefined],
    ['nothing here', undefined],
    ['', undefined],
    ['/usr/lib', undefined],
    ['https://huggingface.co/settings/tokens', undefined],
    ['x'.repeat(100_000), undefined],
  ])('%j', (pasted, found) => expect(readPaste(pasted).repo).toBe(found));
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
