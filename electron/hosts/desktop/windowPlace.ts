/** Where a window stands, in screen pixels. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What is remembered of a window. */
export interface WindowState extends Place {
  readonly maximized: boolean;
}

/** What a new window is made with; without x and y the system chooses. */
export type WindowPlace = Partial<Place> & Pick<WindowState, 'width' | 'height' | 'maximized'>;

const smallest = { width: 480, height: 420 };
const usual = { width: 1120, height: 760 };
/** So much of the window's head must be on a screen, or nobody could move it. */
const grip = { width: 120, height: 40 };

/** The same window on the screens of today: an unplugged screen must not swallow it. `areas` are work areas in pixels. */
export function fitWindow(state: WindowState | undefined, areas: readonly Place[]): WindowPlace {
  if (!state) return { ...usual, maximized: false };
  const { maximized } = state;
  const width = Math.max(smallest.width, Math.min(state.width, Math.max(...areas.map((area) => area.width))));
  const height = Math.max(smallest.height, Math.min(state.height, Math.max(...areas.map((area) => area.height))));
  const seen = areas.some(
    (area) =>
      Math.min(state.x + width, area.x + area.width) - Math.max(state.x, area.x) >= grip.width &&
      state.y >= area.y &&
      state.y + grip.height <= area.y + area.height,
  );
  return seen ? { x: state.x, y: state.y, width, height, maximized } : { width, height, maximized };
}
