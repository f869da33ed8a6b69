/** The only Electron channels of the app. */
export const requestChannel = 'backend:request';
export const eventChannel = 'backend:event';
/** Paths of what a person dropped on the window. */
export const dropChannel = 'window:drop';
