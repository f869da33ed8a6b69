/**
 * Every sentence of the page, in plain English and the present tense, ready for translation. Sentences about failures
 * come from the services as problems and are shown as they come.
 */
import type { LicenceState, Step, TokenHome, VaultState } from '../../electron/contract/setup.ts';
import type { Account } from '../../electron/contract/setup.ts';
import { chat } from './enChat.ts';
import { claims } from './enClaims.ts';
import { devices } from './enDevices.ts';
import { family } from './enFamily.ts';
import { journey } from './enJourney.ts';
import { receipt } from './enReceipt.ts';
import { scripts } from './enScripts.ts';
import { signIn } from './enSignIn.ts';
import { localServer } from './enLocalServer.ts';
import { mirror } from './enMirror.ts';
import { storage } from './enStorage.ts';
import { update } from './enUpdate.ts';
import { tokens } from './enTokens.ts';

const kinds: Readonly<Record<Account['kind'], string>> = {
  read: 'read-only token',
  write: 'write token',
  'fine-grained': 'fine-grained token',
  oauth: 'signed in through the browser',
  other: 'token',
};

const homes: Readonly<Record<TokenHome, string>> = {
  keychain: 'Kept in the keychain of this computer.',
  session: 'Kept for this session only: closing Latchkey forgets it.',
};

const vaults: Readonly<Record<VaultState, string | undefined>> = {
  ready: undefined,
  empty: undefined,
  locked: 'The keychain of this computer is locked. Unlock it to keep the token; until then it lasts for this session.',
  absent: 'This computer has no keychain that Latchkey can use. The token lasts for this session only.',
};

/** What a licence chip can say: a state of the licence, that the model is handed out to nobody here, or that nobody was asked. */
export type Door = LicenceState | 'closed' | 'folder';

const licences: Readonly<Record<Door, { readonly word: string; readonly sentence: string }>> = {
  'not-gated': { word: 'open', sentence: 'Open to everybody: no request is needed' },
  'never-asked': { word: 'needs you', sentence: 'The licence waits for your agreement' },
  pending: { word: 'waiting', sentence: 'The authors have the request' },
  rejected: { word: 'declined', sentence: 'The authors declined the request' },
  reset: { word: 'agree again', sentence: 'The authors ask for a new agreement' },
  closed: { word: 'not offered', sentence: 'Nobody can download it here at the moment' },
  folder: { word: 'from a folder', sentence: 'It came from a folder on this computer; the Hub was not asked' },
  granted: { word: 'granted', sentence: 'Access is granted' },
  unknown: { word: 'not known', sentence: 'What your account may read is not known' },
};

const stepNames: Readonly<Record<Step, string>> = {
  'sign-in': 'Sign in',
  access: 'Licence',
  download: 'Download',
  prepare: 'Prepare',
  ready: 'Chat',
};

