/** An Electron event object that a listener can prevent. */
export interface Cancellable {
  defaultPrevented: boolean;
  preventDefault(): void;
}

/** Makes an event object with the given facts on it. */
export function cancellable<T extends object>(facts?: T): Cancellable & T {
  return {
    ...(facts as T),
    defaultPrevented: false,
    preventDefault() {
      this.defaultPrevented = true;
    },
  };
}
