import type { DeviceReason, ThreadsFound, ThreadsWay } from '../../electron/contract/devices.ts';
import type { Device } from '../../electron/contract/model.ts';
import { decimal } from './format.ts';

const names: Readonly<Record<Device, string>> = {
  cpu: 'CPU',
  cuda: 'CUDA',
  dml: 'DirectML',
  coreml: 'Core ML',
  webgpu: 'WebGPU',
};

const kinds: Readonly<Record<Device, string>> = {
  cpu: 'the processor',
  cuda: 'an NVIDIA graphics card, with its CUDA libraries',
  dml: 'a graphics card, through Windows',
  coreml: 'the chips of a Mac',
  webgpu: 'a graphics card, through Vulkan, Metal or Direct3D',
};

const absent: Readonly<Record<Device, string>> = {
  cpu: '',
  cuda: 'only on Linux with an x64 processor',
  dml: 'only on Windows',
  coreml: 'it lacks the operators of these models',
  webgpu: 'the runtime has no build of it for this computer',
};

const whys: Readonly<Record<DeviceReason, string>> = {
  only: 'nothing else works on this computer',
  fastest: 'the fastest, as measured with this model',
  unmeasured: 'too little memory was free to measure which is fastest',
  chosen: 'your choice in the settings',
  fallback: 'the one that was meant does not work',
};

const way = ({ cores, pinned, spin }: ThreadsWay): string =>
  [
    cores === 'fast' ? 'a thread for each fast core' : 'a thread for each core',
    ...(pinned ? ['staying on it'] : []),
    spin ? 'busy while it waits' : 'resting while it waits',
  ].join(', ');

/** What is different about a way that was not chosen. */
const instead = (other: ThreadsWay, chosen: ThreadsWay): string =>
  [
    ...(other.cores === chosen.cores ? [] : [other.cores === 'fast' ? 'only the fast cores' : 'all cores']),
    ...(other.pinned === chosen.pinned ? [] : [other.pinned ? 'staying on a core' : 'moving freely']),
    ...(other.spin === chosen.spin ? [] : [other.spin ? 'busy waiting' : 'resting']),
  ].join(' and ');

/** Sentences about where models compute. */
export const devices = {
  title: 'Where answers are computed',
  auto: 'Automatic',
  autoHint: 'Measures each model once where it can run here, and takes the fastest.',
  names,
  kinds,
  works: 'works',
  untried: 'not tried yet',
  absent: (device: Device) => `not here: ${absent[device]}`,
  fails: 'does not work here',
  unusable: 'not used: it took its process down',
  speed: (rate: string, model: string) => `${rate} tokens/s with ${model}`,
  look: 'Look again',
  looking: 'Trying each device',
  lookHint: 'After a driver was updated or a card exchanged. Speeds are measured anew.',
  threads: ({ chosen, others }: ThreadsFound, saving: boolean) =>
    `Measured on this processor: ${way(chosen)}, ${decimal(chosen.tokensPerSecond)} tokens/s; ` +
    `${others.map((one) => `${instead(one, chosen)} ${decimal(one.tokensPerSecond)}`).join(', ')}. ` +
    (saving ? 'Save power goes before it.' : 'More heat has to bring 3%, fewer cores or fixed ones 5%.'),
  saving: 'Save power',
  savingHint: 'Half the cores, and no busy waiting: slower answers, less heat, a longer battery.',
  bar: (device: Device, why: DeviceReason) => `${names[device]}: ${whys[why]}`,
  measuring: (name: string) => `Measuring once where ${name} is fastest`,
  fellBack: (device: Device) => `${names[device]} does not work with this model right now, so the CPU answers.`,
  generic:
    'This model has a graph of its own kind, which transformers.js runs on the processor: slower than Latchkey by itself, and each answer reads the whole chat anew. Every setting of a chat holds here, too.',
  risk: (total: string, free: string) =>
    `Loaded at your own risk: it takes about ${total}, and ${free} were free. When memory runs out, the system ends it; your chats stay.`,
  dismiss: 'Understood',
  context: 'Context',
  contextAuto: 'Automatic: what fits into the memory',
  contextNow: (tokens: string, limit: string, why: string) => `Now ${tokens} of ${limit} tokens, ${why}.`,
  contextWhy: {
    model: 'all that the model takes',
    memory: 'as many as fit into the free memory',
    person: 'as you chose',
  },
  memory: (total: string, weights: string, cache: string, free: string) =>
    `About ${total} of memory: ${weights} for the weights, ${cache} for a full context; ${free} were free.`,
} as const;
