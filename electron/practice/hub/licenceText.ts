/** The licence of the practice models: ours, short, and harmless on purpose. */
export const practiceLicence = `Latchkey Practice Community Licence
Version 1, 1 September 2026

This licence exists so that people can practise accepting one. It covers the
practice models that come with Latchkey and nothing else.

1. What you may do. You may use, copy, change and pass on the practice models,
   for any purpose, without paying anything.

2. What you promise. If you pass a practice model on, this text goes with it.
   You do not claim that a practice model is a good source of advice: it is very
   small and often wrong.

3. What we promise. Nothing. The practice models come as they are. Whoever made
   them is not liable for what follows from their use.

4. When it ends. If you break section 2, the permission ends until you stop.

The practice form asks for a name and a few other things, as real forms do. What
you type there is used for nothing: it is not stored and leaves this computer
for nobody.
`;

/** A short notice for the models that are open to everybody. */
export const openLicence = `Apache License 2.0

This practice model is offered under the Apache License, Version 2.0.
The full text is at https://www.apache.org/licenses/LICENSE-2.0
`;

/** What the form of a gated repository asks for, in the manner of README front matter (Hub facts 7). */
export const gatedFields: Readonly<Record<string, unknown>> = {
  'First Name': 'text',
  'Last Name': 'text',
  'Date of birth': 'date_picker',
  Country: 'country',
  Affiliation: 'text',
  'Job title': {
    type: 'select',
    options: ['Student', 'Research Graduate', 'AI researcher', 'AI developer/engineer', 'Reporter', 'Other'],
  },
  geo: 'ip_location',
  'By clicking Submit below I accept the terms of the practice licence': 'checkbox',
};

/** A README with its card on top. JSON is valid YAML, so each value is written as JSON. */
export function readme(id: string, card: Readonly<Record<string, unknown>>, text: string): string {
  const name = id.slice(id.indexOf('/') + 1);
  const lines = Object.entries(card).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  return `---\n${lines.join('\n')}\n---\n\n# ${name}\n\n${text}\n\nServed by the practice Hub of Latchkey on this computer.\n`;
}
