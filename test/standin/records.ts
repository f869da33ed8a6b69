/** What the app asked of the system it believes to run on. Tests read it through `evaluate(({ standin }) => ...)`. */
export const records = {
  openedExternal: [] as string[],
  /** Every URL a page asked for, in the app's own spelling. */
  requested: [] as string[],
  /** URLs that were refused: navigation prevented, request cancelled, or outside of what a page here can reach. */
  blocked: [] as string[],
  /** window.open and target=_blank, with what the app's handler said. */
  popups: [] as { readonly url: string; readonly action: string }[],
  /** Languages whose dictionaries the spell checker would have fetched. */
  dictionaries: [] as string[],
  /** Windows that were shown before there was anything in them. */
  emptyWindows: [] as number[],
  /** Channels that were sent to without anybody listening. */
  unheard: [] as string[],
  /** Messages to a page whose preload had not run: Electron loses them, and so does the stand-in. */
  lost: [] as string[],
  pageErrors: [] as string[],
  notifications: [] as { readonly title: string; readonly body: string; click(): void }[],
  openedPaths: [] as string[],
  /** Schemes that the app asked to be the system's program for. */
  protocols: [] as string[],
  /** Menus that popped up: the labels of their items. */
  popupMenus: [] as (readonly string[])[],
  /** Blockers of sleep that are on. */
  awake: new Set<number>(),
  /** Where the browser listens for a test that drives its pages. */
  debugPort: undefined as number | undefined,
  /** When it happened first, in milliseconds since this process began. */
  times: {} as { evaluated?: number; ready?: number; loaded?: number },
  /** Icons among the system's small ones. */
  trays: new Set<{ readonly menu: { readonly items: readonly { label: string; click(): void }[] } | undefined }>(),
  /** Questions and notes that were shown, by their first line. */
  messageBoxes: [] as string[],
  errorBoxes: [] as { readonly title: string; readonly content: string }[],
};

export type Records = typeof records;
