import { isLoopback } from './loopback.ts';

/** Where accounts, licences and tokens live, whatever address the files come from. */
export const realHub = 'https://huggingface.co';

/**
 * Whether a token may go to an address: 'yes' for Hugging Face itself, for this computer, and for a mirror the person
 * allowed; 'unasked' until they decided about it.
 */
export type TokenConsent = 'yes' | 'no' | 'unasked';

/** PURE: true for a Hub that HF_ENDPOINT put in the place of Hugging Face's own. Somebody else runs it. */
export function isMirror(endpoint: string): boolean {
  const { protocol, hostname } = new URL(endpoint);
  const own = hostname === 'huggingface.co' || hostname === 'hf.co' || hostname.endsWith('.huggingface.co');
  return !isLoopback(hostname) && !(own && protocol === 'https:');
}

/** PURE: what the person's decisions, by origin, say about this Hub. */
export function consentFor(endpoint: string, decisions: Readonly<Record<string, boolean>>): TokenConsent {
  if (!isMirror(endpoint)) return 'yes';
  const { origin } = new URL(endpoint);
  if (!Object.hasOwn(decisions, origin)) return 'unasked';
  return decisions[origin] === true ? 'yes' : 'no';
}
