/** Words about newer versions of Latchkey. */
export const update = {
  title: 'Updates',
  allow: 'Look for updates',
  allowHint: 'Asks the release server twice a day whether there is a newer Latchkey. Off: it is never asked.',
  beta: 'Early versions',
  betaHint: 'Also offers versions that are still being tried.',
  obstacle: {
    'not-installed': 'This Latchkey was not installed, so it does not update itself.',
    'by-hand': 'This Latchkey was unpacked by hand. To update it, unpack the newer one in its place; your data stays.',
    'no-key': 'This build cannot tell a genuine update from a forged one, so it does not update itself.',
  },
  check: 'Check now',
  checking: 'Looking for a newer version…',
  newest: (time: string) => `This is the newest version. Last looked ${time}.`,
  offered: (version: string) => `Latchkey ${version} is there`,
  size: (bytes: string) => `${bytes} to download. Chats, models and downloads stay.`,
  download: 'Download update',
  downloading: (version: string) => `Downloading Latchkey ${version}`,
  ready: (version: string) => `Latchkey ${version} is ready`,
  readyHint:
    'Restarting takes a few seconds. An answer being written is finished first; a download goes on afterwards.',
  install: 'Restart and update',
  changes: 'What changed',
} as const;
