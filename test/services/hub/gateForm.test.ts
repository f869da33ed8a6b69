import { describe, expect, it } from 'vitest';
import { readForm } from '../../../electron/services/hub/gateForm.ts';

describe('readForm', () => {
  it.each<[string, unknown, readonly unknown[]]>([
    ['no card', undefined, []],
    ['a card without a form', { license: 'apache-2.0' }, []],
    ['a list instead of fields', { extra_gated_fields: ['Name'] }, []],
    ['words instead of fields', { extra_gated_fields: 'Name' }, []],
    [
      'the fields of Llama 3.2, in their order',
      {
        extra_gated_fields: {
          'First Name': 'text',
          'Date of birth': 'date_picker',
          Country: 'country',
          'Job title': { type: 'select', options: ['Student', 'Other'] },
          geo: 'ip_location',
          'By clicking Submit below I accept the terms': 'checkbox',
        },
      },
      [
        { name: 'First Name', kind: 'text' },
        { name: 'Date of birth', kind: 'date' },
        { name: 'Country', kind: 'country' },
        { name: 'Job title', kind: 'choice', options: ['Student', 'Other'] },
        { name: 'geo', kind: 'location' },
        { name: 'By clicking Submit below I accept the terms', kind: 'agreement' },
      ],
    ],
    [
      'options with labels, and values where a label is missing',
      {
        extra_gated_fields: {
          Use: { type: 'select', options: [{ label: 'Research', value: 'r' }, { value: 'x' }, 7] },
        },
      },
      [{ name: 'Use', kind: 'choice', options: ['Research', 'x'] }],
    ],
    [
      'a kind that is new',
      { extra_gated_fields: { Voice: 'audio', Nothing: null, Number: 3 } },
      ['Voice', 'Nothing', 'Number'].map((name) => ({ name, kind: 'other' })),
    ],
  ])('%s', (_, card, fields) => {
    expect(readForm(card)).toEqual(fields);
  });

  it('keeps a form that was made to be endless short', () => {
    const fields = Object.fromEntries(
      Array.from({ length: 5000 }, (_, i) => [`${String(i)}${'x'.repeat(5000)}`, 'text']),
    );
    const form = readForm({ extra_gated_fields: fields });
    expect(form.length).toBe(30);
    expect(form.every(({ name }) => name.length <= 300)).toBe(true);
  });
});
