import { app } from './app.ts';

type Handler = (request: Request) => Response | Promise<Response>;

const handlers = new Map<string, Handler>();
const privileged = new Set<string>();

/** The handler of a scheme, where the app serves one. */
export const handlerOf = (scheme: string): Handler | undefined => handlers.get(scheme);

/**
 * Custom schemes cannot be registered from outside a browser, so `app://latchkey/x` is shown to it as
 * `https://app--latchkey.standin.invalid/x`: an origin of its own, a secure context, and never a real host.
 */
export function shownUrl(url: string): string {
  const [, scheme = '', host = '', rest = ''] = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/i.exec(url) ?? [];
  return handlers.has(scheme) || privileged.has(scheme)
    ? `https://${scheme}--${host}.standin.invalid${rest || '/'}`
    : url;
}

/** The way back: what the app is told. */
export function realUrl(url: string): string {
  return url.replace(/^https:\/\/([a-z0-9+.-]+?)--([^/]*?)\.standin\.invalid/, '$1://$2');
}

/** `protocol` of Electron. */
export const protocol = {
  registerSchemesAsPrivileged(list: readonly { readonly scheme: string }[]): void {
    if (app.isReady()) throw new Error('protocol.registerSchemesAsPrivileged should be called before app is ready');
    for (const { scheme } of list) privileged.add(scheme);
  },
  handle(scheme: string, handler: Handler): void {
    if (!app.isReady()) throw new Error('protocol.handle can only be used after app is ready');
    if (handlers.has(scheme)) throw new Error(`Failed to register protocol: ${scheme}`);
    handlers.set(scheme, handler);
  },
  unhandle: (scheme: string): void => void handlers.delete(scheme),
  isProtocolHandled: (scheme: string): boolean => handlers.has(scheme),
};
