import { openFile } from '../services/durable/files.ts';

/** Of -1000 to 1000. Chromium gives its own renderers 300, and the window must outlive the model. */
const score = '900';

/**
 * Asks the system to take this process first when memory runs out, before the window, the app and other programs: it can be
 * started again, and loses nothing. Linux only; elsewhere, and where it is not allowed, nothing happens.
 */
export async function goFirst(): Promise<void> {
  if (process.platform !== 'linux') return;
  try {
    const file = await openFile('/proc/self/oom_score_adj');
    try {
      await file.write(Buffer.from(score), 0);
    } finally {
      await file.close();
    }
  } catch {
    // a container can forbid it; the order of ends is then the system's own
  }
}
