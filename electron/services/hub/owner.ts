/** How the owners of well-known gated models call themselves. */
const names: Readonly<Record<string, string>> = {
  'meta-llama': 'Meta',
  facebook: 'Meta',
  google: 'Google',
  mistralai: 'Mistral AI',
  bigcode: 'BigCode',
  cohereforai: 'Cohere',
  coherelabs: 'Cohere',
  'black-forest-labs': 'Black Forest Labs',
  stabilityai: 'Stability AI',
  microsoft: 'Microsoft',
  nvidia: 'NVIDIA',
};

/** The owner of a repository in a sentence: "Meta" for meta-llama/..., the owner's own spelling otherwise. */
export function ownerName(repo: string | undefined): string {
  const owner = repo?.split('/')[0];
  if (owner === undefined || owner === '') return 'The owner';
  return names[owner.toLowerCase()] ?? owner;
}
