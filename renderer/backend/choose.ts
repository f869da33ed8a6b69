/**
 * How the page reaches the services. This folder is the only place that knows which host carries the words; everything
 * else sees a Backend and asks app.info what it can do.
 */
import type { Backend } from '../../electron/contract/ipc.ts';
import { failed } from '../../electron/contract/result.ts';
import { t } from '../text/en.ts';
import { desktopBackend } from './desktop.ts';
import { takeSecret } from './secret.ts';
import { webBackend } from './web.ts';

/** Answers every request with the fact that this page was opened without its link. */
function lockedOut(): Backend {
  return {
    request: async () => failed({ code: 'bad-request', ...t.app.noSecret, actions: [], evidence: [] }),
    subscribe: () => () => undefined,
  };
}

/** The backend of the host this page runs in. */
export function chooseBackend(page: Window): Backend {
  const desktop = desktopBackend(page);
  if (desktop) return desktop;
  const secret = takeSecret(page);
  return secret === undefined ? lockedOut() : webBackend({ secret, fetch: page.fetch.bind(page) });
}
