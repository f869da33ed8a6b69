import { protocol } from 'electron';
import { guardHeaders } from '../contentPolicy.ts';
import { readStaticFile } from '../staticFiles.ts';
import { appOrigin, appScheme } from './appOrigin.ts';

/** Must run before the app is ready, hence at the top of main. */
export function declareAppScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: appScheme, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
  ]);
}

/** Serves the built page, and nothing else, under our own scheme. */
export function serveRenderer(folder: string): void {
  protocol.handle(appScheme, async (request) => {
    const url = new URL(request.url);
    const ours = request.method === 'GET' && request.url.startsWith(`${appOrigin}/`);
    const file = ours ? await readStaticFile(folder, url.pathname) : undefined;
    if (!file) return new Response('', { status: 404, headers: guardHeaders });
    return new Response(file.body, { headers: { ...guardHeaders, 'content-type': file.type } });
  });
}
