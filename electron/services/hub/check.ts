/**
 * The truth about access: at most four small requests, one verdict. A yes is only ever auth-check's own "OK"; whatever
 * is not understood is said to be unknown (Hub facts 1.5b and 8).
 */
import type { ModelCard, RepoId } from '../../contract/model.ts';
import type { Evidence, Problem } from '../../contract/problem.ts';
import type { LicenceState, LicenceStatus } from '../../contract/setup.ts';
import { cancelled } from '../explain.ts';
import { checkedRepo, succeeded } from './ask.ts';
import { authCheck, saidYes } from './authCheck.ts';
import { type Asked, explain, readAnswer, verdict, type Verdict } from './explain.ts';
import { readCard, requestModelInfo } from './modelInfo.ts';
import type { Budget, HubAnswer, HubClient, HubResponse, SendOptions } from './request.ts';
import type { AccessToken } from './secret.ts';
import { type AccountFacts, whoAmI } from './whoami.ts';

export interface AccessQuestion {
  readonly repo: RepoId;
  readonly token?: AccessToken | undefined;
  /** Whose token it is, when whoami said so earlier. */
  readonly account?: Pick<AccountFacts, 'name' | 'readsGated'> | undefined;
  /** What whoami said, when it did not accept the token: asking with it again would tell nothing new. */
  readonly refused?: Problem | undefined;
}

/** No problem = the download may start. `card` and `licence` are told also when there is one. */
export interface AccessAnswer {
  readonly card?: ModelCard;
  readonly licence?: LicenceStatus;
  readonly problem?: Problem;
  /** Whose token it is, when this check had to ask. */
  readonly account?: AccountFacts;
}

/** Of one look at one repository, whoami included. */
export const mostRequests = 4;

/**
 * Checks one repository for one token. Order of verdicts: network, region, token, repository, disabled, permission of
 * the token, licence. The licence state is 'granted' only after auth-check answered 200 "OK".
 */
export async function checkAccess(
  hub: HubClient,
  question: AccessQuestion,
  { signal, budget = { left: mostRequests } }: SendOptions = {},
): Promise<AccessAnswer> {
  const refused = checkedRepo(question.repo);
  if (refused && !refused.ok) return { problem: refused.problem };
  const check = new Check(hub, question, { signal, budget });
  const answer = await check.run();
  return signal?.aborted ? { problem: cancelled() } : answer;
}

const stateOf: Partial<Record<Problem['code'], LicenceState>> = {
  'access-never-asked': 'never-asked',
  'access-pending': 'pending',
  'access-rejected': 'rejected',
  'access-reset': 'reset',
};

/** One run of the sequence: what is known so far, and how many requests are left. */
class Check {
  readonly #hub: HubClient;
  readonly #question: AccessQuestion;
  readonly #options: SendOptions & { readonly budget: Budget };
  #card: ModelCard | undefined;
  #account: AccountFacts | undefined;
  #token: Asked['token'];
  #whoami: Problem | undefined;

  constructor(hub: HubClient, question: AccessQuestion, options: SendOptions & { readonly budget: Budget }) {
    this.#hub = hub;
    this.#question = question;
    this.#options = options;
    this.#token = question.refused ? 'dead' : question.token ? 'unchecked' : 'none';
  }

