/** PURE: whether macOS runs a program out of its disk image or a place of the moment, where nothing can be replaced. */
export function isInPassing(platform: NodeJS.Platform, program: string): boolean {
  return platform === 'darwin' && (program.startsWith('/Volumes/') || program.includes('/AppTranslocation/'));
}
