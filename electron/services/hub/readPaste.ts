import { repoPattern } from '../../contract/ipc.ts';
import type { RepoId } from '../../contract/model.ts';
import { mostPasted, type Pasted } from '../../contract/paste.ts';
import type { ProblemCode } from '../../contract/problem.ts';

const part = '[A-Za-z0-9](?:[\\w.-]{0,94}[A-Za-z0-9])?';
const id = `${part}/${part}`;
const host = '(?:https?://)?(?:www\\.)?(?:huggingface\\.co|hf\\.co|hf-mirror\\.com|hub-ci\\.huggingface\\.co)';

/** Where repository ids stand in links, commands, code and error texts; the surest place first. */
const places: readonly RegExp[] = [
  new RegExp(`${host}/api/models/(${id})`, 'i'),
  new RegExp(`${host}/(?!datasets/|spaces/|settings/|docs/|blog/|join|login|api/|collections/|papers/)(${id})`, 'i'),
  new RegExp(
    `\\b(?:Access to model|access model|Repo model|gated repo[:]?|model id|repo_id)\\s*[:=]?\\s*["'\`]?(${id})`,
    'i',
  ),
  new RegExp(
    `\\b(?:from_pretrained|snapshot_download|hf_hub_download|pipeline|AutoTokenizer|AutoModel\\w*)\\b[^\\n]*?["'](${id})["']`,
  ),
  new RegExp(`\\b(?:hf|huggingface-cli)\\s+download\\s+(?:--\\S+\\s+)*["']?(${id})`),
  new RegExp(`\\b(?:vllm\\s+serve|ollama\\s+(?:run|pull)\\s+hf\\.co/|--model(?:-id)?[= ]|-hf\\s+)["']?\\s*(${id})`),
  new RegExp(`\\bmodels--([\\w.-]+?--[\\w.-]+?)(?=[/\\\\\\s"']|$)`),
  new RegExp(`["'\`](${id})["'\`]`, 'g'),
  // Any other Hub: a mirror, or the practice Hub on this computer.
  new RegExp(`\\bhttps?://[^\\s/"']+/(?:api/models/)?(${id})`, 'g'),
  new RegExp(`(?:^|[\\s(=:])(${id})(?=$|[\\s),;:.])`, 'gm'),
];

/** First parts of paths that look like an owner and are folders, pages of the Hub or kinds of content. */
const notOwners: ReadonlySet<string> = new Set(
  (
    'api docs blog datasets spaces settings models collections papers blob tree resolve raw usr home users lib bin opt ' +
    'var tmp etc root mnt site-packages python3 text application image http https and read tcp n'
  ).split(' '),
);

/**
 * Sentences of the Hub, of its Python client and of transformers.js, and what each one claims. The Hub's own sentence
 * stands before the client's: Python says "Repository Not Found" for any 401 it cannot explain, and "couldn't connect"
 * for a missing permission.
 */
