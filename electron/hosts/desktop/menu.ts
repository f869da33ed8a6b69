import { Menu, type MenuItemConstructorOptions } from 'electron';

/** The native menu bar. Platform roles bring their own shortcuts and translations. */
export function setMenu({
  practice,
  setPractice,
  devTools,
}: {
  readonly practice: boolean;
  readonly setPractice: (on: boolean) => void;
  readonly devTools: boolean;
}): void {
  const mac = process.platform === 'darwin';
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
    { type: 'separator' },
    { role: 'togglefullscreen' },
  ];
  if (devTools) view.push({ type: 'separator' }, { role: 'reload' }, { role: 'toggleDevTools' });
  const template: MenuItemConstructorOptions[] = [
    ...(mac ? [{ role: 'appMenu' } as const] : []),
    { label: 'File', submenu: [practiceItem, { type: 'separator' }, mac ? { role: 'close' } : { role: 'quit' }] },
    { role: 'editMenu' },
    { label: 'View', submenu: view },
    { role: 'windowMenu' },
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
