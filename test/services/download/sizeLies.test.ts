/**
 * Sizes that a server lies about, at each of the three places where it names one: the list of files, the answer about one
 * file, the head of a range. Each lie stands beside the honest size that is taken in the same place, and none is believed
 * for as much as one byte.
 */
import { expect, test } from 'vitest';
import type { Commit } from '../../../electron/contract/model.ts';
import { checkHead } from '../../../electron/services/download/fetchRange.ts';
import { readPlace } from '../../../electron/services/hub/files.ts';
import { readTree } from '../../../electron/services/hub/tree.ts';

const shown = (value: unknown): string => JSON.stringify(value) ?? String(value);
const words = (lies: readonly unknown[]) => lies.map((lie) => ({ lie, shown: shown(lie) }));

const sha256 = 'a'.repeat(64);
const listed = (size: unknown, lfsSize: unknown = size) => [
  { type: 'file', path: 'model.safetensors', size, oid: 'b'.repeat(40), lfs: { oid: sha256, size: lfsSize } },
];
const impossible = [
  ...[-1, -0.5, 0.5, 10.25, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ...[2 ** 53, 2 ** 64, Number.MAX_VALUE, '10', '10 GB', '', '0x10', [10], { bytes: 10 }, true],
];

test('an honest list is read, empty and beyond 4 GB', () => {
  expect(readTree(listed(10))).toMatchObject([{ bytes: 10, sha256 }]);
  expect(readTree(listed(0))).toMatchObject([{ bytes: 0 }]);
  expect(readTree(listed(2 ** 33 + 1))).toMatchObject([{ bytes: 2 ** 33 + 1 }]);
  expect(readTree(listed(134, 2 ** 33))).toMatchObject([{ bytes: 2 ** 33 }]); // the size of the pointer beside the file's
});
test.each(words(impossible))('a list with the size $shown is no list', ({ lie }) => {
  expect(readTree(listed(lie))).toBeUndefined();
  expect(readTree(listed(10, lie))).toBeUndefined(); // the pointer's own size does not save it
});
test('a list without a size is no list', () => {
  expect(readTree([{ type: 'file', path: 'config.json', oid: 'b'.repeat(40) }])).toBeUndefined();
});

const commit: Commit = 'c'.repeat(40);
const place = (headers: Readonly<Record<string, string | undefined>>) => {
  const all = {
    'x-repo-commit': commit,
    'x-linked-etag': `"${sha256}"`,
    location: 'https://cdn.example/x',
    ...headers,
  };
  return readPlace(
    {
      kind: 'response',
      status: 302,
      url: 'https://hub.example/model',
      hops: [],
      evidence: { status: 302 },
      headers: Object.fromEntries(
        Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
      ),
      text: '',
      json: () => undefined,
    },
    commit,
  );
};

test('an honest size about one file is read', () => {
  expect(place({ 'x-linked-size': '8589934593' })).toMatchObject({ bytes: 2 ** 33 + 1 });
  expect(place({ 'x-linked-size': '0' })).toMatchObject({ bytes: 0 });
});
test.each(
  words([
    ...['-1', '+10', '1e3', '10.0', '0x10', '', ' ', '10 ', '10, 10', '10,11', 'ten', '٣', '9999999999999999', 'NaN'],
    ...['Infinity', undefined],
  ]),
)('the size $shown about one file is not believed', ({ lie }) => {
  // The length of a redirect is the length of its own body, whatever it says.
  expect(place({ 'x-linked-size': lie as string | undefined, 'content-length': '10' })).toBeUndefined();
});

const asked = { from: 10, to: 20, total: 100, whole: false, page: false, pin: '"one"' } as const;
const honest = { 'content-range': 'bytes 10-19/100', 'content-length': '10', etag: '"one"' };
const headOf = (status: number, headers: Readonly<Record<string, string>>, ask = asked) =>
  checkHead({ status, headers }, ask, 0).kind;

test('an honest range is read', () => {
  expect(headOf(206, honest)).toBe('body');
  expect(headOf(206, { ...honest, 'content-range': 'bytes 10-14/100', 'content-length': '5' })).toBe('body');
});
test.each(
  words([
    ...['bytes 10-19/101', 'bytes 10-19/99', 'bytes 10-19/0', 'bytes 10-19/15', 'bytes 10-20/100', 'bytes 9-19/100'],
    ...['bytes 11-19/100', 'bytes 19-10/100', 'bytes 0-99/100', 'bytes 0-9/100', 'bytes -10-19/100', 'bytes 10-/100'],
    ...['bytes 10-19', 'bytes */100', 'bytes 10-19/1e2', 'bytes 10-19/0x64', 'items 10-19/100', '10-19/100', ''],
    ...['bytes 10-19/99999999999999999999', 'bytes 10-99999999999999999999/100', 'bytes 10-19/100, 30-39/100'],
  ]),
)('the range $shown is nonsense', ({ lie }) => {
  expect(headOf(206, { ...honest, 'content-range': String(lie) })).toBe('nonsense');
});
test.each(words(['9', '11', '0', '100', '18446744073709551616']))(
  'the length $shown of a range is nonsense',
  ({ lie }) => {
    const head = headOf(206, { ...honest, 'content-length': String(lie) });
    // A length that is no number at all says nothing; the bytes themselves are counted then.
    expect(head).toBe(/^\d{1,16}$/.test(String(lie)) ? 'nonsense' : 'body');
  },
);
test.each(words(['99', '101', '10', '0']))('the length $shown of the whole file is nonsense', ({ lie }) => {
  const whole = { ...asked, from: 0, to: 100, whole: true } as unknown as typeof asked;
  expect(headOf(200, { 'content-length': '100', etag: '"one"' }, whole)).toBe('body');
  expect(headOf(200, { 'content-length': String(lie), etag: '"one"' }, whole)).toBe('nonsense');
});
