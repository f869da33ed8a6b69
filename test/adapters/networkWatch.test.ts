import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createNetworkWatch } from '../../electron/adapters/networkWatch.ts';

/** A computer whose addresses and clock a test sets; looked at every 5 ms. */
function computer() {
  const state = { addresses: ['eth0 10.0.0.2'], ahead: 0, changes: 0 };
  const watch = createNetworkWatch({ addresses: () => state.addresses, now: () => Date.now() + state.ahead }, 5);
  const stop = watch(() => (state.changes += 1));
  return { state, stop };
}

test('tells of other addresses once, and not of the same in another order', async () => {
  const { state, stop } = computer();
  await delay(30);
  expect(state.changes).toBe(0);
  state.addresses = ['wlan0 10.0.0.7', 'tun0 10.8.0.1'];
  await expect.poll(() => state.changes).toBe(1);
  state.addresses = ['tun0 10.8.0.1', 'wlan0 10.0.0.7'];
  await delay(30);
  expect(state.changes).toBe(1);
  stop();
  state.addresses = ['eth0 10.0.0.2'];
  await delay(30);
  expect(state.changes).toBe(1);
});

test('says nothing while there is no network, and tells when it is back', async () => {
  const { state, stop } = computer();
  state.addresses = [];
  await delay(30);
  expect(state.changes).toBe(0);
  state.addresses = ['eth0 10.0.0.2'];
  await expect.poll(() => state.changes).toBe(1);
  stop();
});

test('tells when the computer slept', async () => {
  const { state, stop } = computer();
  await delay(30);
  state.ahead += 3_600_000;
  await expect.poll(() => state.changes).toBe(1);
  stop();
});

test('finds addresses of the real computer without failing', async () => {
  const stop = createNetworkWatch()(() => undefined);
  await delay(5);
  stop();
});
