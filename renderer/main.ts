/**
 * First the colours and the mark, which index.html holds: a window is there at once, and never in the wrong colours. The
 * program is fetched behind that: nothing heavy stands before the first paint.
 */
import { savedTheme, showTheme } from './state/theme.ts';

showTheme(window, savedTheme(window));
addEventListener('load', () => void import('./program.ts'), { once: true });
