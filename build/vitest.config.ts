import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { SlowFirst } from './slowFirst.ts';

/**
 * Suites that leave nothing behind in their process: they take turns in the same ones, which halves what they cost.
 * Whatever loads the runtime or changes the process has one of its own.
 */
const light = [
  'practice',
  'renderer',
  'services/{chats,devices,doctor,download,durable,hub,licences,localServer}',
  'services/{models,published,setup,signIn,storage,updates}',
].map((folder) => `test/${folder}/**/!(*.browser|*.keyring|*.syscalls|*.webgpu).test.ts`);

/** What this machine cannot run, by build/test.js; vitest's own --exclude does not reach projects. */
const leftOut = process.env['TESTS_LEFT_OUT']?.split(' ').filter(Boolean) ?? [];

/** One runner for every suite; the folders under test/ say what a suite needs (see CONTRIBUTING.md). */
export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  plugins: [svelte()],
  test: {
    projects: [
      { extends: true, test: { name: 'alone', include: ['test/**/*.test.ts'], exclude: [...light, ...leftOut] } },
      { extends: true, test: { name: 'light', include: light, isolate: false } },
    ],
    environment: 'node',
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: SlowFirst },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 15_000 } }, // a second, as it is by itself, is short on a busy machine
    env: { ORT_DISABLE_TELEMETRY: '1' },
  },
});