export const t = {
  app: {
    name: 'Latchkey',
    skip: 'Skip to content',
    opening: 'Opening Latchkey',
    practice: 'Practice mode: the Hub is a practice one on this computer. Nothing reaches Hugging Face.',
    practiceLabel: 'Practice mode',
    practiceOff: 'Leave practice mode',
    online: 'Online',
    offline: 'Offline by choice',
    onlineNote: (host: string) => `Only licence checks and downloads leave this computer, to ${host}. Chats never do.`,
    offlineNote: 'Nothing leaves this computer until you go online again.',
    offlineBy: (variable: string) => `Offline: ${variable} is set`,
    offlineByNote: (variable: string) =>
      `The environment that started Latchkey sets ${variable}, so nothing leaves this computer. Start Latchkey without it to go online.`,
    reconnecting: 'Reconnecting to Latchkey',
    silent: {
      title: 'Latchkey does not answer',
      explanation:
        'The program behind this page was closed or started again. Your chats and downloads are on disk. ' +
        'Start it and open the link that it prints.',
    },
    noSecret: {
      title: 'This page needs its own link',
      explanation: 'Open the whole link that Latchkey printed when it started: the part after # proves that it is you.',
    },
  },
  nav: {
    label: 'Main',
    open: 'Open navigation',
    newChat: 'New chat',
    models: 'Models',
    access: 'Access',
    storage: 'Storage',
    settings: 'Settings',
    settingUp: 'Setting up',
    chats: 'Chats',
    searchChats: 'Search chats',
    noChats: 'Chats you start appear here.',
    noMatch: 'No chat has these words.',
    today: 'Today',
    earlier: 'Earlier',
    rename: 'Rename',
    renameLabel: 'Title of this chat',
    exportChat: 'Export',
    remove: 'Remove',
    removed: (title: string) => `Removed “${title}”`,
    undo: 'Undo',
    menuFor: (title: string) => `Actions for ${title}`,
    untitled: 'New chat',
  },
  ui: {
    close: 'Close',
    cancel: 'Cancel',
    save: 'Save',
    copy: 'Copy',
    copied: 'Copied',
    evidence: 'Evidence',
    copyEvidence: 'Copy evidence',
    details: 'Details',
    show: 'Show',
    hide: 'Hide',
    working: 'Working',
    more: 'More ways to go on',
    limitEnds: (time: string) => `The limit ends in ${time}.`,
    limitOver: 'The limit is over: try again.',
    opens: (host: string) => `opens ${host}`,
    noPage: 'If no page opened, its address is:',
    reportCopied: 'Report copied. It holds no tokens, questions or answers.',
    facts: {
      request: 'Request',
      status: 'Status',
      errorCode: 'Code',
      errorMessage: 'The Hub says',
      requestId: 'Request id',
      host: 'Host',
      cause: 'Cause',
      account: 'Account',
      at: 'Time',
      retryAt: 'Retry after',
    },
  },
  licence: {
    states: licences,
    chip: (repo: string, sentence: string) => `Licence of ${repo}: ${sentence}`,
    read: 'Read the licence',
    reading: 'Fetching the licence text',
    file: (file: string, sha256: string) => `${file} · SHA-256 ${sha256.slice(0, 12)}`,
    checked: (when: string) => `checked ${when}`,
    name: 'Licence',
  },
  steps: stepNames,
  mirror,
  journey,
  chat,
  access: {
    title: 'Access',
    intro: 'Which token Latchkey uses, what it may read, and what each licence says about you.',
    doctorLabel: 'Paste an error, a link or a model name',
    doctorHint: 'A whole traceback is fine. Latchkey finds the model in it and checks each door in turn.',
    doctorButton: 'Check',
    doctorNothing: 'No model name found in this text. A name looks like meta-llama/Llama-3.2-1B.',
    chain: ['Token', 'Account', 'Model', 'Licence', 'Files'] as const,
    chainStates: { passed: 'passed', here: 'stops here', later: 'not reached' },
    goOn: 'Show its setup',
    tokenTitle: 'Access token',
    none: 'No token is stored.',
    kinds,
    homes,
    vaults,
    ending: (ending: string) => `ends in ${ending}`,
    signedInAs: (name: string) => `Signed in as ${name}`,
    unchecked: (name: string, ending: string) =>
      `A token of ${name}, ending in ${ending}, is stored. It was not checked in this session.`,
    readsGated: 'May read gated models',
    notReadsGated: 'May not read gated models: one permission is missing',
    unknownGated: 'Whether it reads gated models shows at the first check',
    forget: 'Forget this token',
    notNeeded: (count: number) =>
      `Nothing on this computer needs the token: ${count === 1 ? 'the installed model opens' : `the ${count} installed models open`} without a token and without a connection.`,
    stillNeeded: (names: readonly string[]) => `Still needed to set up: ${names.join(', ')}.`,
    forgetNote: 'Forgetting removes it from this computer. It stays valid at Hugging Face until you delete it there.',
    replace: 'Use another token',
    pages: 'Pages at Hugging Face',
    pageNames: {
      tokens: 'Your tokens',
      requests: 'Your access requests',
      'new-token': 'Make a token',
      'sign-up': 'Make an account',
      status: 'Is the Hub working',
    },
    licencesTitle: 'Licences',
    noLicences: 'Licences of the models you choose appear here.',
    checkNow: 'Check now',
  },
  models: {
    title: 'Models',
    installed: 'On this computer',
    noneInstalled: 'No model is installed yet.',
    add: 'Add a model',
    paste: 'Or paste a model name, a link or an error',
    pasteHint: 'For example meta-llama/Llama-3.2-1B, its address, or the whole error of a script.',
    pasteButton: 'Set up',
    pasteNothing: 'No model name found in this text. A name looks like meta-llama/Llama-3.2-1B.',
    gated: 'asks for a licence',
    free: 'no request needed',
    base: 'continues text',
    instruct: 'answers questions',
    by: (by: string) => `by ${by}`,
    download: (size: string) => `${size} download`,
    parameters: (size: string) => `${size} parameters`,
    choose: (title: string) => `Set up ${title}`,
    chat: 'Chat',
    remove: 'Remove from this computer',
    removeTitle: (name: string) => `Remove ${name}?`,
    removeText: (size: string) =>
      `${size} are freed. Chats stay. The licence stays granted; the model can be added again.`,
    removeBrought: (size: string) =>
      `${size} are freed. Chats stay. The folder it was made from was never changed: take it in again to have the model back.`,
    fromFolder: 'From a folder on this computer; not known to the Hub',
    unnamed: 'not named in the folder',
    takeFolder: 'Take in a folder',
    takeFolderNote:
      'Are the official files on a disk already, fetched by Python, git or another computer? Latchkey makes a model of them without asking any server.',
    removeConfirm: 'Remove',
    sanity: 'Sanity check',
    sanityAgain: 'Run it again',
    sanityNone: 'Not run yet.',
    sanityRate: (tokens: string, rate: string) => `${tokens} tokens, ${rate} tokens/s`,
    fidelity: (divergence: string, worst: string, same: string, positions: string) =>
      `Compared with the official weights on ${positions} tokens: ${divergence} nats apart per token, ${worst} at most; the same first choice ${same} times.`,
    facts: {
      repo: 'Model',
      commit: 'Commit',
      content: 'Hash of the files',
      dtype: 'Format',
      bytes: 'On disk',
      licence: 'Licence',
      account: 'Licence granted to',
      context: 'Context',
      architecture: 'Architecture',
      installed: 'Installed',
    },
    tokens: (count: string) => `${count} tokens`,
  },
  storage,
  claims,
  receipt,
  scripts,
  signIn,
  family,
  update,
  tokens,
  localServer,
  devices,
  link: {
    title: 'Set up this model?',
    text: 'A link asks Latchkey to set up the model below. Nothing is fetched before the licence step is done.',
    yes: 'Set it up',
  },
  settings: {
    title: 'Settings',
    theme: 'Appearance',
    themes: { system: 'System', light: 'Light', dark: 'Dark' },
    offline: 'Offline',
    offlineHint: 'No licence checks, no downloads. Installed models work as before.',
    tray: 'Stay in the tray',
    trayHint: 'Closing the window leaves Latchkey running: downloads and waiting go on.',
    downloadLimit: 'Download speed',
    downloadLimitHint: 'For all downloads together. A change holds at once, also for a download that is under way.',
    noLimit: 'No limit',
    atMost: (speed: string) => `At most ${speed}`,
    practice: 'Practice mode',
    practiceHint:
      'Try the whole journey against a practice Hub on this computer, without an account. Your own setup stays as it is.',
    about: 'About',
    version: (version: string, platform: string) => `Latchkey ${version} on ${platform}`,
    hub: (endpoint: string) => `The Hub is ${endpoint}`,
    data: 'Your data',
    dataHint:
      'Chats, settings and logs are in one folder on this computer. Storage moves all of it, or the models alone, to another disk.',
    showData: 'Open data folder',
    reset: 'Reset Latchkey',
    resetHint: 'Forgets the token, the settings and unfinished set-ups. Models and chats stay.',
    resetQuestion: 'Reset Latchkey?',
    resetText:
      'The token, the settings and unfinished set-ups are forgotten. Models, chats and downloaded files stay where they are.',
    report: 'Copy report',
    reportHint: 'Versions, states and evidence for a bug report. It holds no tokens, questions or answers.',
  },
} as const;
