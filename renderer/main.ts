import { mount } from 'svelte';
import App from './App.svelte';
import { chooseBackend } from './backend/choose.ts';
import { AppState } from './state/app.svelte.ts';

const app = new AppState(chooseBackend(window), window);
app.start();
mount(App, { target: document.body, props: { app } });
