/** Scenarios of a small model on the fault Hub: from nothing or from half a download, and what must hold after each. */
import { cp, readdir, readFile, rm } from 'node:fs/promises';
import { expect } from 'vitest';
import { type Fault, type FaultVerb, faultVerbs } from '../../../electron/practice/hub/faults.ts';
import { repoPaths } from '../../../electron/services/download/cachePaths.ts';
import { openPartial } from '../../../electron/services/download/partial.ts';
import { smallTuning, temporaryFolder } from './bench.ts';
import { type FaultHub, gatedRepo, openFaultHub, type Played, type PlayOptions, silences } from './faultHub.ts';
import { gitSha1, noise, sha256 } from './faultServer.ts';

export const block = smallTuning.blockBytes;
/** By way of the download server, proved by SHA-256. */
export const weights = { path: 'model.safetensors', data: noise(12 * block + 300, 7) };
/** Straight from the Hub, proved by git's SHA-1. */
export const config = { path: 'config.json', data: noise(700, 8) };
export const totalBytes = weights.data.length + config.data.length;

const right = new Map([
  [sha256(weights.data), weights],
  [gitSha1(config.data), config],
]);

export interface Scenes {
  readonly world: FaultHub;
  /** Plays the faults from nothing, or from where an earlier download stopped. Checks every file that anybody reads. */
  play(faults: readonly Fault[], options?: SceneOptions): Promise<Scene>;
  close(): Promise<void>;
}

export interface SceneOptions extends PlayOptions {
  readonly interrupted?: boolean;
  /** Ask again, with nothing wrong any more, and expect the exact bytes. */
  readonly thenAgain?: boolean;
}

export interface Scene extends Played {
  /** Bytes that were there before, of which none should be fetched. */
  readonly keptBefore: number;
  /** Bytes there afterwards, and those that the second try fetched. */
  readonly keptAfter: number;
  readonly fetchedAgain: number;
}

/** Bytes on disk that the next run need not fetch. */
async function kept(folder: string): Promise<number> {
  const { own, blobs } = repoPaths(folder, gatedRepo);
  const names = await readdir(blobs).catch((): string[] => []);
  let bytes = names.reduce((sum, name) => sum + (right.get(name)?.data.length ?? 0), 0);
  for (const name of await readdir(own).catch((): string[] => [])) {
    const etag = name.endsWith('.part') ? name.slice(0, -5) : '';
    const file = right.get(etag);
    if (!file) continue;
    const partial = await openPartial(own, { etag, bytes: file.data.length, tuning: smallTuning });
    bytes += partial.filledBytes();
    await partial.close();
  }
  return bytes;
}

/** Nothing wrong stands under any name that Python reads; after a good end everything is there, and nothing else. */
async function expectTrue(folder: string, outcome: string): Promise<void> {
  const { blobs, snapshots, own } = repoPaths(folder, gatedRepo);
  for (const name of await readdir(blobs).catch((): string[] => [])) {
    expect((await readFile(`${blobs}/${name}`)).equals(right.get(name)?.data ?? Buffer.alloc(0)), name).toBe(true);
  }
  if (outcome !== 'exact') return;
  const [commit = ''] = await readdir(snapshots);
  for (const { path, data } of right.values()) {
    expect((await readFile(`${snapshots}/${commit}/${path}`)).equals(data), path).toBe(true);
  }
  expect((await readdir(own)).sort()).toEqual(['lock', 'made', 'verified.json']);
}

export async function openScenes(): Promise<Scenes> {
  const world = await openFaultHub(new Map([...right.values()].map(({ path, data }) => [path, data])));
  const halfway = await temporaryFolder();
  const stop = new AbortController();
  // However late the word to stop comes, most of it is still to be fetched: from the fourth answer on, a few bytes come each time.
  const stalls: readonly Fault[] = [
    { match: /./, port: 'cdn', nth: 2, do: 'stall', atByte: 500 },
    { match: /./, port: 'cdn', nth: 4, times: Infinity, do: 'stall', atByte: 500 },
  ];
  await world.play(halfway, stalls, {
    signal: stop.signal,
    tuning: patience('stall'),
    onProgress: ({ doneBytes }) => doneBytes > 5 * block && stop.abort(),
  });
  const halfwayBytes = await kept(halfway);
  expect(halfwayBytes).toBeGreaterThan(2 * block);

  return {
    world,
    async play(faults, { interrupted = false, thenAgain = false, ...options } = {}) {
      const hubCache = await temporaryFolder();
      try {
        if (interrupted) await cp(halfway, hubCache, { recursive: true, verbatimSymlinks: true });
        const played = await world.play(hubCache, faults, options);
        await expectTrue(hubCache, played.outcome);
        expect(world.hub.authorizationAtCdn).toEqual([]);
        const keptAfter = await kept(hubCache);
        let fetchedAgain = 0;
        if (thenAgain) {
          const second = await world.play(hubCache, [], { tuning: patience() });
          expect(second.outcome).toBe('exact');
          await expectTrue(hubCache, second.outcome);
          fetchedAgain = second.honestBytes;
        }
        return { ...played, keptBefore: interrupted ? halfwayBytes : 0, keptAfter, fetchedAgain };
      } finally {
        await rm(hubCache, { recursive: true, force: true });
      }
    },
    async close() {
      await world.close();
      await rm(halfway, { recursive: true, force: true });
    },
  };
}

/** How long a silence lasts before it is given up, ms: only where the fault is a silence, so that a slow computer is none. */
export const patience = (...verbs: readonly FaultVerb[]): { readonly stallMs: number } => ({
  stallMs: verbs.some((verb) => silences.includes(verb)) ? 150 : 30_000,
});

/** Six faults in a row, of any kind, on either port and at any place; the same for the same seed. */
export function randomFaults(seed: number, elsewhere: string): readonly Fault[] {
  let state = Math.imul(seed + 1, 2654435761) >>> 0;
  const below = (most: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
  return Array.from({ length: 6 }, (_, index): Fault => {
    const verb = faultVerbs[below(faultVerbs.length)] ?? 'reset';
    return {
      match: /(?:GET|HEAD) \/(?!api\/)/,
      port: below(4) > 0 ? 'cdn' : 'hub',
      nth: 1 + index * 2 + below(3),
      do: verb,
      atByte: below(block * 2),
      url: elsewhere,
      ...(verb === '429' && { seconds: 0.02 }),
    };
  });
}