const claims: readonly (readonly [RegExp, ProblemCode])[] = [
  [/not available in your region/i, 'region-blocked'],
  [/access to this resource is disabled/i, 'repo-disabled'],
  [/fine-grained token settings/i, 'token-lacks-gated'],
  [/not in the authorized list/i, 'access-never-asked'],
  [/awaiting a review/i, 'access-pending'],
  [/has been rejected by/i, 'access-rejected'],
  [/has been reset by/i, 'access-reset'],
  [
    /CERTIFICATE_VERIFY_FAILED|self[- ]signed certificate|SELF_SIGNED_CERT|unable to (?:get local issuer|verify the first)/i,
    'tls-intercepted',
  ],
  [/\b407\b.*proxy|ProxyError|proxy authentication required/i, 'proxy-or-portal'],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|getaddrinfo|Name or service not known|NameResolutionError|Max retries exceeded/i,
    'offline',
  ],
  [/\b429\b|too many requests|rate limit/i, 'rate-limited'],
  [/invalid header .*authorization|illegal header value/i, 'token-malformed'],
  [
    /invalid username or password|invalid credentials in authorization header|invalid user token/i,
    'token-not-accepted',
  ],
  [/variable `?HF_TOKEN`? is set and will override/i, 'token-hidden'],
  [/accept (?:the )?(?:model )?licen[cs]e|terms (?:have|has)n[o']t been accepted/i, 'access-never-asked'],
  [/could not read (?:username|password)|token (?:is )?required|terminal prompts disabled/i, 'no-token'],
  [/authentication failed for/i, 'token-not-accepted'],
  [
    /must have access to it and be authenticated|you must be authenticated to access|please log in|gated repo/i,
    'no-token',
  ],
  [/RevisionNotFound|revision not found|not a valid git identifier/i, 'revision-not-found'],
  [
    /couldn't connect to|cannot find the requested files in the (?:local|disk) cache|LocalEntryNotFoundError/i,
    'offline',
  ],
  [
    /could not locate file|\bEntryNotFound|entry not found|does not appear to have a file named|file can no longer be found/i,
    'file-not-found',
  ],
  [/repository not found|RepositoryNotFoundError|not a valid model identifier|not a local folder/i, 'repo-not-found'],
  [/no space left on device|ENOSPC/i, 'disk-full'],
  [/\b(?:500|502|503|504) (?:server error|internal|bad gateway|service|gateway)/i, 'hub-trouble'],
  [
    /unauthorized access to file|(?:error|status|code|http|manifest)\W{0,9}(?:code\W{1,3})?401\b|\b401 unauthori[sz]ed/i,
    'no-token',
  ],
  [
    /forbidden access to file|403 client error|\b403 forbidden|(?:error|status|code|http|manifest)\W{0,9}(?:code\W{1,3})?403\b|access denied/i,
    'access-unknown',
  ],
  [/(?:error|status|code|http|manifest)\W{0,9}(?:code\W{1,3})?404\b/i, 'repo-not-found'],
];

const token = /\b(?:hf_[A-Za-z0-9]{30,}|hf_oauth[\w.-]{8,}|api_org_\w{8,})/g;

/**
 * Reads whatever a person pastes into the one big field: a model name, a link, a command, code, a traceback. PURE.
 * The claim is only what the text says; the check finds out what is true.
 */
export function readPaste(text: string): Pasted {
  const all = text.slice(0, mostPasted);
  const holdsToken = token.test(all);
  token.lastIndex = 0;
  const clean = all
    .replace(token, ' ')
    .replace(/\p{Cf}/gu, '')
    .trim();
  const bare = clean.replace(/^["'`<(]+|["'`>).,;]+$/g, '');
  if (bare === '') return { kind: holdsToken ? 'token' : 'nothing', holdsToken };
  if (repoPattern.test(bare)) return { kind: 'repo', repo: bare, holdsToken };
  const claim = claims.find(([pattern]) => pattern.test(clean))?.[1];
  const repo = repoIn(clean);
  const common = { ...(repo === undefined ? {} : { repo }), ...resolveIn(clean), holdsToken };
  if (claim !== undefined) return { kind: 'error', claim, ...common };
  if (/^(?:export\s+)?(?:HF_TOKEN|HUGGING_FACE_HUB_TOKEN)\s*=/.test(clean)) return { kind: 'token', holdsToken };
  if (repo === undefined) return { kind: 'nothing', holdsToken };
  return { kind: /^\S+$/.test(bare) ? 'link' : 'command', ...common };
}

function repoIn(text: string): RepoId | undefined {
  for (const place of places) {
    const matches = place.global ? text.matchAll(place) : [place.exec(text)];
    for (const match of matches) {
      const found = match?.[1]?.replace('--', '/').replace(/\.git$|\.+$/g, '');
      if (found !== undefined && isModelName(found)) return found;
    }
  }
  return undefined;
}

function isModelName(found: string): boolean {
  const owner = found.slice(0, found.indexOf('/')).toLowerCase();
  const fileName = /\.(?:py|m?js|ts|so|json|txt|onnx|html?|safetensors|gguf|bin)$/i;
  return repoPattern.test(found) && !notOwners.has(owner) && !fileName.test(found);
}

function resolveIn(text: string): Pick<Pasted, 'file' | 'revision'> {
  const [, revision, file] =
    new RegExp(`/(?:resolve|blob|raw|tree)/([\\w.%-]+)(?:/([^\\s?#"'\`<>)]+))?`).exec(text) ?? [];
  return {
    ...(revision === undefined ? {} : { revision }),
    ...(file === undefined ? {} : { file: file.replace(/[.,:;]+$/, '') }),
  };
}
