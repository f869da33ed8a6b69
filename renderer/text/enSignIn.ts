/** Sentences about becoming known to the Hub. */
export const signIn = {
  browser: 'Sign in with your browser',
  browserHint: 'Reads public gated models you were granted, and nothing private. You can withdraw it at any time.',
  orPaste: 'Or use an access token',
  codeTitle: 'Confirm this code in your browser',
  codeText: (host: string) => `Sign in at ${host} and compare the code. Latchkey notices by itself when you are done.`,
  codeOpen: 'Open the page',
  codeLasts: (time: string) => `The code lasts ${time} more.`,
  clipboard: (ending: string) => `An access token ending in ${ending} is on the clipboard.`,
  useClipboard: 'Use it',

  more: 'Write token: more than Latchkey needs. A read token is safer to keep.',
  scopes: 'Its permissions',
  noScopes: 'no further permissions',
} as const;
