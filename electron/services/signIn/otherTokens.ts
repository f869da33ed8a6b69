/**
 * The tokens other programs on this computer use. Everything is looked at when the person asks and at no other time;
 * whose a token is, Hugging Face is asked only on request. What leaves this file are places, names and last characters.
 */
import { createHash } from 'node:crypto';
import type { Problem } from '../../contract/problem.ts';
import { failed, ok, type Result } from '../../contract/result.ts';
import type { SignInState } from '../../contract/setup.ts';
import type { FoundToken, TokenFindings } from '../../contract/tokens.ts';
import { notFound } from '../explain.ts';
import type { AccessToken } from '../hub/secret.ts';
import { findTokenSources, type TokenReport, type TokenSource } from '../hub/tokenSources.ts';
import type { AccountFacts } from '../hub/whoami.ts';
import type { Computer, LogEntry } from '../ports.ts';
import { findConflicts, looksOf, type TokenProof, usersOf } from './conflicts.ts';
import type { SignIn } from './signIn.ts';

export interface OtherTokens {
  /** Looks again; `askGit` asks git's credential helpers, too. */
  find(options: { readonly askGit: boolean }): Promise<TokenFindings>;
  /** Asks Hugging Face whose one token is, or every one that was found. */
  test(id: string | undefined): Promise<Result<TokenFindings>>;
  /** Makes it Latchkey's own: proven first, then kept in the keychain. */
  adopt(id: string): Promise<Result<SignInState>>;
  /** What is known now, without looking again; undefined before the first look. */
  known(): TokenFindings | undefined;
}

/** whoami has a strict limit of its own; what it said stays true for a while. */
const freshMs = 10 * 60_000;
/** When it gives no time, a limit is believed to last this long. */
const limitedMs = 60_000;

