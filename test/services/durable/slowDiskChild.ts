/** Writes blocks one after another through the durable module, for slowDisk.syscalls.test.ts. */
import { openFile } from '../../../electron/services/durable/files.ts';
import { blocks, blockSize } from './slowDiskBlocks.ts';

const file = await openFile(process.argv[2] ?? '');
for (let index = 0; index < blocks; index += 1) {
  await file.write(new Uint8Array(blockSize).fill(index + 1), index * blockSize);
}
await file.close();
