/** Everything the generation bench needs on disk, made once and kept in a folder outside the repository. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dtype } from '../../../electron/contract/model.ts';
import { convertModel } from '../../../electron/services/convert/convert.ts';
import { planDecoder } from '../../../electron/services/convert/decoder.ts';
import { readArchitecture } from '../../../electron/services/convert/readArchitecture.ts';
import { loopFile, recipeFor } from '../../../electron/services/convert/recipe.ts';
import type { Say } from '../row.ts';
import { writeBenchCheckpoint } from './checkpoint.ts';
import { writeGguf } from './gguf.ts';
import { configOf, type ShapeName, shapes } from './shapes.ts';

const peer = 'node-llama-cpp@3.22.1';

/** The other engine, installed where this repository does not see it; gives the folder of the package. */
export function installPeer(room: string, say: Say): string {
  const home = join(room, 'peer');
  const folder = join(home, 'node_modules', 'node-llama-cpp');
  if (existsSync(join(folder, 'package.json'))) return folder;
  say(`installing ${peer} into ${home}`);
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'package.json'), '{"private":true}');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-save'];
  const { status } = spawnSync(npm, ['install', peer, ...options], {
    cwd: home,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error(`npm could not install ${peer}`);
  return folder;
}

/** The other engine's file; the head as given. */
export function ggufFile(room: string, name: ShapeName, head: 'Q4_0' | 'Q6_K', say: Say): string {
  const path = join(room, `${name}.${head}.gguf`);
  if (existsSync(path)) return path;
  say(`writing ${path}`);
  mkdirSync(room, { recursive: true });
  writeGguf(path, shapes[name], head);
  return path;
}

/**
 * Our own folder, converted by the product from a random checkpoint. Its weights are kept until the recipe lays them
 * out differently; the graph is written anew each time, so that a change of the graph is measured at once.
 */
export async function convertedFolder(room: string, name: ShapeName, dtype: Dtype, say: Say): Promise<string> {
  const architecture = readArchitecture(configOf(shapes[name]));
  if (!architecture.ok) throw new Error(JSON.stringify(architecture.problem));
  const recipe = recipeFor(dtype);
  const plan = planDecoder(architecture.value, recipe, shapes[name].context);
  const layout = createHash('sha256')
    .update(JSON.stringify([plan.dataBytes, plan.fills]))
    .digest('hex')
    .slice(0, 12);
  const output = join(room, `${name}-${dtype}-${layout}`);
  if (!existsSync(output)) {
    const source = join(room, `${name}-official`);
    if (!existsSync(source)) {
      say(`writing ${source}`);
      writeBenchCheckpoint(source, shapes[name]);
    }
    say(`converting to ${output}`);
    const result = await convertModel({ source, output, dtype });
    if (!result.ok) throw new Error(JSON.stringify(result.problem));
  }
  writeFileSync(join(output, 'onnx', recipe.file), plan.graph);
  if (plan.loopGraph) writeFileSync(join(output, 'onnx', loopFile(recipe)), plan.loopGraph);
  return output;
}
