import { join } from 'node:path';
import { type BrowserWindow, screen } from 'electron';
import { stateFile } from '../../services/durable/stateFile.ts';
import { fitWindow, type WindowPlace, type WindowState } from './windowPlace.ts';

function isWindowState(value: unknown): value is WindowState {
  if (typeof value !== 'object' || value === null) return false;
  const state = value as Partial<WindowState>;
  const numbers = [state.x, state.y, state.width, state.height];
  return numbers.every((number) => Number.isSafeInteger(number)) && typeof state.maximized === 'boolean';
}

export interface WindowMemory {
  /** Size and place for the next window. */
  recall(): Promise<WindowPlace>;
  /** Remembers a window from now on: when it closes, and shortly after each change. */
  follow(window: BrowserWindow): void;
  /** Resolves when what was to be remembered so far is on disk, or cannot be. */
  settled(): Promise<void>;
}

/** Remembers windows in `<data>/window.json`. A lost or damaged file means the usual size. */
export function windowMemory(data: string): WindowMemory {
  const file = stateFile({
    path: join(data, 'window.json'),
    version: 1,
    check: isWindowState,
    onDamage: () => undefined,
  });
  let saving: Promise<void> = Promise.resolve();
  return {
    recall: async () =>
      fitWindow(
        await file.read().catch(() => undefined),
        screen.getAllDisplays().map((display) => display.workArea),
      ),
    follow(window) {
      let late: NodeJS.Timeout | undefined;
      const save = (): void => {
        clearTimeout(late);
        if (window.isDestroyed() || window.isMinimized()) return;
        // Nobody loses anything when this cannot be written.
        saving = file.write({ ...window.getNormalBounds(), maximized: window.isMaximized() }).catch(() => undefined);
      };
      const soon = (): void => {
        clearTimeout(late);
        late = setTimeout(save, 500);
      };
      window.on('resize', soon);
      window.on('move', soon);
      window.on('maximize', soon);
      window.on('unmaximize', soon);
      window.on('close', save);
    },
    settled: () => saving,
  };
}
