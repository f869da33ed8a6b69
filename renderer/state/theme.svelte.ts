export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];
const key = 'latchkey.theme';

function isTheme(value: unknown): value is Theme {
  return themes.some((theme) => theme === value);
}

/** Which colours are shown: the system's choice, or the person's. The choice is all that this page ever stores. */
export class ThemeChoice {
  #choice = $state<Theme>('system');
  readonly #page: Window;

  constructor(page: Window) {
    this.#page = page;
    const saved = page.localStorage.getItem(key);
    if (isTheme(saved)) this.#choice = saved;
    page.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#show());
    this.#show();
  }

  get choice(): Theme {
    return this.#choice;
  }

  choose(theme: Theme): void {
    this.#choice = theme;
    this.#page.localStorage.setItem(key, theme);
    this.#show();
  }

  /** The person's accent colour in their system, #rrggbb: rings around what has the focus, and marked text. */
  follow(accent: string | undefined): void {
    const { dataset, style } = this.#page.document.documentElement;
    if (accent === undefined) delete dataset['accent'];
    else dataset['accent'] = '';
    style.setProperty('--system-accent', accent ?? '');
  }

  #show(): void {
    const dark =
      this.#choice === 'dark' ||
      (this.#choice === 'system' && this.#page.matchMedia('(prefers-color-scheme: dark)').matches);
    this.#page.document.documentElement.dataset['theme'] = dark ? 'dark' : 'light';
  }
}
