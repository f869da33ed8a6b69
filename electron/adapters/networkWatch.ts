/**
 * Notices without a single packet that the way to the network changed: another set of addresses on this computer (a cable,
 * another Wi-Fi, a VPN), or a clock that jumped because the computer slept. Sockets from before are dead or slow to find out.
 */
import { networkInterfaces } from 'node:os';
import type { NetworkWatch } from '../services/ports.ts';

export interface Surroundings {
  /** The addresses of this computer, in any order. */
  readonly addresses: () => readonly string[];
  readonly now: () => number; // wall clock, ms
}

const real: Surroundings = {
  addresses: () =>
    Object.entries(networkInterfaces()).flatMap(([name, list = []]) =>
      list.filter(({ internal }) => !internal).map(({ address }) => `${name} ${address}`),
    ),
  now: Date.now,
};

/** Soon enough to feel at once, rare enough to cost nothing. */
const everyMs = 2000;
/** A gap like this between two looks was sleep, or a clock that was set: then a look too many does no harm. */
const sleepMs = 15_000;

/** Watches until the returned undo is called; does not keep the process alive. */
export function createNetworkWatch(surroundings: Surroundings = real, intervalMs = everyMs): NetworkWatch {
  return (onChange) => {
    const print = (): string => [...surroundings.addresses()].sort().join('\n');
    let known = print();
    let lookedAt = surroundings.now();
    const timer = setInterval(() => {
      const now = surroundings.now();
      const found = print();
      const changed = found !== known || now - lookedAt > intervalMs + sleepMs;
      known = found;
      lookedAt = now;
      // Nothing to go on with while there is no address at all.
      if (changed && found !== '') onChange();
    }, intervalMs);
    timer.unref();
    return () => clearInterval(timer);
  };
}
