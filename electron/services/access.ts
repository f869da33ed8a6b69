/**
 * The rooms that know who the person is: the one holder of the token, and the tokens of other programs. Opened together,
 * because a change in one changes what the others say.
 */
import type { BackendEvent } from '../contract/ipc.ts';
import type { LicenceText } from '../contract/licence.ts';
import type { InstalledModel } from '../contract/model.ts';
import type { Result } from '../contract/result.ts';
import type { SignInState } from '../contract/setup.ts';
import type { Remember } from './durable/stateFile.ts';
import { checkAccess } from './hub/check.ts';
import { refreshTokens } from './hub/deviceSignIn.ts';
import { isMirror, type TokenConsent } from './hub/mirror.ts';
import type { HubClient } from './hub/request.ts';
import { whoAmI } from './hub/whoami.ts';
import type { Ports } from './ports.ts';
import { areComparisons, type Comparisons, createReceipts, type Receipts } from './licences/receipts.ts';
import { areLooks, createLicenceWatch, type LicenceWatch, type Looks } from './licences/watch.ts';
import { areLicences, createLicences, type Licences } from './licences/licences.ts';
import { licenceChanged } from './setup/announce.ts';
import { readLicence } from './setup/readLicence.ts';
import { type BrowserSignIn, createBrowserSignIn } from './signIn/browserSignIn.ts';
import { createOtherTokens, type OtherTokens } from './signIn/otherTokens.ts';
import { type AccountNote, createSignIn, isAccountNote, type SignIn } from './signIn/signIn.ts';

export interface AccessRooms {
  readonly signIn: SignIn;
  readonly otherTokens: OtherTokens;
  readonly browserSignIn: BrowserSignIn;
  /** Who is signed in, and the sign-in that is under way. */
  signInState(this: void): SignInState;
  readonly licences: Licences;
  readonly receipts: Receipts;
  readonly licenceWatch: LicenceWatch;
  readLicence(repo: string): Promise<Result<LicenceText>>;
}

export function openAccess(
  ports: Ports,
  {
    hub,
    remember,
    emit,
    onSignedIn,
    consent,
    isOffline,
    installed,
    models,
  }: {
    readonly hub: HubClient;
    readonly remember: Remember;
    readonly emit: (event: BackendEvent) => void;
    /** Somebody signed in by themselves, in the browser. */
    readonly onSignedIn: () => void;
    /** Whether the Hub in use may have a token. */
    readonly consent: () => TokenConsent;
    readonly isOffline: () => boolean;
    /** The folder of an installed model, by its id. */
    readonly installed: (id: string) => string | undefined;
    readonly models: () => readonly InstalledModel[];
  },
): AccessRooms {
  // Signing in with the browser is an affair of Hugging Face itself.
  const clientId = isMirror(ports.hubEndpoint) ? undefined : ports.clientId;
  const signInState = (): SignInState => {
    const browser = browserSignIn.state();
    return { ...signIn.state(), ...(browser && { browser }) };
  };
  const tell = (): void => {
    emit({ type: 'signIn.changed', signIn: signInState() });
    const findings = otherTokens.known();
    if (findings) emit({ type: 'tokens.changed', findings });
  };
  const signIn = createSignIn({
    vault: ports.vault,
    note: remember<AccountNote | null>(
      'account.json',
      (value): value is AccountNote | null => value === null || isAccountNote(value),
    ),
    whoAmI: (token, options) => whoAmI(hub, token, options),
    ...(clientId !== undefined && {
      refresh: (refreshToken, options) => refreshTokens(hub, { clientId, refreshToken }, options),
    }),
    isWithheld: () => consent() === 'no',
    now: ports.now,
    onChange: tell,
    log: ports.log,
  });
  const browserSignIn = createBrowserSignIn({
    hub,
    clientId,
    async adopt(held) {
      const adopted = await signIn.adopt(held);
      if (adopted.ok) onSignedIn();
      return adopted;
    },
    onChange: tell,
  });
  const otherTokens = createOtherTokens({
    computer: ports.computer,
    hub: new URL(ports.hubEndpoint),
    signIn,
    whoAmI: (token) => whoAmI(hub, token),
    now: ports.now,
    log: ports.log,
  });
  const licences = createLicences({
    file: remember('licences.json', areLicences),
    async ask(repo) {
      const account = await signIn.account();
      const token = signIn.token();
      return checkAccess(hub, { repo, token, account: account.ok ? account.value : undefined });
    },
  });
  const receipts = createReceipts({
    folderOf: installed,
    file: remember<Comparisons>('receipts.json', areComparisons),
    hub,
    token: () => signIn.tokenToSend(),
  });
  const licenceWatch = createLicenceWatch({
    file: remember<Looks>('licence-looks.json', areLooks),
    ...{ models, receipts, isOffline, now: ports.now },
    onChanged(receipt) {
      emit({ type: 'licence.changed', receipt });
      ports.notify?.(licenceChanged(receipt.repo));
    },
  });
  return {
    signIn,
    receipts,
    licenceWatch,
    otherTokens,
    browserSignIn,
    signInState,
    licences,
    async readLicence(repo) {
      await signIn.renew();
      return readLicence(hub, repo, signIn.tokenToSend());
    },
  };
}
