import type { Session } from 'electron';

/** macOS has its own dictionaries; elsewhere Chromium would fetch them from a server that nobody chose. */
export const spellsHere = process.platform === 'darwin';

/**
 * Leaves a session without languages to check. Electron begins to fetch a dictionary when a session is named for the first
 * time, on or off, and stops only for an empty list, said in the same turn; at each start, because it fills an empty one.
 */
export function spellNothing(session: Session): void {
  if (spellsHere) return;
  session.setSpellCheckerLanguages([]);
  session.setSpellCheckerEnabled(false);
}
