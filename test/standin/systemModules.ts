/** The parts of Electron that show something outside the page. Nothing is shown here; what was asked is recorded. */
import { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import { app } from './app.ts';
import { records } from './records.ts';

interface MenuTemplate {
  readonly id?: string;
  readonly label?: string;
  readonly role?: string;
  readonly type?: string;
  readonly checked?: boolean;
  readonly accelerator?: string;
  readonly submenu?: readonly MenuTemplate[];
  readonly click?: (item: MenuItem) => void;
}

class MenuItem {
  readonly id: string | undefined;
  readonly label: string;
  readonly role: string | undefined;
  readonly type: string;
  readonly submenu: Menu | undefined;
  checked: boolean;
  readonly accelerator: string | undefined;
  readonly #click: ((item: MenuItem) => void) | undefined;

  constructor(template: MenuTemplate) {
    const { id, label, role, type, checked, submenu, click } = template;
    if (label === undefined && role === undefined && type !== 'separator') {
      throw new Error('Invalid template for MenuItem: must have either label, role or type');
    }
    this.id = id;
    this.label = label ?? role ?? '';
    this.role = role;
    this.type = type ?? (submenu ? 'submenu' : 'normal');
    this.checked = checked === true;
    this.accelerator = template.accelerator;
    this.submenu = submenu && Menu.buildFromTemplate(submenu);
    this.#click = click;
  }

  /** What a person's click does: a box changes first, then the app hears of it. */
  click(): void {
    if (this.type === 'checkbox') this.checked = !this.checked;
    this.#click?.(this);
  }
}

export class Menu {
  static #shown: Menu | null = null;
  readonly items: readonly MenuItem[];
  constructor(items: readonly MenuItem[] = []) {
    this.items = items;
  }
  static buildFromTemplate(template: readonly MenuTemplate[]): Menu {
    return new Menu(template.map((item) => new MenuItem(item)));
  }
  static setApplicationMenu(menu: Menu | null): void {
    Menu.#shown = menu;
  }
  static getApplicationMenu(): Menu | null {
    return Menu.#shown;
  }
  popup(): void {
    records.popupMenus.push(this.items.map((item) => item.label));
  }
  getMenuItemById(id: string): MenuItem | null {
    for (const item of this.items) {
      const found = item.id === id ? item : item.submenu?.getMenuItemById(id);
      if (found) return found;
    }
    return null;
  }
}

export class Notification extends EventEmitter {
  readonly title: string;
  readonly body: string;
  constructor({ title = '', body = '' }: { readonly title?: string; readonly body?: string } = {}) {
    super();
    if (!app.isReady()) throw new Error('Cannot create Notification before app is ready');
    this.title = title;
    this.body = body;
  }
  static isSupported(): boolean {
    return true;
  }
  show(): void {
    records.notifications.push({ title: this.title, body: this.body, click: () => void this.emit('click', {}) });
    this.emit('show', {});
  }
  close(): void {
    this.emit('close', {});
  }
}

export const shell = {
  async openExternal(url: string): Promise<void> {
    if (!URL.canParse(url)) throw new Error('Invalid URL');
    records.openedExternal.push(url);
  },
  /** Electron answers with a sentence when it failed, with nothing when it worked. */
  async openPath(path: string): Promise<string> {
    if (!existsSync(path)) return 'Failed to open path';
    records.openedPaths.push(path);
    // There it starts xdg-open, does not wait for it, and forgets to say so.
    return process.platform === 'linux' ? new Promise(() => undefined) : '';
  },
};

interface BoxOptions {
  readonly message?: string;
  readonly signal?: AbortSignal;
  readonly cancelId?: number;
}

/** Tests put their own answers here through `evaluate`. */
export const dialog = {
  showOpenDialog: async () => ({ canceled: true, filePaths: [] }),
  showSaveDialog: async () => ({ canceled: true, filePath: '' }),
  /** Stays until it is answered or taken back. */
  async showMessageBox(
    ...words: readonly [unknown, BoxOptions?]
  ): Promise<{ response: number; checkboxChecked: boolean }> {
    if (!app.isReady()) throw new Error('dialog module can only be used after app is ready');
    const { message = '', signal, cancelId = 0 } = words[1] ?? (words[0] as BoxOptions);
    records.messageBoxes.push(message);
    await new Promise<void>((settle) => {
      if (signal?.aborted) settle();
      signal?.addEventListener('abort', () => settle());
    });
    return { response: cancelId, checkboxChecked: false };
  },
  showErrorBox: (title: string, content: string) => void records.errorBoxes.push({ title, content }),
};

export const nativeTheme = Object.assign(new EventEmitter(), { shouldUseDarkColors: false, themeSource: 'system' });

/** Pictures are not looked at; that they are pictures is. */
export const nativeImage = {
  createFromDataURL: (url: string) => ({
    isEmpty: () => !/^data:image\/(?:png|jpeg);base64,\S/.test(url),
    addRepresentation: () => undefined,
    setTemplateImage: () => undefined,
  }),
};

/** An icon among the system's small ones, until it is destroyed. */
export class Tray extends EventEmitter {
  menu: Menu | undefined;
  #destroyed = false;
  constructor(picture: { isEmpty(): boolean }) {
    super();
    if (!app.isReady()) throw new Error('Cannot create Tray before app is ready');
    if (picture.isEmpty()) throw new Error('The icon of the tray is empty: nobody would see it.');
    records.trays.add(this);
  }
  setToolTip(): void {}
  setContextMenu(menu: Menu): void {
    this.menu = menu;
  }
  isDestroyed(): boolean {
    return this.#destroyed;
  }
  destroy(): void {
    this.#destroyed = true;
    records.trays.delete(this);
  }
}

/** STANDIN_ACCENT is the person's colour, eight hexadecimal digits; without it the system says that it has none. */
export const systemPreferences = Object.assign(new EventEmitter(), {
  getAccentColor(): string {
    const colour = process.env['STANDIN_ACCENT'];
    if (colour === undefined) throw new Error('The system has no accent colour.');
    return colour;
  },
});

let copied = '';
export const clipboard = {
  writeText: async (text: string) => void (copied = text),
  readText: async () => copied,
};
