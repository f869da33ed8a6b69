/**
 * Calls `then` once `milliseconds` have passed without the returned undo: not in that very moment, but after one more look at
 * what has arrived. A computer that stood still, or a process that was not let run, finds its timers due before it reads the
 * bytes that came meanwhile; that silence was its own.
 */
export function afterSilence(milliseconds: number, then: () => void): () => void {
  let look: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    look = setImmediate(then); // what the sockets hold is read before this
  }, milliseconds);
  return () => {
    clearTimeout(timer);
    clearImmediate(look);
  };
}
