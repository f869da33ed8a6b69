type Timely<T> = { readonly inTime: true; readonly value: T } | { readonly inTime: false };

/**
 * A line for work that must never run twice at once. A caller waits at most its deadline, the time in line included; work
 * whose caller left before it began is never begun, work already running is left to end. Rejects as the work rejects.
 */
export function oneAtATime(): <T>(
  work: () => Promise<T>,
  options: { readonly deadlineMilliseconds: number },
) => Promise<Timely<T>> {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(work: () => Promise<T>, { deadlineMilliseconds }: { readonly deadlineMilliseconds: number }) => {
    let left = false;
    const { promise: late, resolve } = Promise.withResolvers<Timely<T>>();
    const timer = setTimeout(() => {
      left = true;
      resolve({ inTime: false });
    }, deadlineMilliseconds);
    const run = last.then(async (): Promise<Timely<T>> => {
      if (left) return { inTime: false };
      return { inTime: true, value: await work() };
    });
    last = run.catch(() => undefined);
    return Promise.race([run, late]).finally(() => clearTimeout(timer));
  };
}
