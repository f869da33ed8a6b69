import { parseArgs } from 'node:util';

/** What a person may say on the command line. */
export interface HostOptions {
  readonly practice: boolean;
  /** Data folder instead of the usual one. */
  readonly data?: string;
  /** Web host only: 0 lets the system choose. */
  readonly port: number;
  /** Web host only: open the person's browser. */
  readonly open: boolean;
}

/** Sentences for `--help`, one flag a line. */
export const usage = `Latchkey
  --practice     use the built-in practice Hub: no account, no network
  --web          serve the page on 127.0.0.1 instead of opening a window
  --data DIR     keep chats, models and settings in DIR
  --port N       web: listen on port N instead of a free one
  --no-open      web: print the address but open no browser`;

/**
 * Reads the flags. The desktop host is lenient because Chromium's own switches share the command line; the web host
 * refuses what it does not know. Throws a TypeError with a readable sentence.
 */
export function readOptions(args: readonly string[], { strict }: { readonly strict: boolean }): HostOptions {
  const { values } = parseArgs({
    args: [...args],
    strict,
    allowPositionals: !strict,
    allowNegative: true,
    options: {
      practice: { type: 'boolean' },
      web: { type: 'boolean' },
      data: { type: 'string' },
      port: { type: 'string' },
      open: { type: 'boolean' },
    },
  });
  const port = typeof values.port === 'string' ? Number(values.port) : 0;
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new TypeError(`--port wants a number from 0 to 65535`);
  return {
    practice: values.practice === true,
    ...(typeof values.data === 'string' && values.data !== '' && { data: values.data }),
    port,
    open: values.open !== false,
  };
}
