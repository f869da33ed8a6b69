/**
 * The real page in front of a scripted backend: `#scene` in the address says which state it shows. For screenshots and
 * for the tests of the page; never part of the product.
 */
import { mount } from 'svelte';
import App from '../../renderer/App.svelte';
import { AppState } from '../../renderer/state/app.svelte.ts';
import { Clock } from '../../renderer/state/clock.svelte.ts';
import { scriptedBackend } from './backend.ts';
import { now } from './fixtures.ts';
import { longScenes } from './chatScenes.ts';
import { scenes } from './scenes.ts';

const name = location.hash.slice(1);
const scene = scenes[name] ?? longScenes[name] ?? scenes['welcome'];
if (!scene) throw new Error(`no scene ${name}`);
const backend = scriptedBackend(scene.world);
const app = new AppState(backend, window, new Clock(() => now));
const ready = app.load().then(() => (app.goHome(), scene.show?.(app)));
backend.subscribe((event) => app.apply(event));
mount(App, { target: document.body, props: { app } });
void ready.then(() => document.body.setAttribute('data-ready', 'true'));
Object.assign(window, { gallery: { app, backend } });
