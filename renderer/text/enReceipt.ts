/** Sentences about what was agreed to, and what the publisher says today. */
export const receipt = {
  title: 'Licence receipt',
  intro: 'What this model was taken under, kept with it. Reading it needs no connection.',
  introBrought:
    'What came with this model when it was taken in from a folder, kept with it. The Hub was not asked: whether its licence was accepted, and who published it, Latchkey cannot say.',
  facts: {
    repo: 'Model',
    commit: 'Commit',
    content: 'Hash of the files',
    licence: 'Licence',
    account: 'Access of',
    granted: 'Access confirmed',
    installed: 'Installed',
    compared: 'Compared with today’s text',
  },
  openToAll: 'nobody in particular: open to everybody',
  nobodyAsked: 'not known: the Hub was not asked',
  sources: (count: number) => `The ${String(count)} files it was made from`,
  sourcesNote:
    'With their SHA-256. The publisher’s own list on the Hub shows the same numbers for the same weights: there you can compare.',
  never: 'not yet',
  noTexts: 'No licence text came with this model.',
  text: (path: string, sha256: string) => `${path} · SHA-256 ${sha256.slice(0, 12)}`,
  compare: 'Compare with the publisher’s text of today',
  same: 'The publisher’s texts are the same today.',
  hidden: (names: readonly string[]) => `Not shown to this account today: ${names.join(', ')}.`,
  news: 'licence changed',
  changedTitle: 'The publisher has changed the licence',
  changed: (names: readonly string[]) =>
    `Different today from what came with this model: ${names.join(', ')}. The kept text is the one you agreed to; read the new one before you fetch the model again.`,
  renamed: (before: string, now: string) => `The licence was called ${before} and is called ${now} now.`,
  readNew: 'Read today’s licence',
} as const;
