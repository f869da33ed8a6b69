import { app } from 'electron';
import { wishOfCommandLine } from './outside.ts';

/** Ends Latchkey in the orderly way and starts it again with the same words, except wishes that were heard already. */
export function relaunch(): void {
  const args = process.argv.slice(1).filter((word) => wishOfCommandLine([word]) === undefined);
  // The program inside an AppImage is gone from the disk when its process ends.
  const image = process.env['APPIMAGE'];
  app.relaunch({ args, ...(image !== undefined && image !== '' && { execPath: image }) });
  app.quit();
}
