import { app, session } from 'electron';
import { isOurPage } from './appOrigin.ts';
import { spellNothing } from './spelling.ts';

/** The page may put text on the clipboard (copy buttons) and nothing else. */
const granted = new Set(['clipboard-sanitized-write']);

/** Denies what a page could reach outside itself: permissions, the network, navigation, windows, webviews, downloads. */
export function confinePages(): void {
  const ours = session.defaultSession;
  spellNothing(ours);
  ours.setPermissionRequestHandler((contents, permission, answer) =>
    answer(granted.has(permission) && isOurPage(contents.getURL())),
  );
  ours.setPermissionCheckHandler(
    (contents, permission) => granted.has(permission) && isOurPage(contents?.getURL() ?? ''),
  );
  ours.setDevicePermissionHandler(() => false);
  // Second wall behind the content policy: the page's process has no network, whatever it asks for.
  ours.webRequest.onBeforeRequest((details, answer) =>
    answer({ cancel: !isOurPage(details.url) && !/^(blob|data|devtools):/.test(details.url) }),
  );
  // Chat exports are saved from a blob of our own page; anything else is not ours to save.
  ours.on('will-download', (event, item) => {
    if (!item.getURL().startsWith(`blob:`)) event.preventDefault();
  });
  app.on('web-contents-created', (_event, contents) => {
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
    contents.on('will-navigate', (event) => event.preventDefault());
    contents.on('will-frame-navigate', (event) => event.preventDefault());
    contents.on('will-redirect', (event) => event.preventDefault());
    contents.on('will-attach-webview', (event) => event.preventDefault());
  });
}
