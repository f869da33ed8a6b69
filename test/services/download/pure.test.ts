import { describe, expect, test } from 'vitest';
import { adapt, type Connections } from '../../../electron/services/download/connections.ts';
import { errnoOf, explainDisk, spoken } from '../../../electron/services/download/explain.ts';
import { checkHead, parseContentRange } from '../../../electron/services/download/fetchRange.ts';
import { startProgressMeter } from '../../../electron/services/download/progress.ts';
import { askedWait, backoff } from '../../../electron/services/download/waits.ts';
import { repo } from './bench.ts';

test.each([
  ['bytes 0-9/10', { first: 0, last: 9, total: 10 }],
  ['bytes 5-9/*', { first: 5, last: 9, total: undefined }],
  ['bytes 4294967296-8589934591/8589946937', { first: 2 ** 32, last: 2 ** 33 - 1, total: 8589946937 }],
  ['bytes 9-5/10', undefined],
  ['bytes 0-10/10', undefined],
  ['bytes */10', undefined],
  ['bytes 0-9', undefined],
  ['items 0-9/10', undefined],
  ['bytes -1-9/10', undefined],
  ['bytes 0-9/99999999999999999999', undefined],
  ['', undefined],
  [undefined, undefined],
])('Content-Range %j is %j', (value, range) => {
  expect(parseContentRange(value)).toEqual(range);
});

describe('the head of an answer', () => {
  const asked = { from: 10, to: 20, total: 100, whole: false, page: false, pin: '"a"' };
  const good = { 'content-range': 'bytes 10-19/100', 'content-length': '10', etag: '"a"' };
  const rows: readonly (readonly [string, number, Record<string, string>, Partial<typeof asked>, object])[] = [
    ['a good range', 206, good, {}, { kind: 'body', bytes: 10 }],
    [
      'a shorter range',
      206,
      { ...good, 'content-range': 'bytes 10-14/100', 'content-length': '5' },
      {},
      { kind: 'body', bytes: 5 },
    ],
    ['an unknown total', 206, { ...good, 'content-range': 'bytes 10-19/*' }, {}, { kind: 'body', bytes: 10 }],
    ['no length', 206, { 'content-range': 'bytes 10-19/100' }, {}, { kind: 'body', bytes: 10 }],
    ['another start', 206, { ...good, 'content-range': 'bytes 11-20/100' }, {}, { kind: 'nonsense' }],
    ['an end beyond the question', 206, { ...good, 'content-range': 'bytes 10-29/100' }, {}, { kind: 'nonsense' }],
    ['another total', 206, { ...good, 'content-range': 'bytes 10-19/101' }, {}, { kind: 'nonsense' }],
    ['a length that contradicts', 206, { ...good, 'content-length': '9' }, {}, { kind: 'nonsense' }],
    ['no content-range', 206, { 'content-length': '10' }, {}, { kind: 'nonsense' }],
    ['several ranges', 206, { 'content-type': 'multipart/byteranges; boundary=x' }, {}, { kind: 'nonsense' }],
    ['a compressed body', 206, { ...good, 'content-encoding': 'gzip' }, {}, { kind: 'nonsense' }],
    ['identity coding', 206, { ...good, 'content-encoding': 'identity' }, {}, { kind: 'body' }],
    ['another version', 206, { ...good, etag: '"b"' }, {}, { kind: 'changed' }],
    ['the whole file for a range', 200, { 'content-length': '100', etag: '"a"' }, {}, { kind: 'no-range' }],
    ['another version as a whole', 200, { 'content-length': '100', etag: '"b"' }, {}, { kind: 'changed' }],
    ['the whole file from 0', 200, { 'content-length': '100', etag: '"a"' }, { from: 0 }, { kind: 'body', bytes: 20 }],
    ['another size as a whole', 200, { 'content-length': '99' }, { from: 0 }, { kind: 'nonsense' }],
    ['a page', 200, { 'content-type': 'text/html', 'content-length': '99' }, { from: 0 }, { kind: 'page' }],
    ['a page that was asked for', 200, { 'content-type': 'text/html' }, { from: 0, page: true }, { kind: 'body' }],
    ['a range nobody asked for', 206, good, { whole: true }, { kind: 'nonsense' }],
    ['302', 302, {}, {}, { kind: 'refused', status: 302 }],
    ['401', 401, {}, {}, { kind: 'refused', status: 401 }],
    ['403', 403, {}, {}, { kind: 'refused', status: 403 }],
    ['416', 416, {}, {}, { kind: 'refused', status: 416 }],
    ['429', 429, { 'retry-after': '7' }, {}, { kind: 'slow-down', waitMs: 7000 }],
    ['429 without a word', 429, {}, {}, { kind: 'slow-down', waitMs: undefined }],
    ['503', 503, {}, {}, { kind: 'server' }],
    ['503 with a time', 503, { 'retry-after': '3' }, {}, { kind: 'slow-down', waitMs: 3000 }],
    ['408', 408, {}, {}, { kind: 'server' }],
    ['599', 599, {}, {}, { kind: 'server' }],
  ];
  test.each(rows)('%s', (_, status, headers, change, expected) => {
    expect(checkHead({ status, headers }, { ...asked, ...change }, 0)).toMatchObject(expected);
  });
});

