/**
 * Adapters wrap one risky package each, so that replacing it is one diff. This one is the OS keychain through keytar,
 * which blocks a thread while an unlock prompt is open, answers "locked" and "no such secret" alike, and crashes in
 * findCredentials on a locked keyring (never called here).
 */
import { randomUUID } from 'node:crypto';
import type { VaultAnswer, VaultPort } from '../services/ports.ts';
import { oneAtATime } from './oneAtATime.ts';

/** Remembers outside the keychain that something was stored in it; holds no secret. */
export interface VaultMarker {
  read(): Promise<boolean>;
  write(stored: boolean): Promise<void>;
}

interface Keytar {
  getPassword(service: string, account: string): Promise<string | null>;
  setPassword(service: string, account: string, password: string): Promise<void>;
  deletePassword(service: string, account: string): Promise<boolean>;
}

const words = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** keytar's errors carry no code; every text but "locked" means that no keychain can be used. */
function refused(error: unknown): VaultAnswer {
  const reason = words(error);
  return /locked|interaction is not allowed|cancell?ed/i.test(reason)
    ? { kind: 'locked', reason }
    : { kind: 'absent', reason };
}

/** Lazy, because loading throws where libsecret is missing, and that is an answer, not a crash. */
async function loadKeytar(): Promise<Keytar> {
  const { default: keytar } = await import('keytar');
  return keytar;
}

/**
 * One secret under a fixed service and account. Every call answers within `deadlineMilliseconds`; a call stuck behind an
 * unlock prompt answers `locked` and later calls wait in line, never more than one inside keytar.
 */
export function createKeychain({
  service,
  account,
  marker,
  deadlineMilliseconds = 5000,
}: {
  readonly service: string;
  readonly account: string;
  readonly marker: VaultMarker;
  readonly deadlineMilliseconds?: number;
}): VaultPort {
  const inLine = oneAtATime();
  let remembered: Promise<void> = Promise.resolve();

  /** The marker must be right, but a full disk must not lose a secret that the keychain did take. */
  const remember = (stored: boolean): Promise<void> => {
    remembered = remembered.then(() => marker.write(stored)).catch(() => undefined);
    return remembered;
  };

  const found = async (secret: string): Promise<VaultAnswer> => {
    if (!(await marker.read())) await remember(true);
    return { kind: 'value', secret };
  };

  /** Nothing came back although something was stored: only a round trip of a throw-away secret tells locked from gone. */
  const lockedOrGone = async (keytar: Keytar): Promise<VaultAnswer> => {
    const probe = `${account} check`;
    const sample = randomUUID();
    try {
      await keytar.setPassword(service, probe, sample);
      const works = (await keytar.getPassword(service, probe)) === sample;
      await keytar.deletePassword(service, probe);
      if (!works) return { kind: 'locked', reason: 'the keychain did not give back what it was given' };
    } catch (error) {
      return { kind: 'locked', reason: words(error) };
    }
    // The prompt of the probe may have unlocked the keychain: look again before saying that the secret is gone.
    const secret = await keytar.getPassword(service, account);
    if (secret !== null) return found(secret);
    await remember(false);
    return { kind: 'empty' };
  };

  const read = async (keytar: Keytar): Promise<VaultAnswer> => {
    const secret = await keytar.getPassword(service, account);
    if (secret !== null) return found(secret);
    return (await marker.read()) ? lockedOrGone(keytar) : { kind: 'empty' };
  };

  const write = async (keytar: Keytar, secret: string): Promise<VaultAnswer> => {
    await keytar.setPassword(service, account, secret);
    // From here on it is stored, even if the caller's deadline has passed while a person unlocked the keychain.
    await remember(true);
    const back = await keytar.getPassword(service, account);
    if (back === secret) return { kind: 'value', secret };
    return { kind: 'locked', reason: 'the keychain did not give back what it was given' };
  };

  const remove = async (keytar: Keytar): Promise<VaultAnswer> => {
    const removed = await keytar.deletePassword(service, account);
    if (removed) {
      await remember(false);
      return { kind: 'empty' };
    }
    if (!(await marker.read())) return { kind: 'empty' };
    const answer = await lockedOrGone(keytar);
    // The probe unlocked it: now the secret can really be removed.
    if (answer.kind !== 'value') return answer;
    if (!(await keytar.deletePassword(service, account)))
      return { kind: 'locked', reason: 'the secret was not removed' };
    await remember(false);
    return { kind: 'empty' };
  };

  const ask = (work: (keytar: Keytar) => Promise<VaultAnswer>): Promise<VaultAnswer> => {
    const answered = inLine(
      async (): Promise<VaultAnswer> => {
        let keytar: Keytar;
        try {
          keytar = await loadKeytar();
        } catch (error) {
          return { kind: 'absent', reason: words(error) };
        }
        return work(keytar).catch(refused);
      },
      { deadlineMilliseconds },
    );
    return answered.then((answer) =>
      answer.inTime
        ? answer.value
        : { kind: 'locked', reason: `the keychain did not answer in ${deadlineMilliseconds / 1000} seconds` },
    );
  };

  return {
    read: () => ask(read),
    write: (secret) => {
      // keytar refuses it too, but with a synchronous throw; an empty access token is a bug of the caller.
      if (secret === '') throw new TypeError('An empty secret cannot be stored.');
      return ask((keytar) => write(keytar, secret));
    },
    remove: () => ask(remove),
  };
}
