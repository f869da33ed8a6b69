import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Suites that drive a browser, a keychain, a traced process or a graphics device: minutes, where others take moments. */
const slow = /\.(?:browser|syscalls|keyring|webgpu)\.test\.ts$/;

/**
 * Begins with the slow files, so that no core is left alone with one of them at the end, and ends with those that share
 * their processes: such a process goes on only while the next file may share it.
 */
export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const turn = ({ moduleId, project }: TestSpecification): number =>
      slow.test(moduleId) ? 0 : project.config.isolate ? 1 : 2;
    return sorted.toSorted((a, b) => turn(a) - turn(b));
  }
}
