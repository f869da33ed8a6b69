import { spawn } from 'node:child_process';
import { app } from 'electron';
import { wishOfCommandLine } from './outside.ts';

/** Waits for the end of the process that `$0` names, then becomes the program that the other words name. */
const whenGone = 'while kill -0 "$0" 2>/dev/null; do sleep 0.1; done; exec "$@"';

/** Ends Latchkey in the orderly way and starts it again with the same words, except wishes that were heard already. */
export function relaunch(): void {
  const args = process.argv.slice(1).filter((word) => wishOfCommandLine([word]) === undefined);
  const image = process.env['APPIMAGE'];
  if (image === undefined || image === '') app.relaunch({ args });
  else startImage(image, args);
  app.quit();
}

/**
 * Electron's own helper runs out of the mounted image, which is gone when this process ends, and without the right to gain
 * privileges, which mounting the image anew needs. So somebody outside waits.
 */
function startImage(image: string, args: readonly string[]): void {
  spawn('/bin/sh', ['-c', whenGone, String(process.pid), image, ...args], { detached: true, stdio: 'ignore' }).unref();
}
