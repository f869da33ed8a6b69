import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { explainComputer, runtimeBuilds } from '../../../electron/services/inference/runtimeBuilds.ts';

test('the computers that can run models are those that the runtime ships libraries for', () => {
  const package_ = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  const bin = join(package_, 'bin');
  const builds = readdirSync(bin).flatMap((napi) =>
    readdirSync(join(bin, napi)).flatMap((platform) =>
      readdirSync(join(bin, napi, platform)).map((arch) => `${platform} ${arch}`),
    ),
  );
  expect(builds.sort()).toEqual([...runtimeBuilds].sort());
});

test.each([
  ['darwin', 'arm64', undefined],
  ['win32', 'arm64', undefined],
  ['linux', 'x64', undefined],
  ['darwin', 'x64', /Intel/],
  ['linux', 'riscv64', /this kind of computer/],
  ['win32', 'ia32', /this kind of computer/],
])('%s on %s', (platform, arch, title) => {
  const problem = explainComputer(platform, arch);
  if (title) expect(problem?.title).toMatch(title);
  else expect(problem).toBeUndefined();
});
