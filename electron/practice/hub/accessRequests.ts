export type AccessState = 'none' | 'pending' | 'granted' | 'rejected' | 'reset';

/** One account's request for one gated repository. */
export interface AccessRequest {
  readonly repo: string;
  readonly account: string;
  readonly state: Exclude<AccessState, 'none'>;
  /** When it was sent, ms since epoch. */
  readonly at: number;
}

export interface AccessRequests {
  state(repo: string, account: string): AccessState;
  /** All requests of one account, newest first, with the state they have now. */
  list(account: string): readonly AccessRequest[];
  /** The form was sent. A rejected request stays rejected and a granted one granted, silently, as on the real Hub. */
  ask(repo: string, account: string, mode: 'auto' | 'manual'): void;
  /** The authors, or a test, decide. */
  set(repo: string, account: string, state: AccessState): void;
  readonly approvalSeconds: number;
  setApprovalSeconds(seconds: number): void;
  all(): readonly AccessRequest[];
}

/** Keeps the access requests. A pending one grants itself after the approval time; no timer runs for that. */
export function createAccessRequests(options: {
  readonly now: () => number;
  readonly changed: () => void;
  readonly approvalSeconds: number;
  readonly saved: readonly AccessRequest[];
}): AccessRequests {
  const requests = new Map(options.saved.map((request) => [keyOf(request.repo, request.account), request]));
  let { approvalSeconds } = options;

  const current = (request: AccessRequest): AccessRequest =>
    request.state === 'pending' && options.now() >= request.at + approvalSeconds * 1000
      ? { ...request, state: 'granted' }
      : request;
  const set = (repo: string, account: string, state: AccessState): void => {
    if (state === 'none') requests.delete(keyOf(repo, account));
    else requests.set(keyOf(repo, account), { repo, account, state, at: options.now() });
    options.changed();
  };
  const state = (repo: string, account: string): AccessState => {
    const request = requests.get(keyOf(repo, account));
    return request === undefined ? 'none' : current(request).state;
  };

  return {
    state,
    set,
    list: (account) =>
      [...requests.values()]
        .filter((request) => request.account === account)
        .map(current)
        .sort((one, other) => other.at - one.at),
    ask(repo, account, mode) {
      const now = state(repo, account);
      if (now === 'none' || now === 'reset') set(repo, account, mode === 'auto' ? 'granted' : 'pending');
    },
    get approvalSeconds() {
      return approvalSeconds;
    },
    setApprovalSeconds(seconds) {
      approvalSeconds = seconds;
      options.changed();
    },
    all: () => [...requests.values()].map(current),
  };
}

function keyOf(repo: string, account: string): string {
  return `${account} ${repo}`;
}
