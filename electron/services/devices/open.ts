import { readCores } from '../inference/cores.ts';
import { possibleDevices } from '../inference/runtimeBuilds.ts';
import { driverName, hasCard, processorName } from './driver.ts';
import { createDevices, type Devices } from './room.ts';

/** The devices of this computer. */
export function openDevices(
  options: Omit<Parameters<typeof createDevices>[0], 'possible' | 'hardware' | 'cores' | 'driver' | 'processor'>,
): Devices {
  return createDevices({
    ...options,
    possible: possibleDevices(process.platform, process.arch),
    hardware: hasCard,
    cores: readCores,
    driver: driverName,
    processor: processorName(),
  });
}
