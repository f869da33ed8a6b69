import { findAccount } from './accounts.ts';
import type { FaultScript } from './faults.ts';
import type { Pace, PracticeControl } from './practiceHub.ts';
import type { Recorder } from './recorder.ts';
import type { Repository } from './repositories.ts';
import { findRepository, type World } from './world.ts';

/** The strings behind the stage, for tests and for the "Practice controls" of the pages. */
export function createControl(stage: {
  readonly world: World;
  readonly script: FaultScript;
  readonly recorder: Recorder;
  readonly setPace: (pace: Pace) => void;
}): PracticeControl {
  const { world, script, recorder } = stage;
  const repositoryOf = (id: string): Repository => {
    const found = findRepository(world, id);
    if (found.kind !== 'here') throw new Error(`No practice repository is called ${id}.`);
    return found.repository;
  };
  const check = (repo: string, account: string): void => {
    repositoryOf(repo);
    if (!findAccount(account)) throw new Error(`Nobody is called ${account} here.`);
  };
  return {
    createToken({ account, kind, gated = false, scopes = [], expired = false, refusedBy = [], name }) {
      if (!findAccount(account)) throw new Error(`Nobody is called ${account} here.`);
      const end = expired ? { expiresAt: world.now() } : {};
      const rights = { gated, scopes, refusedBy, name: name ?? `practice ${kind}` };
      return world.tokens.add({ account, kind, createdAt: world.now(), ...rights, ...end }).text;
    },
    revokeToken(token) {
      world.tokens.remove(token);
    },
    setRequestState(repo, account, state) {
      check(repo, account);
      world.requests.set(repo, account, state);
    },
    requestState(repo, account) {
      check(repo, account);
      return world.requests.state(repo, account);
    },
    setApprovalSeconds: (seconds) => {
      world.requests.setApprovalSeconds(seconds);
    },
    rateLimit: (limit) => {
      world.limits.set(limit);
    },
    script: (faults) => script.add(faults),
    clearScript: () => {
      script.clear();
    },
    setPace: (pace) => {
      stage.setPace(pace);
    },
    setHabits(habits) {
      world.habits = { ...world.habits, ...habits };
    },
    expireLinks: () => {
      world.links.expire();
    },
    setLinkSeconds: (seconds) => {
      world.links.setSeconds(seconds);
    },
    commit: async (repo, files) => (await repositoryOf(repo).commit(files)).id,
    async head(repo) {
      const commit = await repositoryOf(repo).at('main');
      if (!commit) throw new Error(`${repo} has no commit.`);
      return commit.id;
    },
    forgetRequests: () => {
      recorder.forget();
    },
  };
}
