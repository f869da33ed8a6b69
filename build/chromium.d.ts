/** Path of a Chromium on this computer: CHROMIUM_PATH, else a usual place. undefined: none was found. */
export function findChromium(): string | undefined;
