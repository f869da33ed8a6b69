export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];
const key = 'latchkey.theme';

function isTheme(value: unknown): value is Theme {
  return themes.some((theme) => theme === value);
}

/** What the person chose for this window's colours; the system's where nothing was chosen. */
export function savedTheme(page: Window): Theme {
  const saved = page.localStorage.getItem(key);
  return isTheme(saved) ? saved : 'system';
}

/** Remembers a choice. It is all that this page ever stores. */
export function saveTheme(page: Window, theme: Theme): void {
  page.localStorage.setItem(key, theme);
}

/** Gives the page its colours. */
export function showTheme(page: Window, theme: Theme): void {
  const dark = theme === 'dark' || (theme === 'system' && page.matchMedia('(prefers-color-scheme: dark)').matches);
  page.document.documentElement.dataset['theme'] = dark ? 'dark' : 'light';
}
