import type { Caller } from './accounts.ts';
import type { AccessRequests } from './accessRequests.ts';
import type { Refusal } from './answer.ts';
import type { Habits } from './practiceHub.ts';
import type { Repository } from './repositories.ts';

/** The Hub's sentences, word for word where they were recorded (Hub facts 1.3 and 1.5). */
export const sentences = {
  badCredentials: 'Invalid username or password.',
  repoNotFound: 'Repository not found',
  revisionNotFound: 'Revision not found',
  entryNotFound: 'Entry not found',
  disabled: 'Access to this resource is disabled.',
  region: 'This model is not available in your region.',
  gatedBox:
    'Please enable access to public gated repositories in your fine-grained token settings to view this repository.',
  organisation:
    'Your token has been revoked by the organization administrator, you can no longer access organization resources. Please contact them for more information.',
  noWrite: 'You have read access but not the required permissions for this operation',
} as const;

const gated = (status: 401 | 403, sentence: string): Refusal => ({ status, code: 'GatedRepo', sentence });

/** The five sentences of the gate; `endpoint` stands where the real Hub names itself. */
export function gateRefusal(
  state: 'anonymous' | 'none' | 'pending' | 'rejected' | 'reset',
  { id, endpoint }: { id: string; endpoint: string },
): Refusal {
  switch (state) {
    case 'anonymous':
      return gated(
        401,
        `Access to model ${id} is restricted. You must have access to it and be authenticated to access it. Please log in.`,
      );
    case 'none':
      return gated(
        403,
        `Access to model ${id} is restricted and you are not in the authorized list. Visit ${endpoint}/${id} to ask for access.`,
      );
    case 'pending':
      return gated(403, `Your request to access model ${id} is awaiting a review from the repo authors.`);
    case 'rejected':
      return gated(403, `Your request to access model ${id} has been rejected by the repo's authors.`);
    case 'reset':
      return gated(
        403,
        `Your request to access model ${id} has been reset by the repo's authors. Visit ${endpoint}/${id} to submit a new request.`,
      );
  }
}

export interface AccessQuestion {
  readonly caller: Caller;
  readonly requests: AccessRequests;
  readonly habits: Habits;
  readonly endpoint: string;
}

/** The same words for a repository that is missing and one that is private: nobody can list names by asking. */
export function unknownRepository(caller: Caller): Refusal {
  return caller.kind === 'known'
    ? { status: 404, code: 'RepoNotFound', sentence: sentences.repoNotFound }
    : { status: 401, sentence: sentences.badCredentials };
}

/** May this caller see that the repository exists (model info, tree)? undefined = yes. */
export function judgeMetadata(repository: Repository, { caller, habits }: AccessQuestion): Refusal | undefined {
  if (repository.spec.private && !mayReadPrivate(repository, caller)) return unknownRepository(caller);
  if (caller.kind === 'dead') return { status: 401, sentence: habits.deadTokenSentence };
  return refusedByOwner(repository, caller);
}

/** May this caller read contents (auth-check, resolve, raw, blob)? undefined = yes. Checked before anything exists. */
export function judgeContent(
  repository: Repository,
  question: AccessQuestion,
  { publicFile = false }: { publicFile?: boolean } = {},
): Refusal | undefined {
  const { caller, requests, habits, endpoint } = question;
  const { spec } = repository;
  // The region is judged before the token: no token, a good one and a malformed one hear the same.
  if (spec.regionBlocked) return { status: 403, sentence: sentences.region };
  if (spec.gated && !spec.private && caller.kind === 'dead' && habits.deadTokenOnGated === 'gated') {
    return gateRefusal('anonymous', { id: spec.id, endpoint });
  }
  const metadata = judgeMetadata(repository, question);
  if (metadata) return metadata;
  if (spec.disabled) return { status: 403, sentence: sentences.disabled };
  if (!spec.gated || publicFile) return undefined;
  if (caller.kind !== 'known') return gateRefusal('anonymous', { id: spec.id, endpoint });
  if (!mayUseGate(repository, caller)) return { status: 403, sentence: sentences.gatedBox };
  if (roleIn(repository, caller)) return undefined;
  const state = requests.state(spec.id, caller.account.name);
  return state === 'granted' ? undefined : gateRefusal(state, { id: spec.id, endpoint });
}

/** May this caller change the repository? Only asked by auth-check/write. */
export function judgeWrite(repository: Repository, { caller }: AccessQuestion): Refusal | undefined {
  const able = caller.kind === 'known' && caller.token.kind === 'write' && roleIn(repository, caller) !== 'read';
  return able && roleIn(repository, caller) ? undefined : { status: 403, sentence: sentences.noWrite };
}

/** README and licence files at the root of a gated repository are public, by exact name (Hub facts 1.5). */
export function isPublicFile(path: string): boolean {
  return ['README.md', 'LICENSE', 'LICENSE.md', 'LICENSE.txt'].includes(path);
}

type Known = Extract<Caller, { kind: 'known' }>;

function roleIn(repository: Repository, { account }: Known): string | undefined {
  if (account.name === repository.owner) return 'admin';
  return account.orgs.find((org) => org.name === repository.owner)?.role;
}

function mayReadPrivate(repository: Repository, caller: Caller): boolean {
  if (caller.kind !== 'known' || !roleIn(repository, caller)) return false;
  const { kind } = caller.token;
  return kind === 'fineGrained' ? hasScope(repository, caller) : kind !== 'oauth';
}

function mayUseGate(repository: Repository, caller: Known): boolean {
  const { kind, gated: box } = caller.token;
  return kind === 'read' || kind === 'write' || box || (kind === 'fineGrained' && hasScope(repository, caller));
}

function hasScope({ spec, owner }: Repository, { token }: Known): boolean {
  return token.scopes.some(
    ({ entity, permissions }) =>
      entity.name === (entity.type === 'model' ? spec.id : owner) && permissions.includes('repo.content.read'),
  );
}

function refusedByOwner(repository: Repository, caller: Caller): Refusal | undefined {
  const refused = caller.kind === 'known' && caller.token.refusedBy.includes(repository.owner);
  return refused ? { status: 403, sentence: sentences.organisation } : undefined;
}
