/** Sentences about a mirror that stands in for huggingface.co. */
export const mirror = {
  title: (host: string) => `Files come from ${host}`,
  text: 'HF_ENDPOINT puts this mirror in the place of huggingface.co. Accounts, licences and tokens stay at Hugging Face.',
  send: (host: string) => `Send my access token to ${host}`,
  notes: {
    unasked: 'Not sent so far. Whoever runs the mirror could use it for everything it allows.',
    withheld: 'Not sent. Open models come from the mirror without it; models behind a licence do not.',
    sent: 'Sent with each request, so whoever runs the mirror could use it for everything it allows.',
  },
} as const;
