/** Put in when the app is built (build/electron.config.ts); nothing where it runs from source. */
declare const LATCHKEY_CLIENT_ID: string | undefined;

/**
 * The id under which this build is registered with Hugging Face, which makes signing in through the browser possible.
 * Whoever starts the app may name their own. undefined = that way to sign in is not offered.
 */
export function clientId(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const built = typeof LATCHKEY_CLIENT_ID === 'string' ? LATCHKEY_CLIENT_ID : '';
  const named = env['LATCHKEY_CLIENT_ID'] ?? built;
  return /^[\x21-\x7e]{8,200}$/.test(named) ? named : undefined;
}
