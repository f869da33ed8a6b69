import { Notification } from 'electron';

/** Shows a native notification; clicking it calls `onClick`. Where the system has none, nothing happens. */
export function notifier(onClick: () => void): (note: { readonly title: string; readonly text: string }) => void {
  // A notification without a reference is collected, and its click is lost with it.
  const shown = new Set<Notification>();
  return ({ title, text }) => {
    if (!Notification.isSupported()) return;
    const notification = new Notification({ title, body: text });
    shown.add(notification);
    notification.once('click', onClick);
    notification.once('close', () => shown.delete(notification));
    notification.once('failed', () => shown.delete(notification));
    notification.show();
  };
}
