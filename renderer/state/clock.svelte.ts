import { createSubscriber } from 'svelte/reactivity';

/** The time, for countdowns and "2 min ago". Ticks once a second, and only while something on the page reads it. */
export class Clock {
  readonly #subscribe: () => void;
  readonly #read: () => number;

  constructor(read: () => number = Date.now) {
    this.#read = read;
    this.#subscribe = createSubscriber((update) => {
      const timer = setInterval(update, 1000);
      return () => clearInterval(timer);
    });
  }

  /** Milliseconds since epoch. */
  get now(): number {
    this.#subscribe();
    return this.#read();
  }
}
