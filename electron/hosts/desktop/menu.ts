import { Menu, type MenuItemConstructorOptions } from 'electron';
import type { OutsideWish } from '../../services/ports.ts';

export interface MenuState {
  readonly practice: boolean;
  readonly setPractice: (on: boolean) => void;
  readonly wish: (wish: OutsideWish) => void;
  readonly showData: () => void;
  readonly devTools: boolean;
}

/** The native menu bar. Platform roles bring their own shortcuts and translations. */
export function setMenu({ practice, setPractice, wish, showData, devTools }: MenuState): void {
  const mac = process.platform === 'darwin';
  const line: MenuItemConstructorOptions = { type: 'separator' };
  const settings: MenuItemConstructorOptions = {
    id: 'settings',
    label: mac ? 'Settings…' : 'Settings',
    accelerator: 'CmdOrCtrl+,',
    click: () => wish({ kind: 'settings' }),
  };
  const newChat: MenuItemConstructorOptions = {
    id: 'new-chat',
    label: 'New chat',
    accelerator: 'CmdOrCtrl+N',
    click: () => wish({ kind: 'new-chat' }),
  };
  const practiceItem: MenuItemConstructorOptions = {
    id: 'practice',
    label: 'Practice without an account',
    type: 'checkbox',
    checked: practice,
    click: (item) => setPractice(item.checked),
  };
  const view: MenuItemConstructorOptions[] = [
    { role: 'resetZoom' },
    { role: 'zoomIn' },
    { role: 'zoomOut' },
    line,
    { role: 'togglefullscreen' },
  ];
  if (devTools) view.push(line, { role: 'reload' }, { role: 'toggleDevTools' });
  const appMenu: MenuItemConstructorOptions = {
    label: 'Latchkey',
    submenu: [
      { role: 'about' },
      line,
      settings,
      line,
      { role: 'services' },
      line,
      { role: 'hide' },
      { role: 'hideOthers' },
      { role: 'unhide' },
      line,
      { role: 'quit' },
    ],
  };
  const template: MenuItemConstructorOptions[] = [
    ...(mac ? [appMenu] : []),
    {
      label: 'File',
      submenu: [
        newChat,
        line,
        practiceItem,
        ...(mac ? [] : [line, settings]),
        line,
        mac ? { role: 'close' } : { role: 'quit' },
      ],
    },
    { role: 'editMenu' },
    { label: 'View', submenu: view },
    { role: 'windowMenu' },
    { role: 'help', submenu: [{ id: 'show-data', label: 'Open data folder', click: showData }] },
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
