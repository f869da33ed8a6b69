/**
 * The rooms that know who the person is: the one holder of the token, and the tokens of other programs. Opened together,
 * because a change in one changes what the others say.
 */
import type { BackendEvent } from '../contract/ipc.ts';
import type { StateFile } from './durable/stateFile.ts';
import type { HubClient } from './hub/request.ts';
import { whoAmI } from './hub/whoami.ts';
import type { Ports } from './ports.ts';
import { createOtherTokens, type OtherTokens } from './signIn/otherTokens.ts';
import { type AccountNote, createSignIn, isAccountNote, type SignIn } from './signIn/signIn.ts';

export interface AccessRooms {
  readonly signIn: SignIn;
  readonly otherTokens: OtherTokens;
}

/** A state file in the app's data folder. */
export type Remember = <T>(name: string, check: (value: unknown) => value is T) => StateFile<T>;

export function openAccess(
  ports: Ports,
  {
    hub,
    remember,
    emit,
  }: { readonly hub: HubClient; readonly remember: Remember; readonly emit: (event: BackendEvent) => void },
): AccessRooms {
  const signIn = createSignIn({
    vault: ports.vault,
    note: remember<AccountNote | null>(
      'account.json',
      (value): value is AccountNote | null => value === null || isAccountNote(value),
    ),
    whoAmI: (token, options) => whoAmI(hub, token, options),
    onChange(state) {
      emit({ type: 'signIn.changed', signIn: state });
      const findings = otherTokens.known();
      if (findings) emit({ type: 'tokens.changed', findings });
    },
    log: ports.log,
  });
  const otherTokens = createOtherTokens({
    computer: ports.computer,
    hub: new URL(ports.hubEndpoint),
    signIn,
    whoAmI: (token) => whoAmI(hub, token),
    now: ports.now,
    log: ports.log,
  });
  return { signIn, otherTokens };
}
