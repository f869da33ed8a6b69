import { setTimeout as delay } from 'node:timers/promises';
import { createAccessRequests } from './accessRequests.ts';
import { createTokenStore } from './accounts.ts';
import { practiceRepositories } from './catalogue.ts';
import { createControl } from './control.ts';
import { createDeviceLogins } from './deviceLogins.ts';
import { createFaultScript } from './faults.ts';
import { createSignedLinks } from './links.ts';
import type { Pace, PracticeHub, PracticeHubOptions } from './practiceHub.ts';
import { createRandom } from './random.ts';
import { createRateLimits } from './rateLimits.ts';
import { createRecorder } from './recorder.ts';
import { createHashDisk, createRepository } from './repositories.ts';
import { createCdnServer, createHubServer, listen } from './servers.ts';
import { openStateFile } from './stateFile.ts';
import type { World } from './world.ts';

/** Starts the Hub and its CDN on 127.0.0.1. Rejects when the model folder is missing or the port is taken. */
export async function startPracticeHub(options: PracticeHubOptions): Promise<PracticeHub> {
  const now = options.now ?? Date.now;
  const random = createRandom(options.seed);
  const file = openStateFile(options.stateFile);
  const saved = await file.read();
  const specs = options.repositories ?? (await practiceRepositories(options.modelFolder));
  const hashDisk = createHashDisk();
  const changed = (): void => {
    file.save(() => ({ tokens: world.tokens.all(), requests: world.requests.all() }));
  };
  const { approvalSeconds = 20 } = options;
  const world: World = {
    now,
    random,
    endpoint: '',
    cdnEndpoint: '',
    repositories: specs.map((spec) => createRepository(spec, hashDisk)),
    tokens: createTokenStore({ random, now, changed, saved: saved.tokens }),
    requests: createAccessRequests({ now, changed, approvalSeconds, saved: saved.requests }),
    limits: createRateLimits(now),
    links: createSignedLinks({ now, random, cdnEndpoint: () => world.cdnEndpoint }),
    logins: createDeviceLogins({ now, random }),
    pageSize: options.pageSize ?? 1000,
    habits: { deadTokenOnGated: 'gated', deadTokenSentence: 'Invalid username or password.' },
  };
  const recorder = createRecorder({ now, keep: options.keepRequests ?? 10_000 });
  const script = createFaultScript();
  const closing = new AbortController();
  let pace: Pace = { bytesPerSecond: options.bytesPerSecond, delayMilliseconds: options.delayMilliseconds };

  const counter = { world, recorder, script, pace: () => pace, signal: closing.signal };
  const servers = [createHubServer(counter), createCdnServer(counter)] as const;
  const [hub, cdn] = servers;
  const cdnPort = await listen(cdn, 0);
  try {
    world.endpoint = `http://127.0.0.1:${await listen(hub, options.port ?? 0)}`;
  } catch (error) {
    cdn.close();
    throw error;
  }
  world.cdnEndpoint = `http://127.0.0.1:${cdnPort}`;

  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    closing.abort();
    await Promise.all(
      servers.map(
        (server) =>
          new Promise<void>((resolve) => {
            server.close(() => {
              resolve();
            });
            server.closeAllConnections();
          }),
      ),
    );
    await file.settled();
    // One turn more, so that answers that were cut have ended before the caller removes folders.
    await delay(0);
  };
  return {
    endpoint: world.endpoint,
    cdnEndpoint: world.cdnEndpoint,
    requests: recorder.requests,
    authorizationAtCdn: recorder.authorizationAtCdn,
    control: createControl({ world, script, recorder, setPace: (wanted) => (pace = wanted) }),
    close: () => (closed ??= close()),
  };
}
