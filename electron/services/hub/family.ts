import type { RepoId } from '../../contract/model.ts';

/** One edition of a model family; access is granted for each repository, sometimes for a group of them at once. */
export interface FamilyMember {
  readonly repo: RepoId;
  readonly generation: string; // "3.2"
  readonly size: string; // "1B"
  readonly instruct: boolean;
}

export interface Family {
  readonly name: string;
  readonly members: readonly FamilyMember[];
}

type Row = readonly [generation: string, size: string, base: string | undefined, instruct: string | undefined];

/** Text models only, newest generation first. Names as the owners spell them. */
const llama: readonly Row[] = [
  ['3.3', '70B', undefined, 'Llama-3.3-70B-Instruct'],
  ['3.2', '1B', 'Llama-3.2-1B', 'Llama-3.2-1B-Instruct'],
  ['3.2', '3B', 'Llama-3.2-3B', 'Llama-3.2-3B-Instruct'],
  ['3.1', '8B', 'Llama-3.1-8B', 'Llama-3.1-8B-Instruct'],
  ['3.1', '70B', 'Llama-3.1-70B', 'Llama-3.1-70B-Instruct'],
  ['3', '8B', 'Meta-Llama-3-8B', 'Meta-Llama-3-8B-Instruct'],
  ['3', '70B', 'Meta-Llama-3-70B', 'Meta-Llama-3-70B-Instruct'],
  ['2', '7B', 'Llama-2-7b-hf', 'Llama-2-7b-chat-hf'],
  ['2', '13B', 'Llama-2-13b-hf', 'Llama-2-13b-chat-hf'],
  ['2', '70B', 'Llama-2-70b-hf', 'Llama-2-70b-chat-hf'],
];

const gemma: readonly Row[] = [
  ['3', '270M', 'gemma-3-270m', 'gemma-3-270m-it'],
  ['3', '1B', 'gemma-3-1b-pt', 'gemma-3-1b-it'],
  ['3', '4B', 'gemma-3-4b-pt', 'gemma-3-4b-it'],
  ['2', '2B', 'gemma-2-2b', 'gemma-2-2b-it'],
  ['2', '9B', 'gemma-2-9b', 'gemma-2-9b-it'],
  ['1', '2B', 'gemma-2b', 'gemma-2b-it'],
  ['1', '7B', 'gemma-7b', 'gemma-7b-it'],
];

const mistral: readonly Row[] = [
  ['0.3', '7B', 'Mistral-7B-v0.3', 'Mistral-7B-Instruct-v0.3'],
  ['0.2', '7B', undefined, 'Mistral-7B-Instruct-v0.2'],
  ['0.1', '7B', 'Mistral-7B-v0.1', 'Mistral-7B-Instruct-v0.1'],
];

/** The practice Hub's own, so that the trap can be practised, too. */
const keyhole: readonly Row[] = [
  ['1', '2.5M', 'Keyhole-1', 'Keyhole-1-Instruct'],
  ['0.9', '2.5M', undefined, 'Keyhole-0.9-Instruct'],
];

const families: readonly Family[] = [
  { name: 'Llama', members: membersOf('meta-llama', llama) },
  { name: 'Gemma', members: membersOf('google', gemma) },
  { name: 'Keyhole', members: membersOf('practice-labs', keyhole) },
  { name: 'Mistral 7B', members: membersOf('mistralai', mistral) },
];

/**
 * The family a repository belongs to, with all its editions, or undefined for one not in the list. Upper and lower
 * case are the same, and so are the older "Meta-Llama-3.1-..." names, which the Hub redirects.
 */
export function familyOf(repo: RepoId): Family | undefined {
  const wanted = canonical(repo);
  return families.find((family) => family.members.some((member) => canonical(member.repo) === wanted));
}

/** The other edition of the same model, Base for Instruct and the other way round; undefined when none is known. */
export function counterpartOf(repo: RepoId): RepoId | undefined {
  const members = familyOf(repo)?.members ?? [];
  const self = members.find((member) => canonical(member.repo) === canonical(repo));
  return members.find(
    (other) => other.generation === self?.generation && other.size === self.size && other.instruct !== self.instruct,
  )?.repo;
}

function membersOf(owner: string, rows: readonly Row[]): readonly FamilyMember[] {
  return rows.flatMap(([generation, size, base, instruct]) => [
    ...(base === undefined ? [] : [{ repo: `${owner}/${base}`, generation, size, instruct: false }]),
    ...(instruct === undefined ? [] : [{ repo: `${owner}/${instruct}`, generation, size, instruct: true }]),
  ]);
}

function canonical(repo: RepoId): string {
  return repo.toLowerCase().replace('/meta-llama-', '/llama-');
}
