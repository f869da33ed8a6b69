import type { InstalledModel } from '../../electron/contract/model.ts';
import type { PublishedModel } from '../../electron/contract/storage.ts';
import { dataAway } from '../../electron/services/dataHome/explain.ts';
import type { AppState } from '../../renderer/state/app.svelte.ts';
import { installed, llama, now, problem } from './fixtures.ts';
import { chatting, type Scene } from './worlds.ts';

const published: PublishedModel = {
  name: 'Llama-3.2-1B-Instruct',
  folder: '/media/ada/stick/Llama-3.2-1B-Instruct',
  architecture: 'LlamaForCausalLM',
  parameters: 1_235_814_400,
  instruct: true,
  dtype: 'q4',
  files: 9,
  bytes: 2_480_787_155,
  convertedBytes: 1_060_000_000,
  freeBytes: 84_000_000_000,
  licence: 'llama3.2',
  licenceTexts: [
    { path: 'LICENSE.txt', sha256: 'ab12'.repeat(16), text: 'COMMUNITY LICENCE\n\n1. Terms.' },
    { path: 'USE_POLICY.md', sha256: 'cd34'.repeat(16), text: 'Use it well.' },
  ],
  fingerprint: '3fa94c017be2d65890ab44cf12de7788'.repeat(2),
};
const { licenceAccount: _nobody, ...anybodys } = installed;
/** The same model, made from a folder. */
const brought: InstalledModel = {
  ...anybodys,
  id: 'folder--Llama-3.2-1B-Instruct--5be1c0de--q4',
  repo: 'folder/Llama-3.2-1B-Instruct',
  commit: '5be1c0de'.repeat(5),
  origin: 'folder',
};

async function bring(app: AppState): Promise<void> {
  app.router.go({ name: 'storage' });
  await app.storage.measure();
  await app.storage.inspect({ id: 'f1', path: '/media/ada/stick', freeBytes: 1 });
}

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
  'storage-move-all': {
    world: chatting,
    async show(app) {
      app.router.go({ name: 'storage' });
      await app.storage.measure();
      await app.storage.planMoveAll({ id: 'f1', path: '/media/ada/big', freeBytes: 1 });
    },
  },
  'data-away': { world: { ...chatting, away: dataAway('/media/ada/big/Latchkey data') } },
  'storage-restarting': {
    world: {
      ...chatting,
      storage: {
        ...chatting.storage,
        work: {
          task: 'move-all',
          folder: '/media/ada/big/Latchkey data',
          state: {
            kind: 'working',
            note: 'restarting',
            progress: { doneBytes: 1_378_000_000, totalBytes: 1_378_000_000, bytesPerSecond: 0 },
          },
        },
      },
    },
    show: (app) => app.router.go({ name: 'storage' }),
  },
  'storage-moved-all': {
    world: {
      ...chatting,
      storage: {
        ...chatting.storage,
        data: { folder: '/media/ada/big/Latchkey data', bytes: 48_600_000, fixedBy: 'variable' },
        work: {
          task: 'move-all',
          folder: '/media/ada/big/Latchkey data',
          state: { kind: 'done', bytes: 48_600_000, at: now, left: true },
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
      brought: {
        kind: 'exported',
        model: {
          repo: llama,
          commit: installed.commit,
          dtype: 'q4',
          bytes: 1_241_000_000,
          files: 9,
          converter: '0.1.0',
          licence: 'llama3.2',
          licenceAccount: 'ada',
          licenceTexts: [
            { path: 'LICENSE.txt', sha256: 'ab12'.repeat(16), text: 'COMMUNITY LICENCE\n\n1. Terms.' },
            { path: 'USE_POLICY.md', sha256: 'cd34'.repeat(16), text: 'Use it well.' },
          ],
          fingerprint: '3fa94c017be2d65890ab44cf12de7788'.repeat(2),
        },
      },
    },
    show: bring,
  },
  'storage-published': { world: { ...chatting, brought: { kind: 'published', model: published } }, show: bring },
  'storage-published-tight': {
    world: {
      ...chatting,
      brought: {
        kind: 'published',
        model: {
          ...published,
          name: 'an-unusually-long-name-that-somebody-gave-to-a-folder-with-a-model-of-seventy-billion-weights',
          parameters: 70_553_706_496,
          bytes: 141_107_412_992,
          convertedBytes: 43_000_000_000,
          freeBytes: 12_000_000_000,
          licence: '',
          licenceTexts: [],
        },
      },
    },
    show: bring,
  },
  'storage-published-refused': {
    world: {
      ...chatting,
      broughtProblem: problem(
        'damaged-file',
        'A file in this folder is missing, damaged or not what it says',
        'model-00002-of-00002.safetensors: a shard that the index names is missing. Fetch that file again where the folder came from, then take the folder in again. Nothing of it was kept, and the folder was not changed.',
        [{ kind: 'copy-report', label: 'Copy report' }],
      ),
    },
    show: bring,
  },
  'storage-taking-in': {
    world: {
      ...chatting,
      storage: {
        ...chatting.storage,
        work: {
          task: 'take-in',
          folder: '/media/ada/stick/Llama-3.2-1B-Instruct',
          state: {
            kind: 'working',
            note: 'converting',
            progress: {
              doneBytes: 410_000_000,
              totalBytes: 1_060_000_000,
              bytesPerSecond: 41_000_000,
              secondsLeft: 16,
              item: 'model.layers.6.mlp.down_proj.weight',
            },
          },
        },
      },
    },
    show: (app) => app.router.go({ name: 'storage' }),
  },
  'storage-taken-in': {
    world: {
      ...chatting,
      installed: [brought, ...chatting.installed],
      storage: {
        ...chatting.storage,
        work: {
          task: 'take-in',
          folder: '/media/ada/stick/Llama-3.2-1B-Instruct',
          state: { kind: 'done', bytes: 1_060_000_000, at: now, model: brought },
        },
      },
    },
    show: (app) => app.router.go({ name: 'storage' }),
  },
  'storage-brought-damaged': {
    world: {
      ...chatting,
      installed: [brought],
      storage: {
        ...chatting.storage,
        work: {
          task: 'verify',
          modelId: brought.id,
          state: {
            kind: 'failed',
            problem: problem(
              'damaged-file',
              'One file of this model has changed',
              'Its bytes are not the ones that were prepared, so its answers cannot be trusted. It was made from a folder on this computer, and the Hub does not know these files: take the same folder in again, and the model is made anew.',
              [{ kind: 'view', view: 'take-folder', label: 'Take the folder in again' }],
            ),
          },
        },
      },
    },
    show: (app) => app.router.go({ name: 'storage' }),
  },
  'models-brought': {
    world: {
      ...chatting,
      installed: [brought],
      receipts: [
        {
          modelId: brought.id,
          repo: brought.repo,
          commit: brought.commit,
          origin: 'folder',
          licence: 'llama3.2',
          installedAt: now,
          texts: [{ path: 'LICENSE.txt', sha256: 'ab12'.repeat(16), text: 'COMMUNITY LICENCE\n\n1. Terms.' }],
          sources: [
            { path: 'config.json', sha256: '1c0d'.repeat(16) },
            { path: 'model.safetensors', sha256: '68a2'.repeat(16) },
            { path: 'tokenizer.json', sha256: '79e3'.repeat(16) },
          ],
        },
      ],
    },
    show(app) {
      app.router.go({ name: 'models' });
      const open = (): void => {
        const receipt = document.querySelector<HTMLDetailsElement>('[data-testid=receipt]');
        if (receipt) receipt.open = true;
        else setTimeout(open, 20);
      };
      open();
    },
  },
};
