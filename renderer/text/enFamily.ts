import type { FormField } from '../../electron/contract/setup.ts';

const kinds: Readonly<Record<FormField['kind'], string | undefined>> = {
  text: undefined,
  date: 'a date',
  country: 'a country',
  choice: undefined,
  agreement: 'a box to tick',
  location: 'added by Hugging Face from your internet address',
  other: undefined,
};

/** Sentences about what a licence covers, and what it asks for. */
export const family = {
  title: (name: string) => `The ${name} family`,
  trap: 'Access is granted for each repository. A licence accepted for one generation does not open the next one, and base and Instruct editions may be asked for separately. Some authors group editions: then one request opens several.',
  base: 'base',
  instruct: 'Instruct',
  here: 'this model',
  notChecked: 'not asked yet',
  checkedBy: (when: string, account: string | undefined) =>
    account === undefined ? `checked ${when}` : `checked ${when} as ${account}`,
  check: 'Check',
  checkLabel: (repo: string) => `Check the licence of ${repo}`,
  checkAll: (count: number) => `Check all ${count}`,
  checkAllNote: 'Two small requests each, one edition after the other.',
  location: 'Approximate location',
  consentOnly: 'Only your agreement. The authors receive your user name and email address.',
  alsoReceived: 'The authors receive this with your user name and email address.',
  kinds,
  options: (options: readonly string[]) => `one of: ${options.join(', ')}`,
  excludesEu: 'The authors say that this licence excludes the European Union. Read it before you send the form.',
} as const;
