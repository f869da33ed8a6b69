/**
 * Records what the real safetensors (Rust, through its Python wheel) says about the first mutants:
 * `node test/services/convert/recordRustVerdicts.ts <python with safetensors> [count]`. Run by hand, when mutants or the
 * version change; the recording keeps test/reference/safetensorsRules.ts honest where no Python is.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mutants } from './headerMutants.ts';

const [python = 'python3', count = '20000'] = process.argv.slice(2);
const script = `
import struct, sys, safetensors
from safetensors import _safetensors_rust as rust
verdicts = []
while head := sys.stdin.buffer.read(4):
    file = sys.stdin.buffer.read(struct.unpack('<I', head)[0])
    try:
        rust.deserialize(file)
        verdicts.append('1')
    except rust.SafetensorError:
        verdicts.append('0')
print(safetensors.__version__, ''.join(verdicts))
`;
const parts = mutants(0, Number(count)).flatMap((file) => {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(file.length);
  return [length, file];
});
const { stdout, stderr } = spawnSync(python, ['-c', script], { input: Buffer.concat(parts), maxBuffer: 2 ** 30 });
const [version, verdicts = ''] = stdout.toString().trim().split(' ');
if (verdicts.length !== Number(count)) throw new Error(`no verdicts: ${stderr.toString()}`);
const bytes = Buffer.alloc(Math.ceil(verdicts.length / 8));
for (const [i, verdict] of [...verdicts].entries()) if (verdict === '1') bytes[i >> 3]! |= 1 << (i & 7);
const record = { version, count: verdicts.length, accepted: bytes.toString('base64') };
writeFileSync(new URL('rustVerdicts.json', import.meta.url), `${JSON.stringify(record, null, 2)}\n`);
process.stdout.write(`${version}: ${verdicts.replaceAll('0', '').length} of ${verdicts.length} accepted\n`);
