/** The machine around the app: its screen and its power. Tests play events with `powerMonitor.emit`. */
import { EventEmitter } from 'node:events';
import { app } from './app.ts';
import { records } from './records.ts';

export const powerMonitor = new EventEmitter();

let blockers = 0;
export const powerSaveBlocker = {
  start(kind: string): number {
    if (!['prevent-app-suspension', 'prevent-display-sleep'].includes(kind))
      throw new TypeError(`Invalid type ${kind}`);
    blockers += 1;
    records.awake.add(blockers);
    return blockers;
  },
  stop(id: number): boolean {
    return records.awake.delete(id);
  },
  isStarted: (id: number): boolean => records.awake.has(id),
};

/** One screen with a bar at the top. Electron's `screen` cannot be used before the app is ready. */
export const screen = {
  getAllDisplays() {
    if (!app.isReady()) throw new Error("The 'screen' module can't be used before the app 'ready' event");
    return [
      {
        id: 1,
        bounds: { x: 0, y: 0, width: 1920, height: 1080 },
        workArea: { x: 0, y: 32, width: 1920, height: 1048 },
      },
    ];
  },
};
