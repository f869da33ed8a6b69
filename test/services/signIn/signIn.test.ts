import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { failed, ok, type Result } from '../../../electron/contract/result.ts';
import { stateFile } from '../../../electron/services/durable/stateFile.ts';
import { createAccessToken } from '../../../electron/services/hub/secret.ts';
import { describe as describeProblem } from '../../../electron/services/hub/words.ts';
import type { HeldToken } from '../../../electron/services/signIn/heldToken.ts';
import type { VaultAnswer, VaultPort } from '../../../electron/services/ports.ts';
import { type AccountNote, createSignIn, isAccountNote } from '../../../electron/services/signIn/signIn.ts';

const token = `hf_${'CANARYcanaryCANARYcanaryCANARYcana'}`;
const facts: AccountNote = { name: 'ada', kind: 'read', scopes: [], ending: 'cana', checkedAt: 1, readsGated: true };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'latchkey-signin-'));
});

/** A keychain in one of the four conditions that the real adapter reports. */
function vault(kind: VaultAnswer['kind'], secret = ''): VaultPort & { held(): string } {
  let held = kind === 'value' ? secret : '';
  const closed = (): VaultAnswer | undefined =>
    kind === 'locked' || kind === 'absent' ? { kind, reason: `the keychain is ${kind}` } : undefined;
  const answer = (): VaultAnswer => closed() ?? (held ? { kind: 'value', secret: held } : { kind: 'empty' });
  return {
    held: () => held,
    read: async () => answer(),
    async write(value) {
      if (!closed()) held = value;
      return answer();
    },
    async remove() {
      if (!closed()) held = '';
      return answer();
    },
  };
}

function signedIn(port: VaultPort, proof: Result<AccountNote> = ok(facts)) {
  const changes: unknown[] = [];
  let asked = 0;
  const signIn = createSignIn({
    vault: port,
    note: stateFile<AccountNote | null>({
      path: join(folder, 'account.json'),
      version: 1,
      check: (value): value is AccountNote | null => value === null || isAccountNote(value),
      onDamage: () => undefined,
    }),
    whoAmI: async () => {
      asked += 1;
      return proof;
    },
    now: () => 0,
    onChange: (state) => changes.push(state),
    log: () => undefined,
  });
  return { signIn, changes, asked: () => asked };
}

describe('signing in', () => {
  test('proves the token, then keeps it in the keychain', async () => {
    const port = vault('empty');
    const { signIn, asked } = signedIn(port);
    await signIn.start();
    expect(await signIn.save(` Bearer ${token}\n`)).toEqual(
      ok({ vault: 'ready', account: { ...facts, home: 'keychain' } }),
    );
    expect(port.held()).toBe(token);
    expect(asked()).toBe(1);
    expect(await signIn.account()).toMatchObject({ ok: true, value: { name: 'ada' } });
    expect(asked()).toBe(1);
  });

  test('stores nothing that the Hub refused', async () => {
    const port = vault('empty');
    const refusal = failed({ code: 'token-not-accepted', title: '', explanation: '', actions: [], evidence: [] });
    const { signIn } = signedIn(port, refusal);
    await signIn.start();
    expect(await signIn.save(token)).toEqual(refusal);
    expect(port.held()).toBe('');
    expect(signIn.token()).toBeUndefined();
  });

  test('does not ask the Hub about what cannot be a token', async () => {
    const { signIn, asked } = signedIn(vault('empty'));
    expect(await signIn.save('password123')).toMatchObject({ ok: false, problem: { code: 'token-malformed' } });
    expect(asked()).toBe(0);
  });

  test.each(['absent', 'locked'] as const)(
    'keeps the token for this run only when the keychain is %s',
    async (kind) => {
      const { signIn } = signedIn(vault(kind));
      await signIn.start();
      expect(signIn.state().vault).toBe(kind);
      expect(await signIn.save(token)).toMatchObject({
        ok: true,
        value: { vault: kind, account: { home: 'session' } },
      });
      expect(signIn.token()?.reveal()).toBe(token);
      for (const name of readdirSync(folder)) expect(readFileSync(join(folder, name), 'utf8')).not.toContain(token);
    },
  );

  test('names the stored account without a network', async () => {
    const port = vault('empty');
    const first = signedIn(port);
    await first.signIn.start();
    await first.signIn.save(token);
    const second = signedIn(port);
    await second.signIn.start();
    expect(second.signIn.state()).toEqual({ vault: 'ready', unchecked: { name: 'ada', ending: 'cana' } });
    expect(second.asked()).toBe(0);
  });

  test('does not mistake a locked keychain for signed out', async () => {
    const first = signedIn(vault('empty'));
    await first.signIn.start();
    await first.signIn.save(token);
    const locked = signedIn(vault('locked'));
    await locked.signIn.start();
    expect(locked.signIn.state()).toEqual({ vault: 'locked', unchecked: { name: 'ada', ending: 'cana' } });
    expect(await locked.signIn.forget()).toMatchObject({ ok: false, problem: { code: 'vault-locked' } });
  });

  test('forgets token and account', async () => {
    const port = vault('value', token);
    const { signIn } = signedIn(port);
    await signIn.start();
    expect(await signIn.forget()).toEqual(ok({ vault: 'empty' }));
    expect(port.held()).toBe('');
    expect(signIn.token()).toBeUndefined();
  });

  test('shows the token to nobody', async () => {
    const { signIn, changes } = signedIn(vault('empty'));
    await signIn.start();
    await signIn.save(token);
    const everything = JSON.stringify([changes, signIn.state(), signIn.token()]);
    expect(everything).not.toContain(token.slice(3, 20));
  });
});

