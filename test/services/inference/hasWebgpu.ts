/** Prints "works" where WebGPU computes something small, and what it says elsewhere. */
process.env['ORT_DISABLE_TELEMETRY'] = '1';
const { probeDevice } = await import('../../../electron/services/inference/probe.ts');
const found = await probeDevice('webgpu');
process.stdout.write(found.kind === 'fails' ? found.cause : found.kind, () => process.kill(process.pid, 'SIGKILL'));

export {}; // a module, so that it may wait at its top level
