/** The shape of a manifest, checked as if a stranger had written it: an imported one was brought by hand. */
import type { Check } from '../../contract/check.ts';
import { flag, matching, numberIn, oneOf, optional, record, text } from '../../contract/check.ts';
import { repoPattern } from '../../contract/ipc.ts';
import { dtypes, type Fidelity, type InstalledModel, type SanityCheck } from '../../contract/model.ts';
import type { Sampling } from '../../contract/chat.ts';
import { findTwins, unsafeReason } from '../download/safeName.ts';
import type { LicenceSeen, Manifest, ManifestFile } from './manifest.ts';

/** A model has about a dozen files. */
const mostFiles = 200;

const whole =
  (least: number, most = Number.MAX_SAFE_INTEGER): Check<number> =>
  (value): value is number =>
    Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most;

const listOf =
  <T>(check: Check<T>, most: number): Check<readonly T[]> =>
  (value): value is readonly T[] =>
    Array.isArray(value) && value.length <= most && value.every(check);

const name: Check<string> = (value): value is string => text(1000)(value) && unsafeReason(value) === undefined;
const commit = matching(/^[0-9a-f]{40}$/);
const line = text(500);

const sampling = record<Sampling>({
  temperature: numberIn(0, 2),
  topP: numberIn(0, 1),
  topK: numberIn(0, 1000),
  minP: numberIn(0, 1),
  repetitionPenalty: numberIn(0.5, 2),
  maxNewTokens: whole(1, 131_072),
  seed: optional(numberIn(0, 2 ** 32 - 1)),
});

const sanity = record<SanityCheck>({
  prompt: text(10_000),
  text: text(100_000),
  tokens: whole(0),
  tokensPerSecond: numberIn(0, 1e9),
});

const fidelity = record<Fidelity>({
  positions: whole(0),
  meanDivergence: numberIn(-1, 1e6),
  worstDivergence: numberIn(-1, 1e6),
  sameChoices: whole(0),
});

const model = record<InstalledModel>({
  id: matching(/^[A-Za-z0-9][\w.-]{0,219}$/),
  repo: matching(repoPattern),
  commit,
  origin: optional(oneOf(['folder'])),
  dtype: oneOf(dtypes),
  bytes: whole(1),
  installedAt: numberIn(0, 8.64e15),
  architecture: matching(/^\w{1,100}$/),
  contextLength: whole(1, 2 ** 31),
  instruct: flag,
  sampling,
  licence: line,
  licenceAccount: optional(line),
  sanity: optional(sanity),
  fidelity: optional(fidelity),
  ready: optional((value: unknown): value is true => value === true),
});

const licenceSeen = record<LicenceSeen>({
  name: line,
  account: optional(line),
  checkedAt: optional(numberIn(0, 8.64e15)),
  texts: listOf(name, mostFiles),
});

const file = record<ManifestFile>({ path: name, bytes: whole(0), sha256: matching(/^[0-9a-f]{64}$/) });

const shape = record<Manifest>({
  format: (value): value is 1 => value === 1,
  model,
  converter: line,
  licenceSeen: optional(licenceSeen),
  files: listOf(file, mostFiles),
  sources: optional(listOf(file, mostFiles)),
});

/** Whether this is a manifest whose parts agree with each other: names safe and apart, sizes that add up. */
export function isManifest(value: unknown): value is Manifest {
  if (!shape(value)) return false;
  const paths = value.files.map(({ path }) => path);
  const sum = value.files.reduce((bytes, one) => bytes + one.bytes, 0);
  return paths.length > 0 && findTwins(paths) === undefined && sum === value.model.bytes;
}