export function createOtherTokens(options: {
  readonly computer: Computer | undefined;
  readonly hub: URL;
  readonly signIn: Pick<SignIn, 'token' | 'state' | 'save'>;
  readonly whoAmI: (token: AccessToken) => Promise<Result<AccountFacts>>;
  readonly now: () => number;
  readonly log: (entry: LogEntry) => void;
}): OtherTokens {
  const { computer, hub, signIn, now } = options;
  const proofs = new Map<string, { readonly proof: TokenProof; readonly at: number }>();
  let report: TokenReport | undefined;
  let lookedAt = 0;
  let askedGit = false;
  let limited: { readonly until: number; readonly problem: Problem } | undefined;

  const ours = (): { token: AccessToken; owner: string | undefined } | undefined => {
    const token = signIn.token();
    return token && { token, owner: signIn.state().account?.name };
  };
  const proofOf = (token: AccessToken): TokenProof | undefined => {
    const { account } = signIn.state();
    if (account && token.reveal() === signIn.token()?.reveal()) return { owner: account };
    return proofs.get(token.reveal())?.proof;
  };
  const shown = (source: TokenSource): TokenSource => ({ ...source, place: withTilde(source.place, computer?.home) });

  const describe = (source: TokenSource): FoundToken => {
    const looks = looksOf(source);
    const proof = source.token && proofOf(source.token);
    const { kind, name, place } = shown(source);
    return {
      id: idOf(source),
      kind,
      name,
      place,
      looks: looks === 'dressed' ? 'token' : looks,
      ...(source.token && looks !== 'other' ? { ending: source.token.ending } : {}),
      ours: source.token !== undefined && source.token.reveal() === signIn.token()?.reveal(),
      usedBy: report ? usersOf(report, source) : [],
      ...(proof && 'owner' in proof ? { owner: withoutHome(proof.owner) } : {}),
      ...(proof && 'problem' in proof ? { problem: proof.problem } : {}),
    };
  };
  const own = (): readonly FoundToken[] => {
    const token = signIn.token();
    if (!token) return [];
    const { account } = signIn.state();
    return [
      {
        id: 'latchkey',
        kind: 'keychain',
        name: 'Latchkey',
        place: signIn.state().vault === 'ready' ? 'keychain' : 'session',
        looks: 'token',
        ending: token.ending,
        ours: true,
        usedBy: ['latchkey'],
        ...(account ? { owner: withoutHome(account) } : {}),
      },
    ];
  };
  const findings = (): TokenFindings => ({
    found: [...own(), ...(report?.sources ?? []).map(describe)],
    conflicts: report ? findConflicts({ report, ours: ours(), proofOf, idOf, shown }) : [],
    lookedAt,
    looked: computer !== undefined,
    shell: report?.shell ?? 'none',
    askedGit,
  });

  const look = async (): Promise<TokenReport | undefined> => {
    if (!computer) return undefined;
    return findTokenSources(computer, { hub, askGit: askedGit });
  };
  const sourceOf = (id: string): TokenSource | undefined => report?.sources.find((source) => idOf(source) === id);

  /** False when asking on would be of no use: the limit is reached, or nobody answers. */
  async function prove(token: AccessToken): Promise<boolean> {
    const earlier = proofs.get(token.reveal());
    if (earlier && now() - earlier.at < freshMs && !isPassing(earlier.proof)) return true;
    if (limited && now() < limited.until) {
      proofs.set(token.reveal(), { proof: { problem: limited.problem }, at: now() });
      return false;
    }
    const answer = await options.whoAmI(token);
    proofs.set(token.reveal(), { proof: answer.ok ? { owner: answer.value } : { problem: answer.problem }, at: now() });
    if (answer.ok || answer.problem.code === 'token-not-accepted') return true;
    if (answer.problem.code === 'rate-limited') {
      limited = { until: answer.problem.evidence[0]?.retryAt ?? now() + limitedMs, problem: answer.problem };
    }
    return false;
  }

  return {
    async find({ askGit }) {
      askedGit = askGit && computer !== undefined;
      report = await look();
      lookedAt = now();
      options.log({ area: 'tokens', event: 'looked', found: report?.sources.length ?? 0, shell: report?.shell });
      return findings();
    },
    async test(id) {
      const source = id === undefined ? undefined : sourceOf(id);
      if (id !== undefined && !source) return failed(notFound('token'));
      const wanted = source ? [source] : (report?.sources ?? []);
      const tokens = new Map<string, AccessToken>();
      for (const one of wanted) {
        // Ours is asked about when it is used; what has no token's shape is sent nowhere.
        if (one.token && looksOf(one) === 'token' && !isOurs(one)) tokens.set(one.token.reveal(), one.token);
      }
      for (const token of tokens.values()) if (!(await prove(token))) break;
      return ok(findings());
    },
    async adopt(id) {
      const source = sourceOf(id);
      if (!source?.token) return failed(notFound('token'));
      return signIn.save(source.token.reveal());
    },
    known: () => (report || (!computer && lookedAt > 0) ? findings() : undefined),
  };

  function isOurs({ token }: TokenSource): boolean {
    return token !== undefined && signIn.state().account !== undefined && token.reveal() === signIn.token()?.reveal();
  }
}

/** The network and limits pass; what Hugging Face said of the token itself stays. */
function isPassing(proof: TokenProof): boolean {
  return 'problem' in proof && proof.problem.code !== 'token-not-accepted';
}

function idOf({ kind, name, place }: TokenSource): string {
  return createHash('sha256').update(`${kind}\n${name}\n${place}`).digest('hex').slice(0, 16);
}

function withTilde(place: string, home: string | undefined): string {
  return home !== undefined && home !== '' && place.startsWith(`${home}/`) ? `~${place.slice(home.length)}` : place;
}

/** An account without the place its token is kept in. */
function withoutHome(account: AccountFacts & { readonly home?: string }): AccountFacts {
  const { home: _home, ...facts } = account;
  return facts;
}
