import { tick } from 'svelte';
import { farFromOfficial } from '../../electron/services/setup/explain.ts';
import { accessScenes } from './accessScenes.ts';
import { licenceScenes } from './licenceScenes.ts';
import { chatScenes } from './chatScenes.ts';
import { memoryScenes } from './memoryScenes.ts';
import { readyScenes } from './readyScenes.ts';
import { settingsScenes } from './settingsScenes.ts';
import { storageScenes } from './storageScenes.ts';
import { info, licence, llama, longRepo, now, plan, problem, smol } from './fixtures.ts';
import { access, base, chatting, download, empty, idle, type Scene, signedIn, withSetup } from './worlds.ts';

const neverAsked = problem(
  'access-never-asked',
  'You have not accepted this licence yet',
  "Meta asks each account to agree once per model family. The form is on the model's page; you are signed in there as ada.",
  [{ kind: 'page', page: 'licence', repo: llama, label: 'Open licence page' }],
);
const pending = problem(
  'access-pending',
  'Meta has your request',
  'Approval takes minutes to days. Latchkey checks for you and starts the download by itself; you can close this window.',
  [{ kind: 'request', request: 'setup.check', input: { repo: llama }, label: 'Check now' }],
);

/** A hand that holds a file over the window. */
async function holdFile(): Promise<void> {
  await tick();
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File(['x'], 'model'));
  window.dispatchEvent(new DragEvent('dragover', { dataTransfer, cancelable: true }));
  await tick();
}

