/**
 * What each account holds for each repository, as far as this app was told: by the journeys, and by the person who asks
 * about the other editions of a family. Nothing here asks by itself.
 */
import type { FamilyState } from '../../contract/family.ts';
import type { Problem } from '../../contract/problem.ts';
import type { LicenceState, LicenceStatus } from '../../contract/setup.ts';
import type { StateFile } from '../durable/stateFile.ts';
import type { AccessAnswer } from '../hub/check.ts';
import { familyOf } from '../hub/family.ts';

export interface Licences {
  /** Reads what earlier runs learnt. */
  start(): Promise<void>;
  /** A journey asked; its answer is the newest. */
  learned(status: LicenceStatus): void;
  family(repo: string): FamilyState;
  /** Asks the Hub about one edition. */
  check(repo: string, edition: string): Promise<FamilyState>;
  /** As if nobody had ever asked. */
  forget(): Promise<void>;
}

/** Far more than all editions of all families that anybody looks at. */
const most = 300;

/** What is worth remembering: "unknown" says nothing about a licence. */
const answers: readonly LicenceState[] = ['not-gated', 'never-asked', 'pending', 'rejected', 'reset', 'granted'];

/** True for a list this file wrote. */
export function areLicences(value: unknown): value is readonly LicenceStatus[] {
  return (
    Array.isArray(value) &&
    value.every((one: unknown) => {
      if (typeof one !== 'object' || one === null) return false;
      const { repo, state, checkedAt } = one as Partial<LicenceStatus>;
      return typeof repo === 'string' && answers.some((known) => known === state) && typeof checkedAt === 'number';
    })
  );
}

export function createLicences(options: {
  readonly file: StateFile<readonly LicenceStatus[]>;
  readonly ask: (repo: string) => Promise<AccessAnswer>;
}): Licences {
  const known = new Map<string, LicenceStatus>();
  const problems = new Map<string, Problem>();

  const put = (repo: string, status: LicenceStatus): boolean => {
    const before = known.get(repo);
    // What was known stays, with its own time and account, when the newest answer says nothing.
    if (!answers.includes(status.state) || (before && before.checkedAt > status.checkedAt)) return false;
    const { nextCheckAt: _next, ...lasting } = status;
    known.delete(repo);
    known.set(repo, { ...lasting, repo });
    return true;
  };
  // Losing this file costs one question per edition: a full disk is told elsewhere.
  const save = (): Promise<void> => options.file.write([...known.values()].slice(-most)).catch(() => undefined);

  const family = (repo: string): FamilyState => {
    const found = familyOf(repo);
    if (!found) return { repo, members: [] };
    return {
      repo,
      name: found.name,
      members: found.members.map((edition) => {
        const licence = known.get(edition.repo);
        const problem = problems.get(edition.repo);
        return { ...edition, ...(licence && { licence }), ...(problem && { problem }) };
      }),
    };
  };

  return {
    family,
    async start() {
      for (const status of (await options.file.read()) ?? []) put(status.repo, status);
    },
    learned(status) {
      if (!put(status.repo, status)) return;
      problems.delete(status.repo);
      void save();
    },
    async check(repo, edition) {
      const { licence, problem } = await options.ask(edition);
      // A renamed repository answers under its new name; the family knows it by this one.
      const told = licence !== undefined && put(edition, { ...licence, repo: edition });
      if (told) void save();
      if (told || !problem) problems.delete(edition);
      else problems.set(edition, problem);
      return family(repo);
    },
    async forget() {
      known.clear();
      problems.clear();
      await save();
    },
  };
}
