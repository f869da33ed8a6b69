import { type BrowserWindow, Menu, type MenuItemConstructorOptions } from 'electron';

/** Right click: Electron has no menu of its own. Words that are misspelt get the system's suggestions first. */
export function addContextMenu(window: BrowserWindow): void {
  const contents = window.webContents;
  contents.on(
    'context-menu',
    (_event, { isEditable, selectionText, editFlags, dictionarySuggestions, misspelledWord }) => {
      const items: MenuItemConstructorOptions[] = [];
      if (misspelledWord)
        items.push(
          ...dictionarySuggestions.map((word) => ({ label: word, click: () => contents.replaceMisspelling(word) })),
          { label: 'Add to dictionary', click: () => contents.session.addWordToSpellCheckerDictionary(misspelledWord) },
          { type: 'separator' },
        );
      if (isEditable)
        items.push(
          { role: 'undo', enabled: editFlags.canUndo },
          { role: 'redo', enabled: editFlags.canRedo },
          { type: 'separator' },
          { role: 'cut', enabled: editFlags.canCut },
          { role: 'copy', enabled: editFlags.canCopy },
          { role: 'paste', enabled: editFlags.canPaste },
          { role: 'selectAll', enabled: editFlags.canSelectAll },
        );
      else if (selectionText.trim() !== '') items.push({ role: 'copy' });
      if (items.length > 0) Menu.buildFromTemplate(items).popup({ window });
    },
  );
}
