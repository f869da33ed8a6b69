/** Sentences of the server for other programs. */
export const localServer = {
  title: 'Other programs',
  switch: 'Lend the model to other programs',
  hint: 'Editors and scripts on this computer can use the installed models through the OpenAI API. Nothing outside this computer can reach it, and web pages cannot either.',
  address: 'Base URL',
  key: 'API key',
  keyHidden: 'Hidden',
  show: 'Show key',
  hide: 'Hide key',
  copyAddress: 'Copy base URL',
  copyKey: 'Copy API key',
  renew: 'Make a new key',
  renewQuestion: 'Make a new key?',
  renewText: 'Programs that use the old key are shut out until you give them the new one.',
  renewed: 'A new key is in use.',
  models: 'Programs call a model by its name:',
  none: 'No model is installed yet.',
} as const;
