/** Starts itself anew as soon as it can, as the desktop host does after a move. */
import { app } from 'electron';
import { relaunch } from '../../../electron/hosts/desktop/relaunch.ts';

void app.whenReady().then(relaunch);
