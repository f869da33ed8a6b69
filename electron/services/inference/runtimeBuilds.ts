import type { Device } from '../../contract/model.ts';
import type { Problem } from '../../contract/problem.ts';

/** What onnxruntime-node 1.30 ships libraries for, as process.platform and process.arch. A test compares with its files. */
export const runtimeBuilds: readonly string[] = [
  'darwin arm64',
  'linux arm64',
  'linux x64',
  'win32 arm64',
  'win32 x64',
];

/**
 * What those builds can compute on beside the CPU. Core ML is in the Mac's, but has no operators for packed weights and
 * attention, so nothing would run there.
 */
const buildDevices: Readonly<Record<string, readonly Device[]>> = {
  'darwin arm64': ['webgpu'],
  'linux x64': ['webgpu', 'cuda'],
  'win32 arm64': ['webgpu', 'dml'],
  'win32 x64': ['webgpu', 'dml'],
};

/** Devices, beside the CPU, that can be tried on this kind of computer. */
export function possibleDevices(platform: string, arch: string): readonly Device[] {
  return buildDevices[`${platform} ${arch}`] ?? [];
}

/** Why no model can ever run on this kind of computer, or undefined. Said before anything heavy is fetched for nothing. */
export function explainComputer(platform: string, arch: string): Problem | undefined {
  const build = `${platform} ${arch}`;
  if (runtimeBuilds.includes(build)) return undefined;
  const intelMac = build === 'darwin x64';
  return {
    code: 'computer-unsupported',
    title: intelMac
      ? 'Models cannot run on a Mac with an Intel processor'
      : 'Models cannot run on this kind of computer',
    explanation: intelMac
      ? 'The runtime that computes the answers (ONNX Runtime) is made for Macs with Apple silicon only. Your account and your access are fine: use Latchkey on another computer.'
      : `The runtime that computes the answers (ONNX Runtime) has no build for ${build}. Your account and your access are fine: use Latchkey on another computer.`,
    actions: [{ kind: 'copy-report', label: 'Copy report' }],
    evidence: [{ cause: build }],
  };
}
