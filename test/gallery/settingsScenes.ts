import { tick } from 'svelte';
import { cannotListen } from '../../electron/services/localServer/explain.ts';
import { chatting, type Scene } from './worlds.ts';

const portTaken = cannotListen(Object.assign(new Error('listen'), { code: 'EADDRINUSE' }), 11_539);

/** Brings a part of a long page into view once it is there. */
async function scrollTo(testid: string): Promise<void> {
  await tick();
  document.querySelector(`[data-testid=${testid}]`)?.scrollIntoView();
}

/** The settings, and each part of them in a state of its own. */
export const settingsScenes: Readonly<Record<string, Scene>> = {
  'settings-update': {
    world: {
      ...chatting,
      update: {
        allowed: true,
        channel: 'latest',
        activity: {
          kind: 'offered',
          offer: {
            version: '0.2.0',
            bytes: 131_000_000,
            notes: '- Prepares models twice as fast\n- Reads **Gemma 3**\n',
          },
        },
      },
    },
    show: (app) => app.router.go({ name: 'settings' }),
  },
  settings: { world: chatting, show: (app) => app.router.go({ name: 'settings' }) },
  'settings-resetting': {
    world: { ...chatting, resetting: true },
    show: async (app) => {
      app.router.go({ name: 'settings' });
      await scrollTo('reset');
      document.querySelector<HTMLButtonElement>('[data-testid=reset]')?.click();
      await tick();
      document.querySelector<HTMLButtonElement>('dialog .danger')?.click();
    },
  },
  'settings-devices': {
    world: {
      ...chatting,
      devices: {
        choice: 'auto',
        saving: false,
        looking: false,
        devices: [
          { device: 'cpu', finding: { kind: 'works', half: false } },
          {
            device: 'cuda',
            finding: {
              kind: 'fails',
              cause:
                'Failed to load library libonnxruntime_providers_cuda.so: cannot open shared object file: No such file or directory',
            },
          },
          { device: 'dml', finding: { kind: 'absent' } },
          { device: 'coreml', finding: { kind: 'absent' } },
          { device: 'webgpu', finding: { kind: 'works', half: true } },
        ],
        speeds: [
          { modelId: chatting.installed[0]?.id ?? '', device: 'cpu', tokensPerSecond: 21.4 },
          { modelId: chatting.installed[0]?.id ?? '', device: 'webgpu', tokensPerSecond: 64.9 },
        ],
        threads: {
          chosen: { cores: 'fast', pinned: false, spin: false, tokensPerSecond: 21.4 },
          others: [
            { cores: 'all', pinned: false, spin: true, tokensPerSecond: 18.4 },
            { cores: 'all', pinned: false, spin: false, tokensPerSecond: 18.2 },
            { cores: 'fast', pinned: true, spin: false, tokensPerSecond: 21.9 },
          ],
        },
        understood: [],
        contexts: [],
      },
    },
    async show(app) {
      app.router.go({ name: 'settings' });
      await scrollTo('devices');
    },
  },
  'settings-server': {
    world: { ...chatting, localServer: { kind: 'on', port: 11_539, address: 'http://127.0.0.1:11539/v1' } },
    show: async (app) => {
      app.router.go({ name: 'settings' });
      await app.localServer.showKey();
      await scrollTo('local-server');
    },
  },
  'settings-server-port': {
    world: { ...chatting, localServer: { kind: 'failed', problem: portTaken } },
    show: async (app) => {
      app.router.go({ name: 'settings' });
      await scrollTo('local-server');
    },
  },
};