describe('a sign-in through the browser', () => {
  const pair = (mark: string, expiresAt: number): string =>
    JSON.stringify({ token: `hf_oauth_${mark}`, refreshToken: `refresh-${mark}`, expiresAt });
  const minute = 60_000;

  function browserSignedIn(expiresAt: number, renewed: Result<HeldToken>) {
    const port = vault('value', pair('old', expiresAt));
    const used: string[] = [];
    const signIn = createSignIn({
      vault: port,
      note: stateFile<AccountNote | null>({
        path: join(folder, 'account.json'),
        version: 1,
        check: (value): value is AccountNote | null => value === null || isAccountNote(value),
        onDamage: () => undefined,
      }),
      whoAmI: async () => ok(facts),
      refresh: async (refreshToken) => {
        used.push(refreshToken.reveal());
        await Promise.resolve();
        return renewed;
      },
      now: () => 0,
      onChange: () => undefined,
      log: () => undefined,
    });
    return { signIn, port, used };
  }
  const fresh = {
    token: createAccessToken('hf_oauth_new'),
    refreshToken: createAccessToken('refresh-new'),
    expiresAt: 1,
  };

  test('that is about to end is renewed once, however many ask, and the new pair is kept', async () => {
    const { signIn, port, used } = browserSignedIn(9 * minute, ok(fresh));
    await signIn.start();
    await Promise.all([signIn.account(), signIn.renew(), signIn.renew()]);
    expect(used).toEqual(['refresh-old']);
    expect(signIn.token()?.reveal()).toBe('hf_oauth_new');
    expect(JSON.parse(port.held())).toEqual({ token: 'hf_oauth_new', refreshToken: 'refresh-new', expiresAt: 1 });
  });

  test('that lasts is left alone', async () => {
    const { signIn, used } = browserSignedIn(11 * minute, ok(fresh));
    await signIn.start();
    expect(await signIn.account()).toMatchObject({ ok: true });
    expect([used, signIn.token()?.reveal()]).toEqual([[], 'hf_oauth_old']);
  });

  test('that was withdrawn says so', async () => {
    const ended = failed(describeProblem('token-not-accepted', { shade: 'signed-out' }, []));
    const { signIn } = browserSignedIn(0, ended);
    await signIn.start();
    expect(await signIn.account()).toMatchObject({
      ok: false,
      problem: { code: 'token-not-accepted', actions: [{ label: 'Sign in again' }, {}] },
    });
  });
});
