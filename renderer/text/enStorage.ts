/** Words of the storage page, and of what is done with the files of a model. */
import type { StorageTask } from '../../electron/contract/storage.ts';

const working: Readonly<Record<StorageTask, string>> = {
  verify: 'Comparing every byte with its hash',
  export: 'Copying the model and its hashes',
  import: 'Copying and proving the model',
  move: 'Copying the models and proving each copy',
};

const stopped: Readonly<Record<StorageTask, string>> = {
  verify: 'Stopped. Nothing was changed.',
  export: 'Stopped. The copy was removed again.',
  import: 'Stopped. Nothing was taken in.',
  move: 'Stopped. The models stay where they were.',
};

export const storage = {
  title: 'Storage',
  intro: 'Each file is counted once, also when scripts share it.',
  models: 'Prepared models',
  cache: 'Official files, in the cache that your scripts share',
  partial: 'Unfinished downloads',
  free: 'Free on this disk',
  working,
  stopped,
  stop: 'Stop',
  safe: 'You can close this window; it goes on. If Latchkey is closed, a move goes on at the next start.',
  verified: (bytes: string, when: string) => `Verified ${when}: all ${bytes} are the bytes that were prepared.`,
  exported: (folder: string) => `Exported to ${folder}`,
  imported: (name: string) => `${name} is on this computer now. Every byte has the hash that came with it.`,
  moved: (folder: string) => `The models are in ${folder} now.`,
  fingerprint: 'Fingerprint',
  fingerprintNote: 'The other computer shows the same number, or it is not the same model.',
  modelsTitle: 'Prepared models',
  modelsNone: 'No model is prepared yet.',
  verify: 'Verify',
  export: 'Export this folder',
  remove: 'Remove',
  move: 'Move to another disk',
  moveTitle: 'Move the models?',
  moveText: (bytes: string, folder: string, free: string) =>
    `${bytes} are copied to ${folder} (${free} free there), proved, and only then removed here. Chats and official files stay where they are.`,
  moveConfirm: 'Move',
  import: 'Import a model',
  importNote:
    'A folder that Latchkey exported, for example on a stick. Nothing is fetched: it works without a network.',
  importNoteDrop:
    'A folder that Latchkey exported, for example on a stick; it can be dropped on this window, too. Nothing is fetched: it works without a network.',
  drop: 'Drop a folder that Latchkey exported',
  away: 'The disk with your models is not connected',
  awayNote: 'Connect it and start Latchkey again. Nothing is written anywhere else meanwhile.',
  cacheTitle: 'Official files',
  cacheNote:
    'What the authors published, as downloaded. Prepared models work without these files; a script that loads the same model uses them.',
  cacheNone: 'The cache is empty.',
  cacheMove: 'To keep this cache on another disk, set HF_HOME to a folder there: Latchkey and Python both follow it.',
  byUs: 'downloaded by Latchkey',
  byOthers: 'put there by other programs',
  byBoth: (ours: string) => `${ours} downloaded by Latchkey, the rest by other programs`,
  unfinished: (bytes: string) => `${bytes} unfinished`,
  inUse: 'in use now',
  removeRepoTitle: (repo: string) => `Remove the official files of ${repo}?`,
  removeOurs: (bytes: string) =>
    `${bytes} that Latchkey downloaded are removed. Scripts that load this model would have to download it again. The prepared model stays.`,
  removeOthers: (bytes: string) =>
    `Other programs put these ${bytes} there, not Latchkey. Scripts that load this model would have to download it again.`,
  removeBoth: (ours: string, all: string) =>
    `${ours} were downloaded by Latchkey; with what other programs put there it is ${all}. What is removed, scripts would have to download again.`,
  removeOursConfirm: 'Remove what Latchkey downloaded',
  removeAllConfirm: 'Remove all of it',
  leftover: 'Left behind',
  leftoverNote: 'From downloads and preparations that nobody continues. Nothing of other programs.',
  leftoverFree: 'Free it',
  folderTitle: 'Which folder?',
  folderLabel: 'Folder',
  folderHint: 'Its whole path, for example /media/ada/stick.',
  folderUse: 'Use this folder',
  carriedTitle: (repo: string) => `Import ${repo}?`,
  carriedText: (bytes: string, files: number) =>
    `${bytes} in ${String(files)} files are copied, and each is compared with its hash. Compare the fingerprint with the one that the other computer showed.`,
  carriedLicence: (licence: string) => `Its licence is ${licence}. It binds you here as well.`,
  carriedAccount: (account: string) => `Access was granted to ${account}.`,
  carriedNoText: 'No licence text came with it. Read it on the model’s page before you use the model.',
  carriedConfirm: 'Import',
  facts: {
    commit: 'Commit',
    dtype: 'Format',
    converter: 'Prepared by',
    licence: 'Licence',
    account: 'Licence granted to',
  },
  preparedBy: (version: string) => `Latchkey ${version}`,
} as const;
