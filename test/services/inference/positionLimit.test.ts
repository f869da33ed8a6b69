import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ModelFolderError } from '../../../electron/services/inference/modelFolder.ts';
import { positionLimit } from '../../../electron/services/inference/positionLimit.ts';
import { convertedPractice, removeFolders, temporaryFolder, variant } from './models.ts';

/** Protocol buffer fields, as small as they can be written: all lengths here are below 128. */
const bytes = (field: number, content: string | Buffer): Buffer => {
  const body = Buffer.from(content);
  if (body.length > 127)
    return Buffer.concat([Buffer.from([field * 8 + 2, (body.length & 127) | 128, body.length >> 7]), body]);
  return Buffer.concat([Buffer.from([field * 8 + 2, body.length]), body]);
};
const number = (field: number, value: number): Buffer => Buffer.from([field * 8, (value & 127) | 128, value >> 7]);
const node = (operator: string, inputs: string[], domain = ''): Buffer =>
  bytes(1, Buffer.concat([...inputs.map((name) => bytes(1, name)), bytes(4, operator), bytes(7, domain)]));
const table = (name: string, rows: number): Buffer =>
  bytes(5, Buffer.concat([number(1, rows), number(1, 32), number(2, 1), bytes(8, name), bytes(9, 'raw')]));
const packed = (name: string, rows: number): Buffer =>
  bytes(5, Buffer.concat([bytes(1, Buffer.from([(rows & 127) | 128, rows >> 7, 32])), bytes(8, name)]));
const graph = (...parts: Buffer[]): Buffer =>
  Buffer.concat([number(1, 10), bytes(7, Buffer.concat(parts)), bytes(8, 'rest')]);
const attention = ['q', '', '', 'pk', 'pv', 's', 't', 'cos', 'sin'];

afterAll(removeFolders);

describe('how many positions a graph can place', () => {
  it.each([
    [
      'the table of the attention',
      graph(node('GroupQueryAttention', attention, 'com.microsoft'), table('cos', 900)),
      900,
    ],
    ['sizes packed into one field', graph(node('GroupQueryAttention', attention), packed('cos', 901)), 901],
    ['the table after the node or before it', graph(table('cos', 300), node('GroupQueryAttention', attention)), 300],
    [
      'the contrib rotation',
      graph(node('RotaryEmbedding', ['x', 'p', 'c', 's'], 'com.microsoft'), table('c', 700)),
      700,
    ],
    [
      'the standard rotation',
      graph(node('RotaryEmbedding', ['x', 'c', 's', 'p']), table('c', 701), table('p', 2)),
      701,
    ],
    [
      'the shorter of two tables',
      graph(
        node('RotaryEmbedding', ['x', 'a', 'b']),
        node('RotaryEmbedding', ['y', 'c', 'd']),
        table('a', 800),
        table('c', 200),
      ),
      200,
    ],
    [
      'attention without rotation',
      graph(node('GroupQueryAttention', attention.slice(0, 7)), table('cos', 5)),
      Infinity,
    ],
    ['other operators', graph(node('MatMul', ['a', 'b']), table('a', 4)), Infinity],
    ['an empty file', Buffer.alloc(0), Infinity],
  ])('reads %s', (_, content, wanted) => {
    const path = join(temporaryFolder(), 'model.onnx');
    writeFileSync(path, content);
    expect(positionLimit(path)).toBe(wanted);
  });

  describe('of a converted model', () => {
    let folder: string;
    beforeAll(async () => {
      folder = await convertedPractice('q4');
    });

    it('is what it was converted for', () => {
      expect(positionLimit(join(folder, 'onnx/model_q4.onnx'))).toBe(1024);
    });

    it.each([1, 10, 1000, 5000])('is refused for a file cut to %i bytes', (length) => {
      const copy = join(
        variant(folder, 'config.json', (config) => config),
        'onnx/model_q4.onnx',
      );
      truncateSync(copy, length);
      expect(() => positionLimit(copy)).toThrow(ModelFolderError);
    });
  });
});