  async run(): Promise<AccessAnswer> {
    const { repo, token, refused } = this.#question;
    if (refused) return this.#withDeadToken(refused.evidence);
    const info = await requestModelInfo(this.#hub, { repo, token }, this.#options);
    if (!succeeded(info)) return this.#withoutInfo(info);
    this.#card = readCard(info.json(), repo);
    if (!this.#card) return this.#misshapen(info);
    if (this.#card.disabled) return this.#conclude({ code: 'repo-disabled' }, info.evidence);
    const answer = await authCheck(this.#hub, { repo: this.#card.repo, token }, this.#options);
    if (saidYes(answer)) return this.#answer(this.#card.gate === 'none' ? 'not-gated' : 'granted');
    return this.#refused(answer);
  }

  /** The metadata that everybody may read was refused: the token, the name or the network is the reason. */
  async #withoutInfo(answer: HubAnswer): Promise<AccessAnswer> {
    if (answer.kind === 'failure' || this.#token === 'none') return this.#explained(answer);
    if (answer.status === 403) return this.#barred(answer);
    if (answer.status !== 401) return this.#explained(answer);
    await this.#askWhose();
    if (this.#whoami && this.#token !== 'dead') return { problem: this.#whoami };
    if (this.#token === 'alive') return this.#explained(answer); // neither missing (404) nor a bad token: quote it
    return this.#withDeadToken([answer.evidence]);
  }

  /** A 403 on metadata: an organisation may bar a token from everything it owns, while anybody else may read. */
  async #barred(answer: HubResponse): Promise<AccessAnswer> {
    const found = readAnswer(answer, this.#asked());
    if (found.code !== 'organisation-policy' && found.code !== 'token-lacks-gated' && found.code !== 'access-unknown') {
      return this.#explained(answer);
    }
    await this.#readWithoutToken();
    const tokenBound = this.#card !== undefined && found.code === 'access-unknown';
    return this.#conclude(tokenBound ? { ...found, shade: 'token-bound' } : found, answer.evidence);
  }

  async #readWithoutToken(): Promise<void> {
    const { repo } = this.#question;
    const info = await requestModelInfo(this.#hub, { repo }, this.#options);
    if (succeeded(info)) this.#card = readCard(info.json(), repo);
  }

  /** The token is out of the question; what the model says to everybody decides which words help. */
  async #withDeadToken([seen = {}, ...more]: readonly Evidence[]): Promise<AccessAnswer> {
    await this.#readWithoutToken();
    const plain = this.#card ? await authCheck(this.#hub, { repo: this.#card.repo }, this.#options) : undefined;
    // A region is judged before the token, and no new token would help there.
    if (plain?.kind === 'response' && readAnswer(plain, this.#asked()).code === 'region-blocked') {
      return this.#conclude({ code: 'region-blocked' }, plain.evidence);
    }
    const open = plain !== undefined && saidYes(plain);
    return this.#conclude({ code: 'token-not-accepted', ...(open ? { shade: 'public-model' } : {}) }, seen, more);
  }

  async #refused(answer: HubAnswer): Promise<AccessAnswer> {
    if (answer.kind === 'failure' || this.#token === 'none') return this.#explained(answer);
    const found = readAnswer(answer, this.#asked());
    if (answer.status === 401 && found.code === 'access-unknown') {
      await this.#askWhose();
      if (this.#whoami && this.#token !== 'dead') return this.#answer('unknown', this.#whoami);
      return this.#explained(answer); // dead: the token; alive: nobody knows, the sentence is quoted
    }
    if (answer.status === 403 && found.code === 'access-unknown') return this.#lookAlike(answer);
    // Naming the account tells "you have not asked" from "somebody else has".
    if (stateOf[found.code] !== undefined || found.code === 'token-lacks-gated') await this.#nameAccount();
    return this.#conclude(found, answer.evidence);
  }

  /** A 403 in words we do not know: is it about the token, or would anybody be refused? */
  async #lookAlike(answer: HubResponse): Promise<AccessAnswer> {
    const repo = this.#card?.repo ?? this.#question.repo;
    if (this.#options.budget.left < 1) return this.#explained(answer);
    const plain = await authCheck(this.#hub, { repo }, this.#options);
    await this.#nameAccount();
    const tokenBound = plain.kind === 'response' && (plain.status === 401 || saidYes(plain));
    if (!tokenBound) return this.#explained(answer);
    const gated = plain.evidence.errorCode === 'GatedRepo';
    const holder = this.#account ?? this.#question.account;
    const boxMissing = holder?.readsGated === false && gated && answer.evidence.errorCode === undefined;
    const found: Verdict = boxMissing
      ? { code: 'token-lacks-gated' }
      : { code: 'access-unknown', shade: 'token-bound' };
    return this.#conclude(found, answer.evidence, [plain.evidence]);
  }

  /** whoami as a judge: afterwards the token is alive or dead, or `#whoami` says why nobody knows. */
  async #askWhose(): Promise<void> {
    const { token } = this.#question;
    if (!token || this.#options.budget.left < 1) return;
    const answer = await whoAmI(this.#hub, token, this.#options);
    if (answer.ok) this.#account = answer.value;
    else this.#whoami = answer.problem;
    if (answer.ok) this.#token = 'alive';
    else if (answer.problem.code === 'token-not-accepted') this.#token = 'dead';
  }

  /** whoami for the name alone: its failure changes nothing. */
  async #nameAccount(): Promise<void> {
    if (this.#account ?? this.#question.account) return;
    await this.#askWhose();
  }

  #asked(): Asked {
    const { repo, account } = this.#question;
    return {
      endpoint: this.#hub.endpoint,
      repo: this.#card?.repo ?? repo,
      account: this.#account?.name ?? account?.name,
      token: this.#token,
    };
  }

  #misshapen(answer: HubResponse): AccessAnswer {
    const found = readAnswer(answer, this.#asked());
    const code = found.code === 'proxy-or-portal' ? found.code : 'not-the-hub';
    return { problem: verdict({ code }, answer.evidence, this.#asked()) };
  }

  #explained(answer: HubAnswer): AccessAnswer {
    const problem = explain(answer, this.#asked());
    return this.#answer(stateOf[problem.code] ?? 'unknown', problem);
  }

  #conclude(found: Verdict, evidence: Evidence, more: readonly Evidence[] = []): AccessAnswer {
    return this.#answer(stateOf[found.code] ?? 'unknown', verdict(found, evidence, this.#asked(), more));
  }

  #answer(state: LicenceState, problem?: Problem): AccessAnswer {
    const account = this.#asked().account;
    const card = this.#card;
    // An open repository has no licence to ask for, whatever else is wrong with it.
    const shown = card?.gate === 'none' && state === 'unknown' ? 'not-gated' : state;
    const licence: LicenceStatus | undefined = card && {
      repo: card.repo,
      state: shown,
      gate: card.gate,
      licence: card.licence,
      ...(account === undefined ? {} : { account }),
      ...(card.gate === 'none' ? {} : { form: card.form }),
      ...(card.excludesEu && card.gate !== 'none' ? { excludesEu: true } : {}),
      checkedAt: this.#hub.now(),
    };
    return {
      ...(card ? { card } : {}),
      ...(licence ? { licence } : {}),
      ...(problem ? { problem } : {}),
      ...(this.#account ? { account: this.#account } : {}),
    };
  }
}
