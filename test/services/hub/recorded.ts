import type { Recorded } from './wire.ts';

/** Recorded answers of the Hub, by state (Hub facts 1.2 to 1.8). */
export const repo = 'meta-llama/Llama-3.2-1B';
export const commit = '4e20de362430cd3b72f300e6b0f18e50e7166e08';
export const canary = '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';

const requestId = { 'x-request-id': 'Root=1-6912-abcdef' };

export function refusal(status: number, code: string | undefined, sentence: string): Recorded {
  return {
    status,
    headers: {
      ...requestId,
      'content-type': 'application/json; charset=utf-8',
      ...(code === undefined ? {} : { 'x-error-code': code }),
      'x-error-message': sentence,
    },
    body: JSON.stringify({ error: sentence }),
  };
}

export const yes: Recorded = { status: 200, headers: { ...requestId, 'content-type': 'text/plain' }, body: 'OK' };

export function info(changes: Readonly<Record<string, unknown>> = {}): Recorded {
  const body = {
    _id: '66e9d9a3a1b2c3d4e5f60718',
    id: repo,
    modelId: repo,
    author: 'meta-llama',
    sha: commit,
    private: false,
    disabled: false,
    gated: 'manual',
    tags: ['safetensors', 'license:llama3.2'],
    cardData: { license: 'llama3.2', extra_gated_prompt: '...' },
    siblings: [{ rfilename: 'README.md' }, { rfilename: 'config.json' }, { rfilename: 'model.safetensors' }],
    somethingNew: { nested: [1] },
    ...changes,
  };
  return { status: 200, headers: { ...requestId, 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

export function whoami(
  accessToken: Readonly<Record<string, unknown>> | undefined = { role: 'read', displayName: 'laptop' },
): Recorded {
  const body = {
    type: 'user',
    id: '5f',
    name: 'ada',
    fullname: 'Ada L.',
    orgs: [],
    auth: { type: 'access_token', accessToken },
  };
  return { status: 200, headers: { ...requestId, 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

export const anonymous = refusal(401, undefined, 'Invalid username or password.');
export const badCredentials = refusal(401, undefined, 'Invalid credentials in Authorization header');
export const gatedAnonymous = refusal(
  401,
  'GatedRepo',
  `Access to model ${repo} is restricted. You must have access to it and be authenticated to access it. Please log in.`,
);
export const gatedAnonymousOld = refusal(
  401,
  undefined,
  `Repo model ${repo} is gated. You must be authenticated to access it.`,
);
export const neverAsked = refusal(
  403,
  'GatedRepo',
  `Access to model ${repo} is restricted and you are not in the authorized list. Visit https://huggingface.co/${repo} to ask for access.`,
);
export const pending = refusal(
  403,
  'GatedRepo',
  `Your request to access model ${repo} is awaiting a review from the repo authors.`,
);
export const rejected = refusal(
  403,
  'GatedRepo',
  `Your request to access model ${repo} has been rejected by the repo's authors.`,
);
export const reset = refusal(
  403,
  'GatedRepo',
  `Your request to access model ${repo} has been reset by the repo's authors. Visit https://huggingface.co/${repo} to submit a new request.`,
);
export const noBox = refusal(
  403,
  undefined,
  'Please enable access to public gated repositories in your fine-grained token settings to view this repository.',
);
export const orgRevoked = refusal(
  403,
  undefined,
  'Your token has been revoked by the organization administrator, you can no longer access organization resources. Please contact them for more information.',
);
export const orgMember = refusal(
  403,
  undefined,
  'You have read access but not the required permissions for this operation',
);
export const disabled = refusal(403, undefined, 'Access to this resource is disabled.');
export const region = refusal(403, undefined, 'This model is not available in your region.');
export const repoMissing = refusal(404, 'RepoNotFound', 'Repository not found');
export const revisionMissing = refusal(404, 'RevisionNotFound', 'Revision not found');
export const entryMissing = refusal(404, 'EntryNotFound', 'Entry not found');
export const limited: Recorded = {
  status: 429,
  headers: { ...requestId, ratelimit: '"api";r=0;t=55', 'ratelimit-policy': '"fixed window";"api";q=500;w=300' },
  body: '{"error":"We had to rate limit your IP (192.0.2.1)."}',
};
export const portal: Recorded = {
  status: 200,
  headers: { 'content-type': 'text/html' },
  body: '<!doctype html><title>Hotel Wi-Fi</title>Welcome',
};
export const proxySignIn: Recorded = {
  status: 407,
  headers: { 'proxy-authenticate': 'Basic' },
  body: 'Proxy authentication',
};
export const filtered: Recorded = {
  status: 403,
  headers: { 'content-type': 'text/html' },
  body: '<html>Blocked by policy</html>',
};
export const trouble: Recorded = { status: 503, headers: requestId, body: 'Service Unavailable' };
