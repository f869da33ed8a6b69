import { installed, llama, now, problem } from './fixtures.ts';
import { chatting, type Scene } from './worlds.ts';

/** What the disk holds, and each thing that can be done with it. */
export const storageScenes: Readonly<Record<string, Scene>> = {
  storage: { world: chatting, show: (app) => app.router.go({ name: 'storage' }) },
  'storage-moving': {
    world: {
      ...chatting,
      storage: {
        ...chatting.storage,
        work: {
          task: 'move',
          folder: '/media/ada/big/Latchkey models',
          state: {
            kind: 'working',
            progress: {
              doneBytes: 512_000_000,
              totalBytes: 1_378_000_000,
              bytesPerSecond: 96_000_000,
              secondsLeft: 9,
              item: 'onnx/model_q4.onnx_data',
            },
          },
        },
      },
    },
    show: (app) => app.router.go({ name: 'storage' }),
  },
  'storage-exported': {
    world: {
      ...chatting,
      storage: {
        ...chatting.storage,
        work: {
          task: 'export',
          modelId: installed.id,
          folder: `/media/ada/stick/${installed.id}`,
          state: {
            kind: 'done',
            bytes: 1_241_000_000,
            at: now,
            fingerprint: '3fa94c017be2d65890ab44cf12de7788'.repeat(2),
          },
        },
      },
    },
    show: (app) => app.router.go({ name: 'storage' }),
  },
  'storage-damaged': {
    world: {
      ...chatting,
      storage: {
        ...chatting.storage,
        work: {
          task: 'verify',
          modelId: installed.id,
          state: {
            kind: 'failed',
            problem: problem(
              'damaged-file',
              'One file of this model has changed',
              'Its bytes are not the ones that were prepared, so its answers cannot be trusted. Setting it up again makes it anew; official files that are still on this computer are not fetched twice.',
              [{ kind: 'request', request: 'models.repair', input: { id: installed.id }, label: 'Set it up again' }],
            ),
          },
        },
      },
    },
    show: (app) => app.router.go({ name: 'storage' }),
  },
  'storage-import': {
    world: {
      ...chatting,
      carried: {
        repo: llama,
        commit: installed.commit,
        dtype: 'q4',
        bytes: 1_241_000_000,
        files: 9,
        converter: '0.1.0',
        licence: 'llama3.2',
        licenceAccount: 'ada',
        licenceTexts: [
          { file: 'LICENSE.txt', sha256: 'ab12'.repeat(16), text: 'COMMUNITY LICENCE\n\n1. Terms.' },
          { file: 'USE_POLICY.md', sha256: 'cd34'.repeat(16), text: 'Use it well.' },
        ],
        fingerprint: '3fa94c017be2d65890ab44cf12de7788'.repeat(2),
      },
    },
    async show(app) {
      app.router.go({ name: 'storage' });
      await app.storage.measure();
      await app.storage.inspect({ id: 'f1', path: '/media/ada/stick', freeBytes: 1 });
    },
  },
};