const now = Date.parse('2026-11-20T10:00:00Z');
test.each([
  [{ 'retry-after': '5' }, 5000],
  [{ 'retry-after': '0' }, 0],
  [{ 'retry-after': 'Fri, 20 Nov 2026 10:00:09 GMT' }, 9000],
  [{ 'retry-after': 'Fri, 20 Nov 2020 10:00:09 GMT' }, 0],
  [{ 'retry-after': 'soon' }, undefined],
  [{ 'retry-after': '-5' }, undefined],
  [{ 'retry-after': '99999999999999999999' }, undefined],
  [{ ratelimit: '"resolvers";r=0;t=12' }, 13_000],
  [{ ratelimit: '"resolvers";r=10;t=12' }, undefined],
  [{ ratelimit: 'nonsense' }, undefined],
  [{ 'retry-after': 'soon', ratelimit: '"api";r=0;t=1' }, 2000],
  [{}, undefined],
])('the wait that %j asks for is %s ms', (headers, ms) => {
  expect(askedWait(headers, now)).toBe(ms);
});

test('waits double, stay below the limit and are never the same for everybody', () => {
  expect([1, 2, 3, 4, 9].map((count) => backoff(count, 500, 15_000, 1))).toEqual([500, 1000, 2000, 4000, 15_000]);
  expect(backoff(1, 500, 15_000, 0)).toBe(250);
});

describe('the number of connections', () => {
  const play = (speed: (connections: number) => number, samples = 40, max = 16): number[] => {
    let state: Connections = { target: 4, rest: 0 };
    return Array.from({ length: samples }, () => {
      state = adapt(state, { bytesPerSecond: speed(state.target), misses: 0, busy: true }, max);
      return state.target;
    });
  };
  test('grows to the limit while each one brings more', () => {
    expect(play((count) => count * 1000).slice(0, 3)).toEqual([8, 16, 16]);
    expect(play((count) => count ** 0.7 * 1000).at(-1)).toBe(16);
  });
  test('stays where more would bring nothing', () => {
    const targets = play((count) => Math.min(count, 6) * 1000);
    expect(Math.max(...targets)).toBe(10);
    expect(targets.filter((count) => count === 8).length).toBeGreaterThan(25);
  });
  test('does not grow on a line that one connection fills', () => {
    expect(play(() => 1000).filter((count) => count > 4).length).toBeLessThan(8);
  });
  test('shrinks when requests fail, to one at least, and rests before it grows again', () => {
    let state: Connections = { target: 16, rest: 0 };
    for (let index = 0; index < 12; index++) state = adapt(state, { bytesPerSecond: 1, misses: 3, busy: true }, 16);
    expect(state).toEqual({ target: 1, careful: true, rest: 4 });
    expect(adapt(state, { bytesPerSecond: 1, misses: 0, busy: true }, 16)).toEqual({
      target: 1,
      careful: true,
      rest: 3,
    });
  });
  test('does not judge while there is less work than connections', () => {
    expect(adapt({ target: 8, rest: 0 }, { bytesPerSecond: 5, misses: 0, busy: false }, 16).target).toBe(8);
  });
});

test('progress is a smoothed measurement, and promises a time only when bytes arrive', () => {
  let clock = 0;
  const meter = startProgressMeter(1000, () => clock);
  clock = 1000;
  expect(meter.measure(100, 100, 'a')).toEqual({
    doneBytes: 100,
    totalBytes: 1000,
    bytesPerSecond: 100,
    secondsLeft: 9,
    item: 'a',
  });
  clock = 1100;
  expect(meter.measure(200, 200, 'a').bytesPerSecond).toBeLessThan(200);
  clock = 61_100;
  const still = meter.measure(200, 200, undefined);
  expect(still).toEqual({ doneBytes: 200, totalBytes: 1000, bytesPerSecond: 0 });
});

test.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [1000, '1.0 kB'],
  [1_440_000_000, '1.4 GB'],
  [340_200_000, '341 MB'],
  [5e15, '5000 TB'],
])('%d bytes are spoken as %s', (bytes, words) => {
  expect(spoken(bytes)).toBe(words);
});

test.each([
  ['ENOSPC', 'disk-full'],
  ['EDQUOT', 'disk-full'],
  ['EACCES', 'disk-trouble'],
  ['EROFS', 'disk-trouble'],
  ['EIO', 'disk-trouble'],
  ['ENOENT', 'disk-trouble'],
  ['ERR_INVALID_ARG_TYPE', undefined],
])('%s becomes %s', (code, expected) => {
  const problem = explainDisk(repo, Object.assign(new Error('x'), { code }), 1_440_000_000, '/cache');
  expect(problem?.code).toBe(expected);
  if (expected === 'disk-full') expect(problem?.title).toContain('1.4 GB');
  expect(errnoOf(new Error('no code'))).toBe('');
});
