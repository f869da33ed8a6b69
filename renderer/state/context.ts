import { createContext } from 'svelte';
import type { AppState } from './app.svelte.ts';

/** The state of the page, provided once by App.svelte. */
export const [useApp, provideApp] = createContext<AppState>();
