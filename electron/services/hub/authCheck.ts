import type { RepoId } from '../../contract/model.ts';
import type { HubAnswer, HubClient, SendOptions } from './request.ts';
import type { AccessToken } from './secret.ts';

/** Asks the one cheap question about access: "OK", or the very refusal a download would meet (Hub facts 0.2). */
export function authCheck(
  hub: HubClient,
  { repo, token }: { readonly repo: RepoId; readonly token?: AccessToken | undefined },
  options?: SendOptions,
): Promise<HubAnswer> {
  return hub.send({ method: 'GET', path: `/api/models/${repo}/auth-check`, token }, options);
}

/** Only the Hub's own 200 with "OK" is a yes; a portal's 200 with a page is not. */
export function saidYes(answer: HubAnswer): boolean {
  return answer.kind === 'response' && answer.status === 200 && answer.text.trim() === 'OK';
}
