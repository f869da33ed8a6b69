import type { FormField } from '../../contract/setup.ts';
import { member, words } from './ask.ts';

/** Real forms have fewer than ten fields; names are shown in a list. */
const most = 30;
const longest = 300;

const kinds: Readonly<Record<string, FormField['kind']>> = {
  text: 'text',
  date_picker: 'date',
  country: 'country',
  select: 'choice',
  checkbox: 'agreement',
  ip_location: 'location',
};

/**
 * PURE: the fields of `extra_gated_fields` in a model card (Hub facts 1.4 and 7), in their order. A type is a word, or an
 * object with a type and perhaps options; a kind we do not know is told as 'other'.
 */
export function readForm(cardData: unknown): readonly FormField[] {
  const fields = member(cardData, 'extra_gated_fields');
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return [];
  return Object.entries(fields)
    .slice(0, most)
    .map(([name, type]): FormField => {
      const word = typeof type === 'string' ? type : (words(type, 'type') ?? '');
      const options = optionsOf(member(type, 'options'));
      return {
        name: name.slice(0, longest),
        kind: kinds[word] ?? 'other',
        ...(options.length > 0 ? { options } : {}),
      };
    });
}

function optionsOf(list: unknown): readonly string[] {
  if (!Array.isArray(list)) return [];
  return list
    .slice(0, most)
    .flatMap((one: unknown) => (typeof one === 'string' ? one : (words(one, 'label') ?? words(one, 'value') ?? [])))
    .map((text) => text.slice(0, longest));
}
