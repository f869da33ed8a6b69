import type { TokenKind } from './accounts.ts';
import type { PracticeHub } from './practiceHub.ts';

/** What a test needs to play a scenario through the product. */
export interface Stage {
  /** The access token to paste; undefined = the person has none. */
  readonly token: string | undefined;
  readonly repo: string;
}

interface Cast {
  readonly hub: PracticeHub;
  readonly repo: string;
  readonly account: string;
  /** A token of this account, read unless told otherwise. */
  readonly token: (
    kind?: TokenKind,
    rest?: { gated?: boolean; expired?: boolean; refusedBy?: readonly string[] },
  ) => string;
  /** The repository's gate is open for the account. */
  readonly granted: () => void;
}

type Scene = (cast: Cast) => string | undefined | { readonly token?: string; readonly repo: string };

const resolving = /^(?:GET|HEAD) \/(?!api\/).*\/resolve\//;
const anything = /./;

/** A scene behind an open gate, with faults on the way. */
const withFaults =
  (...faults: Parameters<PracticeHub['control']['script']>[0]): Scene =>
  (cast) => {
    cast.granted();
    cast.hub.control.script(faults);
    return cast.token();
  };

const scenes = {
  granted: withFaults(),
  'no-token': () => undefined,
  'never-requested': ({ token }) => token(),
  pending: ({ hub, repo, account, token }) => {
    hub.control.setApprovalSeconds(Infinity);
    hub.control.setRequestState(repo, account, 'pending');
    return token();
  },
  rejected: ({ hub, repo, account, token }) => {
    hub.control.setRequestState(repo, account, 'rejected');
    return token();
  },
  reset: ({ hub, repo, account, token }) => {
    hub.control.setRequestState(repo, account, 'reset');
    return token();
  },
  'bad-token': ({ granted, token }) => {
    granted();
    return token('read', { expired: true });
  },
  'no-gated-box': ({ granted, token }) => {
    granted();
    return token('fineGrained', { gated: false });
  },
  'org-policy': ({ granted, repo, token }) => {
    granted();
    return token('read', { refusedBy: [repo.slice(0, repo.indexOf('/'))] });
  },
  'wrong-account': ({ hub, repo, account, token }) => {
    hub.control.setRequestState(repo, account === 'bob' ? 'ada' : 'bob', 'granted');
    return token();
  },
  private: ({ token }) => ({ token: token(), repo: 'practice-labs/Vault-Instruct' }),
  missing: ({ token }) => ({ token: token(), repo: 'practice-labs/Nowhere' }),
  renamed: ({ granted, token }) => {
    granted();
    return { token: token(), repo: 'practice-labs/Keyhole-One-Instruct' };
  },
  disabled: ({ token }) => ({ token: token(), repo: 'practice-labs/Sealed-Instruct' }),
  region: ({ token }) => ({ token: token(), repo: 'practice-labs/Faraway-Instruct' }),
  unsupported: () => ({ repo: 'open-practice/Spectrum' }),
  'pickle-only': () => ({ repo: 'open-practice/Attic-Instruct' }),
  'expired-link': withFaults({ match: resolving, port: 'hub', do: 'expire-url', nth: 1, times: 2 }),
  'wrong-hash': withFaults({ match: anything, port: 'cdn', do: 'flip', nth: 1 }),
  'always-wrong-hash': withFaults({ match: anything, port: 'cdn', do: 'flip' }),
  slow: (cast) => {
    cast.granted();
    cast.hub.control.setPace({ bytesPerSecond: 300_000 });
    return cast.token();
  },
  cut: withFaults(
    { match: anything, port: 'cdn', do: 'reset', nth: 1, atByte: 100_000 },
    { match: anything, port: 'cdn', do: 'fin', nth: 2, atByte: 200_000 },
  ),
  stalled: withFaults({ match: anything, port: 'cdn', do: 'stall', nth: 1, atByte: 50_000 }),
  'rate-limited': withFaults({ match: resolving, port: 'hub', do: '429', nth: 1, times: 2, seconds: 2 }),
  'whoami-limited': ({ hub, granted, token }) => {
    granted();
    hub.control.rateLimit({ bucket: 'whoami', remaining: 0, resetSeconds: 30 });
    return token();
  },
  portal: withFaults({ match: anything, port: 'hub', do: 'html-portal' }),
  'hub-trouble': withFaults({ match: anything, port: 'hub', do: '5xx' }),
  'hub-hiccup': withFaults({ match: anything, port: 'hub', do: '5xx', nth: 1, times: 2 }),
  'range-ignored': withFaults({ match: anything, port: 'cdn', do: '200-for-range' }),
  'cdn-blocked': withFaults({ match: anything, port: 'cdn', do: 'stall' }),
  'moving-main': withFaults({ match: resolving, port: 'hub', do: 'new-commit', nth: 2 }),
  'access-lost': withFaults({ match: resolving, port: 'hub', do: '403-gated', nth: 2, times: Infinity }),
} satisfies Readonly<Record<string, Scene>>;

export type ScenarioName = keyof typeof scenes;

/** Every scenario by name. */
export const scenarioNames = Object.keys(scenes) as readonly ScenarioName[];

/** Puts the Hub into a named situation and returns what the person then holds. Start from a fresh Hub. */
export function playScenario(
  hub: PracticeHub,
  name: ScenarioName,
  { repo = 'practice-labs/Keyhole-1-Instruct', account = 'ada' }: { repo?: string; account?: string } = {},
): Stage {
  const scene: Scene = scenes[name];
  const outcome = scene({
    hub,
    repo,
    account,
    token: (kind = 'read', rest = {}) => hub.control.createToken({ account, kind, ...rest }),
    granted: () => {
      hub.control.setRequestState(repo, account, 'granted');
    },
  });
  return typeof outcome === 'object' ? { token: outcome.token, repo: outcome.repo } : { token: outcome, repo };
}