/** Every screen and state worth a look. */
export const scenes: Readonly<Record<string, Scene>> = {
  welcome: { world: empty },
  'drop-hint': { world: empty, show: holdFile },
  'welcome-practice': {
    world: {
      ...empty,
      info: {
        ...info,
        practice: true,
        host: 'web',
        can: {
          openPages: false,
          notify: false,
          showFolders: false,
          chooseFolders: false,
          dropFolders: false,
          stayInTray: false,
          signInWithBrowser: false,
          readClipboard: false,
        },
      },
    },
  },
  'sign-in': {
    world: withSetup(empty, { ...base, step: 'sign-in', activity: idle, licence: licence('unknown'), plan }),
  },
  'sign-in-web': {
    world: withSetup(
      {
        ...empty,
        signIn: { vault: 'absent' },
        info: {
          ...info,
          host: 'web',
          can: {
            openPages: false,
            notify: false,
            showFolders: false,
            chooseFolders: false,
            dropFolders: false,
            stayInTray: false,
            signInWithBrowser: false,
            readClipboard: false,
          },
        },
      },
      { ...base, step: 'sign-in', activity: idle, plan },
    ),
  },
  'sign-in-problem': {
    world: {
      ...withSetup(empty, { ...base, step: 'sign-in', activity: idle, plan }),
      tokenProblem: problem(
        'token-not-accepted',
        'Hugging Face does not accept this token',
        'It is expired, deleted or mistyped. Nothing was stored.',
        [{ kind: 'page', page: 'new-token', label: 'Make a new token' }],
      ),
    },
    show: async (app) => void (await app.signIn.save('hf_wrong')),
  },
  checking: { world: access({ kind: 'working', note: 'Asking Hugging Face what your account may read' }, 'unknown') },
  'never-asked': { world: access({ kind: 'blocked', problem: neverAsked }, 'never-asked') },
  pending: {
    world: access({ kind: 'waiting', problem: pending, nextCheckAt: now + 42_000 }, 'pending', {
      pendingSince: now - 420_000,
      nextCheckAt: now + 42_000,
    }),
  },
  rejected: {
    world: access(
      {
        kind: 'blocked',
        problem: problem(
          'access-rejected',
          'The authors declined the request',
          'Asking again has no effect. A similar open model may serve.',
          [{ kind: 'view', view: 'models', label: 'Choose a similar open model' }],
        ),
      },
      'rejected',
    ),
  },
  'lacks-gated': {
    world: access(
      {
        kind: 'blocked',
        problem: problem(
          'token-lacks-gated',
          'Your token works, but it may not read gated models',
          'Fine-grained tokens need one more permission. This link opens the form with it ticked.',
          [
            { kind: 'page', page: 'new-token', label: 'Fix this token' },
            { kind: 'view', view: 'token-field', label: 'Use another token' },
          ],
        ),
      },
      'unknown',
    ),
  },
  offline: {
    world: {
      ...access(
        {
          kind: 'waiting',
          nextCheckAt: now + 12_000,
          problem: problem(
            'offline',
            'No connection to Hugging Face',
            'Models already on this computer still work. Latchkey tries again by itself.',
            [{ kind: 'request', request: 'setup.check', input: { repo: llama }, label: 'Try again' }],
          ),
        },
        'unknown',
      ),
      info: { ...info, offline: true },
    },
  },
  'download-plan': { world: download(idle) },
  downloading: {
    world: download({
      kind: 'working',
      note: 'Downloading the official files',
      progress: {
        doneBytes: 912_000_000,
        totalBytes: plan.totalBytes,
        bytesPerSecond: 8_400_000,
        secondsLeft: 187,
        item: 'model.safetensors',
      },
    }),
  },
  paused: {
    world: download({
      kind: 'paused',
      progress: { doneBytes: 912_000_000, totalBytes: plan.totalBytes, bytesPerSecond: 0 },
    }),
  },
  'disk-full': {
    world: download(
      {
        kind: 'blocked',
        problem: problem('disk-full', '3.1 GB more space is needed', 'The download so far is kept.', [
          { kind: 'view', view: 'storage', label: 'See what takes space' },
        ]),
      },
      { freeBytes: 600_000_000, fits: false },
    ),
  },
  preparing: {
    world: withSetup(signedIn, {
      ...base,
      step: 'prepare',
      licence: licence('granted'),
      plan,
      activity: {
        kind: 'working',
        note: 'converting',
        progress: {
          doneBytes: 1_500_000_000,
          totalBytes: plan.totalBytes,
          bytesPerSecond: 61_000_000,
          secondsLeft: 16,
          item: 'model.layers.9.mlp.down_proj.weight',
        },
      },
    }),
  },
  proving: {
    world: withSetup(signedIn, {
      ...base,
      step: 'prepare',
      licence: licence('granted'),
      plan,
      activity: {
        kind: 'working',
        note: 'proving',
        progress: { doneBytes: 900_000_000, totalBytes: plan.totalBytes, bytesPerSecond: 210_000_000, secondsLeft: 8 },
      },
    }),
  },
  'proof-failed': {
    world: withSetup(signedIn, {
      ...base,
      step: 'prepare',
      licence: licence('granted'),
      plan,
      activity: {
        kind: 'blocked',
        problem: farFromOfficial(
          plan,
          { positions: 8, meanDivergence: 4.217, worstDivergence: 9.6, sameChoices: 1 },
          0.5,
        ),
      },
    }),
  },
  ready: { world: { ...chatting, chats: [] }, show: (app) => app.router.go({ name: 'journey', repo: llama }) },
  'long-name': {
    world: withSetup(signedIn, {
      ...base,
      repo: longRepo,
      step: 'access',
      activity: { kind: 'blocked', problem: neverAsked },
      licence: { ...licence('never-asked'), repo: longRepo },
      plan,
    }),
  },
  ...chatScenes,
  ...readyScenes,
  ...memoryScenes,
  models: { world: chatting, show: (app) => app.router.go({ name: 'models' }) },
  access: {
    world: {
      ...chatting,
      setups: [
        ...chatting.setups,
        {
          ...base,
          repo: smol,
          step: 'download',
          activity: idle,
          licence: { ...licence('not-gated'), repo: smol, gate: 'none', licence: 'apache-2.0' },
          plan,
        },
      ],
    },
    show: (app) => app.router.go({ name: 'access' }),
  },
  'access-none': { world: { ...empty, signIn: { vault: 'locked' } }, show: (app) => app.router.go({ name: 'access' }) },
  ...accessScenes,
  ...licenceScenes,
  ...storageScenes,
  ...settingsScenes,
};
