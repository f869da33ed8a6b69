import { saveTheme, savedTheme, showTheme, type Theme } from './theme.ts';

/** Which colours are shown: the system's choice, or the person's. */
export class ThemeChoice {
  #choice = $state<Theme>('system');
  readonly #page: Window;

  constructor(page: Window) {
    this.#page = page;
    this.#choice = savedTheme(page);
    page.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#show());
    this.#show();
  }

  get choice(): Theme {
    return this.#choice;
  }

  choose(theme: Theme): void {
    this.#choice = theme;
    saveTheme(this.#page, theme);
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
    showTheme(this.#page, this.#choice);
  }
}
