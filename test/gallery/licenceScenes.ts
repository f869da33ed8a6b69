import type { LicenceReceipt } from '../../electron/contract/licence.ts';
import { describe } from '../../electron/services/hub/words.ts';
import type { AppState } from '../../renderer/state/app.svelte.ts';
import { found } from './accessScenes.ts';
import { chat, installed, llama, now, small } from './fixtures.ts';
import { access, chatting, neverAsked, type Scene } from './worlds.ts';

const receipt: LicenceReceipt = {
  modelId: installed.id,
  repo: llama,
  commit: installed.commit,
  licence: 'llama3.2',
  account: 'ada',
  grantedAt: now - 90_000_000,
  installedAt: installed.installedAt,
  texts: [
    {
      path: 'LICENSE.txt',
      sha256: 'ab12'.repeat(16),
      text: `COMMUNITY LICENCE\n\n${'1. Terms that the authors wrote, shown as they are. '.repeat(20)}`,
    },
    { path: 'USE_POLICY.md', sha256: 'cd34'.repeat(16), text: 'Be kind.' },
  ],
  publisher: { comparedAt: now - 3_600_000, commit: 'f'.repeat(40), changed: ['LICENSE.txt'], hidden: [] },
};
const openAll =
  (...ids: readonly string[]) =>
  async (app: AppState): Promise<void> => {
    app.router.go({ name: 'journey', repo: llama });
    await new Promise((resolve) => setTimeout(resolve, 60));
    for (const id of ids)
      for (const drawer of document.querySelectorAll<HTMLDetailsElement>(`details[data-testid=${id}]`)) {
        drawer.open = true;
        drawer.scrollIntoView();
      }
    await new Promise((resolve) => setTimeout(resolve, 120));
  };
const begunBy = { ...chat, modelId: installed.id };

/** What follows a licence: receipts, scripts, open models instead, and who goes on with a chat. */
export const licenceScenes: Readonly<Record<string, Scene>> = {
  'claim-and-truth': {
    world: {
      ...neverAsked(),
      pasted: { kind: 'error', repo: llama, claim: 'repo-not-found', holdsToken: true },
    },
    async show(app) {
      await app.access.pastes.read('Repository Not Found');
    },
  },
  'no-browser': {
    world: {
      ...neverAsked(),
      noBrowser: true,
    },
    show: (app) => app.pages.open('licence', llama),
  },
  'rejected-instead': {
    world: access(
      { kind: 'blocked', problem: describe('access-rejected', { repo: llama, account: 'ada' }, []) },
      'rejected',
    ),
  },
  receipt: { world: { ...chatting, receipts: [receipt] }, show: openAll('receipt') },
  'receipt-same': {
    world: {
      ...chatting,
      receipts: [
        {
          ...receipt,
          publisher: { comparedAt: now - 3_600_000, commit: 'f'.repeat(40), changed: [], hidden: ['USE_POLICY.md'] },
        },
      ],
    },
    show: openAll('receipt'),
  },
  scripts: {
    world: {
      ...chatting,
      receipts: [receipt],
      localServer: { kind: 'on', port: 11_539, address: 'http://127.0.0.1:11539/v1' },
      tokens: { found, conflicts: [], lookedAt: now, looked: true, shell: 'asked', askedGit: false },
    },
    show: openAll('scripts'),
  },
  handover: {
    world: {
      ...chatting,
      chats: [begunBy],
      standIns: { waiting: [], handovers: [{ chatId: 'c1', from: small.id, to: installed.id }] },
    },
    show: (app) => app.openChat('c1'),
  },
};
