/** The program of the page: everything that `main.ts` does not need for the first paint. */
import { mount } from 'svelte';
import App from './App.svelte';
import { chooseBackend } from './backend/choose.ts';
import { AppState } from './state/app.svelte.ts';

const app = new AppState(chooseBackend(window), window);
app.start();
document.body.replaceChildren();
mount(App, { target: document.body, props: { app } });
