/** PURE: whether a file manager left this beside what it showed (Finder, Explorer): nobody's work, in anybody's folder. */
export function isDecoration(name: string): boolean {
  return ['.DS_Store', 'Thumbs.db', 'desktop.ini'].includes(name) || name.startsWith('._');
}
