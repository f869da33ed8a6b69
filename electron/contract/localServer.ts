import type { Problem } from './problem.ts';

/** The server for other programs on this computer. Its key travels only where it is asked for by name. */
export type LocalServerState =
  | { readonly kind: 'off' }
  /** `address` is what programs call the base URL: http://127.0.0.1:PORT/v1 */
  | { readonly kind: 'on'; readonly port: number; readonly address: string }
  | { readonly kind: 'failed'; readonly problem: Problem };
