import type { RequestName } from './ipc.ts';

/** Every condition Latchkey can name. One code = one row of words = one set of next steps. */
export type ProblemCode =
  // the network between
  | 'offline'
  | 'tls-intercepted'
  | 'proxy-or-portal'
  | 'not-the-hub'
  | 'mirror-asks'
  | 'hub-trouble'
  | 'rate-limited'
  | 'cdn-blocked'
  // the access token
  | 'no-token'
  | 'token-malformed'
  | 'token-not-accepted'
  | 'token-hidden'
  | 'token-lacks-gated'
  | 'organisation-policy'
  // the repository
  | 'repo-not-found'
  | 'repo-unknown-without-token'
  | 'repo-renamed'
  | 'repo-disabled'
  | 'region-blocked'
  | 'revision-not-found'
  | 'file-not-found'
  // the licence
  | 'access-never-asked'
  | 'access-pending'
  | 'access-rejected'
  | 'access-reset'
  | 'access-lost'
  | 'access-unknown'
  // the model
  | 'nothing-to-run'
  | 'unsupported-architecture'
  | 'unsafe-file-name'
  | 'damaged-file'
  | 'conversion-failed'
  // this computer
  | 'vault-unavailable'
  | 'vault-locked'
  | 'disk-full'
  | 'disk-trouble'
  | 'folder-unusable'
  | 'import-refused'
  | 'models-away'
  | 'data-away'
  | 'port-taken'
  | 'not-enough-memory'
  | 'computer-unsupported'
  | 'engine-stopped'
  | 'prompt-too-long'
  | 'template-refused'
  | 'update-failed'
  | 'update-not-genuine'
  | 'busy'
  | 'cancelled'
  | 'not-found'
  | 'bad-request'
  | 'internal';

/** Web pages the app may open, by name: the page never hands a URL to the host. */
export type PageName =
  'licence' | 'model' | 'new-token' | 'tokens' | 'requests' | 'sign-up' | 'status' | 'device-sign-in';

/** Places inside the app an action can lead to. */
export type ViewName =
  'journey' | 'chat' | 'models' | 'access' | 'storage' | 'settings' | 'token-field' | 'take-folder';

/** The next step. The first action of a problem is its primary button. */
export type Action =
  | { readonly kind: 'request'; readonly request: RequestName; readonly input?: unknown; readonly label: string }
  | { readonly kind: 'page'; readonly page: PageName; readonly repo?: string; readonly label: string }
  | { readonly kind: 'view'; readonly view: ViewName; readonly label: string }
  | { readonly kind: 'copy-report'; readonly label: string };

/** What was seen on the wire or from the system. Never holds an access token. */
export interface Evidence {
  readonly request?: string; // "GET /api/models/x/auth-check"
  readonly status?: number;
  readonly errorCode?: string; // X-Error-Code
  readonly errorMessage?: string; // X-Error-Message, or the body's own sentence, verbatim
  readonly requestId?: string; // X-Request-Id, else X-Amzn-Trace-Id, else X-Amz-Cf-Id
  readonly host?: string;
  readonly cause?: string; // errno, TLS code or exception text
  readonly account?: string;
  readonly at?: number; // ms since epoch
  readonly retryAt?: number; // ms since epoch, when the Hub said how long to wait
}

/** A true sentence, why, what is safe, and what to do. Words follow RFC 9457 (type, title, detail). */
export interface Problem {
  readonly code: ProblemCode;
  readonly title: string;
  readonly explanation: string;
  readonly actions: readonly Action[];
  readonly evidence: readonly Evidence[];
}
