/** What a reader has to know of the computer before comparing figures with another one's. */
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';

/** Instructions that matrix products of either engine use, as Linux spells them. */
const interesting = ['avx2', 'avx512f', 'avx_vnni', 'avx512_vnni', 'amx_int8', 'asimddp', 'i8mm', 'sve'];

function instructions(): string {
  if (process.platform !== 'linux') return 'instructions not listed by this system';
  const flags = /^(?:flags|Features)\s*:(.*)$/mu.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.split(/\s+/u) ?? [];
  const [there, missing] = [true, false].map((present) => interesting.filter((one) => flags.includes(one) === present));
  return `with ${there?.join(', ')}, without ${missing?.join(', ')}`;
}

/** One line: processor, its instructions, memory, system. */
export function describeMachine(): string {
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const processor = `${cpus()[0]?.model.trim()}, ${availableParallelism()} cores ${instructions()}`;
  return `${processor}; ${memory}; ${process.platform} ${release()}, Node ${process.versions.node}`;
}
