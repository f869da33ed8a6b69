import type { Action } from '../../contract/problem.ts';

/** Next steps that several problems share. Without a repo there is no journey to check again, only a token to enter. */
export const again = (repo: string | undefined, label = 'Try again'): Action =>
  repo === undefined
    ? { kind: 'view', view: 'token-field', label }
    : { kind: 'request', request: 'setup.check', input: { repo }, label };

export const enterToken = (label: string): Action => ({ kind: 'view', view: 'token-field', label });

export const otherModel = (label = 'Choose another model'): Action => ({ kind: 'view', view: 'journey', label });

export const newToken = (label: string): Action => ({ kind: 'page', page: 'new-token', label });

export const licencePage = (repo: string | undefined): Action => ({
  kind: 'page',
  page: 'licence',
  ...(repo === undefined ? {} : { repo }),
  label: 'Open licence page',
});

export const copyReport = (label = 'Copy details'): Action => ({ kind: 'copy-report', label });

export const myRequests: Action = { kind: 'page', page: 'requests', label: 'Open my requests' };

export const installedModels: Action = { kind: 'view', view: 'chat', label: 'Use installed models' };

/** What the person says to a mirror that would get the token. */
export const mirrorDecision = (host: string | undefined, allow: boolean): Action => ({
  kind: 'request',
  request: 'mirror.decide',
  input: { allow },
  label: allow ? `Send it to ${host ?? 'the mirror'}` : 'Go on without it',
});

export const hubStatus: Action = { kind: 'page', page: 'status', label: 'Open status page' };
