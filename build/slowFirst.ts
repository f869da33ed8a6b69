import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Suites that drive a browser, a keychain, a traced process or a graphics device: minutes, where others take moments. */
const slow = /\.(?:browser|syscalls|keyring|webgpu)\.test\.ts$/;

/** Begins with the slow files, so that no core is left alone with one of them at the end. */
export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return [
      ...sorted.filter(({ moduleId }) => slow.test(moduleId)),
      ...sorted.filter(({ moduleId }) => !slow.test(moduleId)),
    ];
  }
}
