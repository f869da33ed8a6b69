import type { Problem } from '../../contract/problem.ts';
import type { FoundToken, TokenUser } from '../../contract/tokens.ts';
import { cleanToken } from '../hub/cleanToken.ts';
import type { AccessToken } from '../hub/secret.ts';
import type { TokenReport, TokenSource } from '../hub/tokenSources.ts';
import { hiddenByEmpty, hiddenLogin, hiddenToken, shapelessToken, staleToken } from '../hub/tokenWords.ts';
import type { AccountFacts } from '../hub/whoami.ts';

/** What Hugging Face said about one token. */
export type TokenProof = { readonly owner: AccountFacts } | { readonly problem: Problem };

/** What the sentences are made of. */
export interface TokenFacts {
  readonly report: TokenReport;
  readonly ours: { readonly token: AccessToken; readonly owner?: string | undefined } | undefined;
  readonly proofOf: (token: AccessToken) => TokenProof | undefined;
  readonly idOf: (source: TokenSource) => string;
  /** The same source with its place as people read it. */
  readonly shown: (source: TokenSource) => TokenSource;
}

const names: Readonly<Record<TokenUser, string>> = {
  python: 'Python',
  'transformers.js': 'transformers.js',
  git: 'git',
  latchkey: 'Latchkey',
};

const isVariable = ({ kind }: TokenSource): boolean =>
  kind === 'environment' || kind === 'login-shell' || kind === 'shell-file';

const same = (a: TokenSource | undefined, b: AccessToken | undefined): boolean =>
  a?.token !== undefined && b !== undefined && a.token.reveal() === b.reveal();

/** The programs that would take this source; the same object in the report means the same place. */
export function usersOf(report: TokenReport, source: TokenSource): readonly TokenUser[] {
  return [
    ...(report.python === source ? (['python'] as const) : []),
    ...(report.transformersJs === source ? (['transformers.js'] as const) : []),
    ...(report.git === source ? (['git'] as const) : []),
  ];
}

/** How a source's text looks without asking anybody. */
export function looksOf({ token }: TokenSource): FoundToken['looks'] | 'dressed' {
  if (!token) return 'computed';
  const cleaned = cleanToken(token.reveal());
  if (!cleaned.ok) return 'other';
  return cleaned.value === token.reveal() ? 'token' : 'dressed';
}

/** PURE: every sentence worth saying about the tokens on this computer, the one that breaks scripts first. */
export function findConflicts(facts: TokenFacts): readonly Problem[] {
  return [...hiding(facts), ...stale(facts), ...shapeless(facts)];
}

function hiding(facts: TokenFacts): readonly Problem[] {
  const { report, ours, proofOf, shown } = facts;
  const found: Problem[] = [];
  const login = report.sources.find(({ kind }) => kind === 'token-file');
  const hidesLogin = (winner: TokenSource): boolean =>
    isVariable(winner) && login !== undefined && !same(login, winner.token);
  const winners = [...new Set([report.python, report.transformersJs])].filter((one) => one !== undefined);
  for (const winner of winners) {
    if (!ours || same(winner, ours.token)) continue;
    const proof = winner.token && proofOf(winner.token);
    if (proof && 'problem' in proof && proof.problem.code === 'token-not-accepted') continue; // said below
    found.push(
      hiddenToken({
        id: facts.idOf(winner),
        spot: shown(winner),
        programs: usersOf(report, winner).map((user) => names[user]),
        owner: proof && 'owner' in proof ? proof.owner.name : undefined,
        ours: ours.owner,
        hidesLogin: winner === report.python && hidesLogin(winner),
      }),
    );
  }
  const { python } = report;
  if (python && login && hidesLogin(python) && (!ours || same(python, ours.token))) {
    found.push(hiddenLogin(shown(python), shown(login)));
  }
  if (report.hiddenByEmpty) found.push(hiddenByEmpty(shown(report.hiddenByEmpty)));
  return found;
}

function stale({ report, proofOf, shown }: TokenFacts): readonly Problem[] {
  return report.sources.flatMap((source) => {
    const proof = source.token && proofOf(source.token);
    if (!proof || !('problem' in proof) || proof.problem.code !== 'token-not-accepted') return [];
    const programs = usersOf(report, source).map((user) => names[user]);
    return [staleToken(shown(source), programs, proof.problem)];
  });
}

function shapeless({ report, shown }: TokenFacts): readonly Problem[] {
  return report.sources.flatMap((source) => {
    const looks = looksOf(source);
    return looks === 'dressed' || looks === 'other' ? [shapelessToken(shown(source), looks)] : [];
  });
}
