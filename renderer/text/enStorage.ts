/** Words of the storage page, and of what is done with the files of a model. */
import type { DataFixedBy, StorageTask } from '../../electron/contract/storage.ts';

const working: Readonly<Record<StorageTask, string>> = {
  verify: 'Comparing every byte with its hash',
  export: 'Copying the model and its hashes',
  import: 'Copying and proving the model',
  'take-in': 'Looking at the files',
  move: 'Copying the models and proving each copy',
  'move-all': 'Copying the models and proving each copy',
};

const stopped: Readonly<Record<StorageTask, string>> = {
  verify: 'Stopped. Nothing was changed.',
  export: 'Stopped. The copy was removed again.',
  import: 'Stopped. Nothing was taken in.',
  'take-in': 'Stopped. Nothing was taken in, and the folder is as it was.',
  move: 'Stopped. The models stay where they were.',
  'move-all': 'Stopped. Everything stays where it was.',
};

const fixedBy: Readonly<Record<DataFixedBy, string>> = {
  flag: 'Latchkey was started with --data and this folder. To move everything, close Latchkey, move the folder, and name its new place there.',
  variable:
    'LATCHKEY_DATA names this folder. To move everything, close Latchkey, move the folder, and name its new place there.',
  portable: 'The portable program keeps its data beside itself: move both together.',
  practice: 'Practice mode is on. Switch it off to move your data.',
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
  data: {
    title: 'All of Latchkey',
    note: (bytes: string) =>
      `Chats, settings, logs and what is kept of long chats: ${bytes}, beside the models. Official files are in the cache of your scripts.`,
    move: "Move all of Latchkey's data",
    fixedBy,
    question: "Move all of Latchkey's data?",
    rest: 'Chats, settings, logs',
    modelsStay: 'stay where they are',
    modelsStayNote: (folder: string) => `The models are on a disk of their own already, in ${folder}.`,
    free: 'Free there',
    how: 'The models are copied first, while you go on working. Then Latchkey closes for a moment, moves the rest, and opens again. Every copy is proved before anything is removed here, and only a small file stays behind that says where everything is.',
    stays: 'Your access token stays in the keychain of this system. Official files stay in the cache of your scripts.',
    confirm: 'Move everything',
    moved: (folder: string) => `Everything of Latchkey is in ${folder} now.`,
    left: 'Something in the old folder is not what was copied, or could not be removed: look into it before you delete it.',
  },
  fingerprint: 'Fingerprint',
  fingerprintNote: 'The other computer shows the same number, or it is not the same model.',
  modelsTitle: 'Prepared models',
  modelsNone: 'No model is prepared yet.',
  verify: 'Verify',
  export: 'Export this folder',
  remove: 'Remove',
  move: 'Move the models to another disk',
  moveTitle: 'Move the models?',
  moveText: (bytes: string, folder: string, free: string) =>
    `${bytes} are copied to ${folder} (${free} free there), proved, and only then removed here. Chats and official files stay where they are.`,
  moveConfirm: 'Move',
  import: 'Take in a folder',
  importNote:
    'With a model that Latchkey exported, or with the official files of one: from a stick, from another computer, fetched by Python or git. Nothing is fetched, and the folder stays as it is.',
  importNoteDrop:
    'With a model that Latchkey exported, or with the official files of one: from a stick, from another computer, fetched by Python or git. It can be dropped on this window, too. Nothing is fetched, and the folder stays as it is.',
  drop: 'Drop a folder with a model: exported by Latchkey, or official files',
  looking: 'Looking into the folder',
  parts: {
    restarting: 'The models are there. Latchkey moves chats and settings now, and opens again',
    reading: 'Reading the files',
    comparing: 'Comparing with the model that is here',
    converting: 'Preparing',
    taking: 'Copying',
    trying: 'Trying the model',
    proving: 'Comparing with the official weights',
    measuring: 'Measuring its speed on this computer',
  },
  takenIn: (name: string) => `${name} is on this computer now and works offline. The folder is as it was.`,
  published: {
    title: (name: string) => `Take in ${name}?`,
    text: (bytes: string) => `The weights are rewritten for this computer, which takes about ${bytes} here.`,
    textReady: (bytes: string) => `The ONNX files are copied as they are, which takes ${bytes} here.`,
    kept: 'The folder itself is only read, and no server is asked for anything.',
    size: 'Size',
    files: (bytes: string, files: number) => `${bytes} in ${String(files)} files`,
    parameters: 'Parameters',
    kind: 'What it does',
    unknown: 'Latchkey cannot say who published these files.',
    unknownText:
      'The Hub was not asked, and nothing in a folder proves where it comes from. The name is that of the folder. Take in only what you fetched yourself or got from somebody you trust.',
    tight: (free: string) => `Only ${free} are free where the models are. Free some space first.`,
    confirm: 'Take it in',
  },
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
  carriedNoText: 'No licence text came with it. Read it where the model is published before you use it.',
  carriedUnnamed: 'Nothing in it names a licence.',
  carriedFromFolder:
    'The other computer made it from a folder of official files; who published those, nobody was asked.',
  carriedConfirm: 'Import',
  facts: {
    commit: 'Commit',
    content: 'Hash of the files',
    dtype: 'Format',
    converter: 'Prepared by',
    licence: 'Licence',
    account: 'Licence granted to',
  },
  preparedBy: (version: string) => `Latchkey ${version}`,
} as const;
