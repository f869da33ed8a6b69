/** macOS has its own dictionaries; elsewhere Chromium would fetch them from a server that nobody chose. */
export const spellsHere = process.platform === 'darwin';
