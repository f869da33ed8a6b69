/** Writes a random checkpoint as official repositories publish them: bfloat16 in one model.safetensors. */
import { closeSync, mkdirSync, openSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '../../reference/checkpoint.ts';
import { type BenchShape, configOf } from './shapes.ts';

/** Weights in one drawn piece; every tensor starts somewhere else in it. */
const pieceWeights = 2 ** 22;

function shapesOf(shape: BenchShape): [string, number[]][] {
  const { hidden, wide } = shape;
  const [queries, keys] = [shape.heads * shape.headSize, shape.kvHeads * shape.headSize];
  const layer = (index: number): [string, number[]][] =>
    Object.entries({
      'input_layernorm.weight': [hidden],
      'post_attention_layernorm.weight': [hidden],
      'self_attn.q_proj.weight': [queries, hidden],
      'self_attn.k_proj.weight': [keys, hidden],
      'self_attn.v_proj.weight': [keys, hidden],
      'self_attn.o_proj.weight': [hidden, queries],
      'mlp.gate_proj.weight': [wide, hidden],
      'mlp.up_proj.weight': [wide, hidden],
      'mlp.down_proj.weight': [hidden, wide],
    }).map(([name, dims]) => [`model.layers.${index}.${name}`, dims]);
  return [
    ['model.embed_tokens.weight', [shape.vocabulary, hidden]],
    ...Array.from({ length: shape.layers }, (_, index) => layer(index)).flat(),
    ['model.norm.weight', [hidden]],
  ];
}

/** Roughly normal numbers of deviation 0.02, the usual size of trained weights, as bfloat16. */
function randomPiece(): Uint16Array {
  const random = seededRandom(7);
  const bits = new Uint32Array(
    new Float32Array(pieceWeights).map(() => 0.035 * (random() + random() + random() - 1.5)).buffer,
  );
  return Uint16Array.from(bits, (value) => value >>> 16);
}

/** Makes the folder; it appears whole or not at all. */
export function writeBenchCheckpoint(folder: string, shape: BenchShape): void {
  const temporary = `${folder}.tmp`;
  mkdirSync(temporary, { recursive: true });
  const tensors = shapesOf(shape);
  const header: Record<string, unknown> = {};
  let end = 0;
  for (const [name, dims] of tensors) {
    const bytes = 2 * dims.reduce((a, b) => a * b, 1);
    header[name] = { dtype: 'BF16', shape: dims, data_offsets: [end, end + bytes] };
    end += bytes;
  }
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, ' ')]);
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(BigInt(padded.length));
  const piece = Buffer.from(randomPiece().buffer);
  const ones = Buffer.from(new Uint16Array(2 ** 16).fill(0x3f80).buffer);
  const file = openSync(join(temporary, 'model.safetensors'), 'w');
  writeSync(file, start);
  writeSync(file, padded);
  tensors.forEach(([, dims], index) => {
    const source = dims.length === 1 ? ones : piece;
    let left = 2 * dims.reduce((a, b) => a * b, 1);
    let at = dims.length === 1 ? 0 : (index * 1_000_003 * 2) % piece.length;
    while (left > 0) {
      const length = Math.min(left, source.length - at);
      writeSync(file, source, at, length);
      left -= length;
      at = 0;
    }
  });
  closeSync(file);
  writeFileSync(join(temporary, 'config.json'), JSON.stringify(configOf(shape)));
  writeFileSync(join(temporary, 'generation_config.json'), JSON.stringify({ bos_token_id: 1, eos_token_id: 2 }));
  // Nothing here reads text; the converter only wants the file to be there.
  writeFileSync(join(temporary, 'tokenizer.json'), '{}');
  renameSync(temporary, folder);
}
