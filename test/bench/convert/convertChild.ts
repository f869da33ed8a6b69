/** One conversion in a process of its own: says how long it took and the most memory the process ever held. */
import { convertModel } from '../../../electron/services/convert/convert.ts';
import type { Dtype } from '../../../electron/contract/model.ts';

export interface ConvertJob {
  readonly source: string;
  readonly output: string;
  readonly dtype: Dtype;
}

export interface ConvertCost {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
  readonly outputBytes: number;
}

const job = JSON.parse(process.argv[2] ?? '') as ConvertJob;
const begin = performance.now();
const result = await convertModel(job);
if (!result.ok) throw new Error(JSON.stringify(result.problem));
const { user, system } = process.cpuUsage();
const cost: ConvertCost = {
  seconds: (performance.now() - begin) / 1000,
  cpuSeconds: (user + system) / 1e6,
  peakBytes: process.resourceUsage().maxRSS * 1024,
  outputBytes: result.value.bytes,
};
process.send?.(cost);
