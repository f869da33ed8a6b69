import type { OutsideWish } from '../../services/ports.ts';

/** Wishes beyond this are somebody's mistake or malice: a page that opens links in a loop. */
const most = 20;

/** What was asked for outside the page and waits there until the page takes it: a page may still be loading. */
export interface Wishes {
  add(wish: OutsideWish): void;
  take(): OutsideWish | undefined;
}

/** An empty queue; `onAdd` tells the page that there is something to take. */
export function createWishes(onAdd: () => void): Wishes {
  const waiting: OutsideWish[] = [];
  return {
    add(wish) {
      if (waiting.length >= most) return;
      waiting.push(wish);
      onAdd();
    },
    take: () => waiting.shift(),
  };
}
