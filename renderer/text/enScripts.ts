/** Sentences for people who came from a script that failed. */
export const scripts = {
  title: 'For your own scripts',
  intro: 'What Python and JavaScript on this computer need now to use this model.',
  looking: 'Looking which token your scripts use',
  practice: 'In practice mode Latchkey does not look at your own tokens.',
  tokenTitle: 'The token',
  login: (account: string | undefined) =>
    account === undefined
      ? 'Sign Python in once. Any read token of the account that holds the licence will do.'
      : `Sign Python in once, as ${account}: that account holds the licence.`,
  same: (name: string, place: string) => `Python uses the same token as Latchkey (${name}, ${place}). Nothing to do.`,
  sameAccount: (name: string, place: string, owner: string) =>
    `Python uses ${name} (${place}), a token of ${owner}, which holds the licence. Nothing to do.`,
  unknown: (name: string, place: string) =>
    `Python uses ${name} (${place}). Whose it is was not asked; if it is not yours, or old, take it away.`,
  otherAccount: (name: string, place: string, owner: string) =>
    `Python uses ${name} (${place}). It belongs to ${owner}, another account than the one that holds the licence.`,
  refused: (name: string, place: string) =>
    `Python uses ${name} (${place}). Hugging Face does not accept it, so scripts fail even for open models.`,
  lacksBox: (name: string, place: string) =>
    `Python uses ${name} (${place}). It may not read gated models: the permission is missing.`,
  takeOut: (name: string, place: string) =>
    `Take the line with ${name} out of ${place}, or new terminals set it again.`,
  filesTitle: 'The files',
  here: (size: string, folder: string) =>
    `The official files (${size}) are in the cache that Python reads, ${folder}. Nothing is downloaded again.`,
  notHere: (folder: string) => `Python downloads the official files into ${folder} when it first asks for them.`,
  offline: 'With this variable Python asks nobody, needs no token, and works without a connection.',
  pythonTitle: 'Python',
  javaScriptTitle: 'JavaScript',
  javaScript:
    'transformers.js loads ONNX files only, which official repositories seldom hold, and it reads HF_TOKEN, never the login of hf. The model prepared here answers JavaScript through the local server of Latchkey.',
  turnOn: 'The local server is off. It is switched on in the settings, where its key is, too.',
  settings: 'Open settings',
  copyCode: 'Copy',
} as const;
