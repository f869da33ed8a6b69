import { execFile, spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Step } from './keychainScript.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');
const node = join(root, 'node_modules/node/bin/node');
const script = join(import.meta.dirname, 'keychainScript.ts');
const keyring = join(root, 'build/withKeyring.sh');
const canRun = ['dbus-run-session', 'gnome-keyring-daemon', 'gdbus'].every(
  (tool) => spawnSync('which', [tool]).status === 0,
);

/** Plays steps in a throw-away session with a real, unlocked keyring, one list per start of the app. */
async function inKeyring(...starts: readonly (readonly Step[])[]): Promise<unknown> {
  const { stdout } = await run(keyring, [node, script, ...starts.map((steps) => JSON.stringify(steps))]);
  return JSON.parse(stdout);
}

/** Plays steps where there is no session bus at all. */
async function withoutKeyring(steps: readonly Step[], env: Record<string, string> = {}): Promise<unknown> {
  const bare = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', ...env };
  const { stdout } = await run(node, [script, JSON.stringify(steps)], { env: bare });
  return JSON.parse(stdout);
}

const empty = { kind: 'empty' };
const value = (secret: string) => ({ kind: 'value', secret });
const locked = { kind: 'locked', reason: expect.any(String) as string };
const absent = { kind: 'absent', reason: expect.any(String) as string };
const read = { do: 'read' } as const;
const remove = { do: 'remove' } as const;
const lock = { do: 'lock' } as const;
const unlock = { do: 'unlock' } as const;
const marker = { do: 'marker' } as const;
const write = (secret: string) => ({ do: 'write', secret }) as const;

describe.skipIf(!canRun)('the keychain, on a real keyring', () => {
  test('is empty before anything was stored', async () => {
    expect(await inKeyring([read, remove, marker])).toEqual([empty, empty, false]);
  });

  test('gives back what was stored, and remembers that something was', async () => {
    expect(await inKeyring([write('hf_one'), read, marker])).toEqual([value('hf_one'), value('hf_one'), true]);
  });

  test('replaces what was stored', async () => {
    expect(await inKeyring([write('hf_one'), write('hf_two'), read])).toEqual([
      value('hf_one'),
      value('hf_two'),
      value('hf_two'),
    ]);
  });

  test.each([['p\u00e4ss \ud83d\udd11'], ['\u65e5\u672c\u8a9e'], ['"\\\n\t'], [' spaces '], ['x'.repeat(4000)]])(
    'keeps %j byte for byte',
    async (secret) => {
      expect(await inKeyring([write(secret), read])).toEqual([value(secret), value(secret)]);
    },
  );

  test('removes, and is empty afterwards', async () => {
    expect(await inKeyring([write('hf_one'), remove, read, marker, remove])).toEqual([
      value('hf_one'),
      empty,
      empty,
      false,
      empty,
    ]);
  });

  test('is locked, not empty, when a stored secret cannot be read, and has it again when unlocked', async () => {
    expect(await inKeyring([write('hf_one'), lock, read, marker, unlock], [read])).toEqual([
      value('hf_one'),
      null,
      locked,
      true,
      null,
      value('hf_one'),
    ]);
  });

  test('does not pretend to have removed or replaced a secret while it is locked', async () => {
    expect(await inKeyring([write('hf_one'), lock, remove, write('hf_two'), unlock], [read])).toEqual([
      value('hf_one'),
      null,
      locked,
      locked,
      null,
      value('hf_one'),
    ]);
  });

  test('says empty, and forgets the marker, when somebody removed the secret in the keychain itself', async () => {
    expect(await inKeyring([write('hf_one'), { do: 'removeOutside' }, read, marker])).toEqual([
      value('hf_one'),
      true,
      empty,
      false,
    ]);
  });

  test('heals a lost marker when it finds the secret', async () => {
    expect(await inKeyring([write('hf_one'), { do: 'forgetMarker' }, read, marker])).toEqual([
      value('hf_one'),
      null,
      value('hf_one'),
      true,
    ]);
  });

  test('is locked at the next start as well, and a start later it is not', async () => {
    expect(await inKeyring([write('hf_one'), lock], [read, marker, unlock], [read])).toEqual([
      value('hf_one'),
      null,
      locked,
      true,
      null,
      value('hf_one'),
    ]);
  });
});

describe('the keychain, where there is none', () => {
  test('is absent, and says why', async () => {
    expect(await withoutKeyring([read, write('hf_one'), remove])).toEqual([absent, absent, absent]);
  });

  test('is absent even when something had been stored, and does not forget that', async () => {
    expect(await withoutKeyring([read, marker], { MARKER: 'true' })).toEqual([absent, true]);
  });

  test('is absent when the bus is dead', async () => {
    expect(await withoutKeyring([read], { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nonexistent/bus' })).toEqual([absent]);
  });

  test('never holds an empty secret', async () => {
    await expect(withoutKeyring([write('')])).rejects.toThrow('An empty secret cannot be stored.');
  });
});
