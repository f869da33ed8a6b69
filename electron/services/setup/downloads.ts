import type { DownloadPlan } from '../../contract/model.ts';
import type { Result } from '../../contract/result.ts';
import type { Progress } from '../../contract/setup.ts';
import { startPace } from '../download/waits.ts';
import type { StateFile } from '../durable/stateFile.ts';
import type { HubClient } from '../hub/request.ts';
import type { Ports } from '../ports.ts';
import type { SignIn } from '../signIn/signIn.ts';
import { fetchModel } from './fetchModel.ts';
import { fileSource } from './fileSource.ts';
import { openLastSpeed } from './lastSpeed.ts';

/** What all downloads of this computer share: the way to the Hub, the speed limit, the network under them. */
export interface Downloads {
  /** Fetches and proves the official files of a plan. */
  run(
    plan: DownloadPlan,
    options: { readonly signal: AbortSignal; readonly report: (progress: Progress) => void },
  ): Promise<Result<unknown>>;
  /** What the last download reached; undefined before the first. */
  bytesPerSecond(): number | undefined;
  /** Connections of the old network are given up, without waiting for their silence. */
  networkChanged(): void;
}

/** `limit` is asked all the time: bytes per second for all downloads together, undefined = no limit. */
export async function openDownloads(options: {
  readonly ports: Pick<Ports, 'http' | 'paths' | 'environment' | 'now' | 'log'>;
  readonly hub: HubClient;
  readonly signIn: SignIn;
  readonly limit: () => number | undefined;
  readonly speed: StateFile<number>;
}): Promise<Downloads> {
  const { hub, signIn } = options;
  const { http, paths, environment, now, log } = options.ports;
  const { links } = environment;
  const lastSpeed = await openLastSpeed(options.speed, () => performance.now());
  const pace = startPace(options.limit);
  const source = fileSource({ hub, http, token: () => signIn.tokenToSend() });
  const listeners = new Set<() => void>();
  return {
    async run(plan, { signal, report }) {
      await signIn.renew({ signal });
      const speed = lastSpeed.watch();
      try {
        return await fetchModel(plan, {
          hub,
          token: signIn.tokenToSend(),
          source: source(plan),
          hubCache: paths.hubCache,
          ...(links !== undefined && { links }),
          onProgress(progress) {
            speed.hear(progress);
            report(progress);
          },
          pace,
          watchNetwork(listener) {
            listeners.add(listener);
            return () => listeners.delete(listener);
          },
          signal,
          now,
          log,
        });
      } finally {
        await speed.end();
      }
    },
    bytesPerSecond: () => lastSpeed.bytesPerSecond(),
    networkChanged() {
      for (const listener of listeners) listener();
    },
  };
}
