/** An app that is nothing but the desktop's way to the network, for tests to send requests through. */
import { app } from 'electron';
import { createNodeHttp } from '../../../electron/adapters/nodeHttp.ts';
import { createNodeWay } from '../../../electron/adapters/nodeNetwork.ts';
import { confinePages } from '../../../electron/hosts/desktop/confine.ts';
import { createDesktopNetwork } from '../../../electron/hosts/desktop/network.ts';
import type { HttpRequest } from '../../../electron/services/ports.ts';

void app.whenReady().then(() => {
  // As in the product: pages have no network, and this must not be our network's loss.
  confinePages();
  const { env } = process;
  const { http, way } = createDesktopNetwork({
    node: createNodeHttp({ env }),
    nodeWay: createNodeWay(env),
    env,
    now: Date.now,
  });
  const send = async (request: HttpRequest, leaveAfter?: number) => {
    const stop = new AbortController();
    try {
      const answer = await http(request, { signal: stop.signal });
      const { status, headers, body } = answer;
      let bytes = 0;
      let text = '';
      for await (const chunk of body) {
        bytes += chunk.byteLength;
        if (text.length < 1000) text += Buffer.from(chunk).toString();
        if (leaveAfter !== undefined && bytes >= leaveAfter) stop.abort();
      }
      answer.close();
      return { status, headers, bytes, text };
    } catch (error) {
      const { name, code, issuer, message } = error as Error & { code?: string; issuer?: string };
      return { failed: { name, code, issuer, message } };
    }
  };
  Object.assign(globalThis, { network: { send, way } });
});
