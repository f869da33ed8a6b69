/** The practice Hub with one gated model of known bytes, and the product's own way to it: Hub client, file list, links. */
import { createNodeHttp } from '../../../electron/adapters/nodeHttp.ts';
import type { ModelFile } from '../../../electron/contract/model.ts';
import type { Fault, FaultVerb } from '../../../electron/practice/hub/faults.ts';
import type { PracticeHub } from '../../../electron/practice/hub/practiceHub.ts';
import { startPracticeHub } from '../../../electron/practice/hub/startPracticeHub.ts';
import type { DownloadOptions } from '../../../electron/services/download/download.ts';
import { createHubClient, type HubClient } from '../../../electron/services/hub/request.ts';
import { createAccessToken } from '../../../electron/services/hub/secret.ts';
import { listTree } from '../../../electron/services/hub/tree.ts';
import { fileSource } from '../../../electron/services/setup/fileSource.ts';
import { planOf, runPlan, smallTuning } from './bench.ts';

/** Faults of which nothing is to be seen but that nothing comes. */
export const silences: readonly FaultVerb[] = ['stall', 'drip', 'slow-headers'];

export const gatedRepo = 'acme/gated-llama';

export interface FaultHub {
  readonly hub: PracticeHub;
  /** As the Hub lists them, with real checksums. */
  readonly listed: readonly ModelFile[];
  /** Where a file is asked for, and the token that opens it: for downloaders of another make. */
  address(path: string): { readonly url: string; readonly token: string };
  /** Plays the faults while the product downloads `files` (all, unless said otherwise) into `hubCache`. */
  play(hubCache: string, faults: readonly Fault[], options?: PlayOptions): Promise<Played>;
  close(): Promise<void>;
}

export interface PlayOptions extends Partial<DownloadOptions> {
  readonly files?: readonly ModelFile[];
}

/** What came of it. */
export interface Played {
  /** 'exact' or the code of the Problem. */
  readonly outcome: string;
  /** Body bytes of answers that nothing was wrong with, and of the others. */
  readonly honestBytes: number;
  readonly faultyBytes: number;
  readonly faultsMet: number;
  /** Requests on both ports. */
  readonly requests: number;
}

/** Starts the Hub with these files. */
export async function openFaultHub(contents: ReadonlyMap<string, Buffer>): Promise<FaultHub> {
  const files = [...contents].map(([path, data]) => ({
    path,
    bytes: data.length,
    generate: (offset: number, length: number) => data.subarray(offset, offset + length),
  }));
  const hub = await startPracticeHub({
    modelFolder: '',
    seed: 11,
    repositories: [{ id: gatedRepo, gated: 'auto', files }],
    keepRequests: 1000,
  });
  hub.control.setRequestState(gatedRepo, 'ada', 'granted');
  const secret = hub.control.createToken({ account: 'ada', kind: 'read' });
  const token = createAccessToken(secret);
  const commit = await hub.control.head(gatedRepo);
  const http = createNodeHttp();
  const clientWith = (stallMs: number): HubClient =>
    createHubClient({
      endpoint: hub.endpoint,
      http,
      version: '0.0.0',
      now: Date.now,
      isOffline: () => false,
      tokenConsent: () => 'yes',
      log: () => undefined,
      stallMs,
      retryMs: 2,
    });
  const client = clientWith(30_000);
  // Only where the fault is a silence, so that a slow computer is none.
  const hasty = clientWith(500);
  const tree = await listTree(client, { repo: gatedRepo, commit, token });
  if (!tree.ok) throw new Error(JSON.stringify(tree.problem));
  const listed = tree.value
    .filter(({ path }) => contents.has(path))
    .map(({ path, bytes, gitSha1, sha256 }): ModelFile => ({ path, bytes, gitSha1, ...(sha256 && { sha256 }) }));
  const sourceOf = (asked: HubClient) => fileSource({ hub: asked, http, token: () => token });

  return {
    hub,
    listed,
    address: (path) => ({ url: `${hub.endpoint}/${gatedRepo}/resolve/${commit}/${path}`, token: secret }),
    async play(hubCache, faults, { files: chosen = listed, ...options } = {}) {
      const plan = { ...planOf(chosen), repo: gatedRepo, commit };
      hub.control.clearScript();
      hub.control.forgetRequests();
      hub.control.script(faults);
      const silent = faults.some(({ do: verb, port }) => port !== 'cdn' && silences.includes(verb));
      const { result } = await runPlan(plan, sourceOf(silent ? hasty : client)(plan), hubCache, {
        ...options,
        tuning: { ...smallTuning, maxWaitMs: 200, ...options.tuning },
      });
      const sum = (faulty: boolean): number =>
        hub.requests
          .filter(({ fault, method }) => (fault !== undefined) === faulty && method === 'GET')
          .reduce((all, { bytesSent }) => all + bytesSent, 0);
      return {
        outcome: result.ok ? 'exact' : result.problem.code,
        honestBytes: sum(false),
        faultyBytes: sum(true),
        faultsMet: hub.requests.filter(({ fault }) => fault !== undefined).length,
        requests: hub.requests.length,
      };
    },
    close: () => hub.close(),
  };
}
