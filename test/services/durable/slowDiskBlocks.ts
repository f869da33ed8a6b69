/** What the child of slowDisk.syscalls.test.ts writes: block i holds i + 1 in every byte. */
export const blocks = 40;
export const blockSize = 4096;
