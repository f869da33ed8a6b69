/** The only two Electron channels of the app. */
export const requestChannel = 'backend:request';
export const eventChannel = 'backend:event';
