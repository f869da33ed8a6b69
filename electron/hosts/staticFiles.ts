import { readFile, realpath } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
};

export interface StaticFile {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly type: string;
}

/** Names our build gives to files: letters, digits, and -_. inside; never a leading dot, a backslash or a colon. */
const plainPath = /^(?:\/[A-Za-z0-9_-][\w.-]*)+$/;

/**
 * A file of the built page, or `undefined`. `path` is the path of a URL as it arrived, not decoded: our files need no
 * escapes, so a percent sign is refused instead of interpreted. "/" is the page itself.
 */
export async function readStaticFile(folder: string, path: string): Promise<StaticFile | undefined> {
  const wanted = path === '/' ? '/index.html' : path;
  const type = types[extname(wanted).toLowerCase()];
  if (type === undefined || !plainPath.test(wanted) || wanted.includes('..')) return undefined;
  try {
    const root = await realpath(folder);
    // After the name, the place: a link inside the folder must not lead out of it.
    const file = await realpath(join(root, ...wanted.split('/')));
    if (!file.startsWith(root + sep)) return undefined;
    return { body: new Uint8Array(await readFile(file)), type };
  } catch {
    return undefined;
  }
}
