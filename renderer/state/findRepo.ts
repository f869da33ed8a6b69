import { repoPattern } from '../../electron/contract/ipc.ts';

/** First parts of paths that look like owner/name but are folders, files or pages of the Hub. */
const notOwners = new Set([
  'api',
  'docs',
  'datasets',
  'spaces',
  'settings',
  'models',
  'usr',
  'home',
  'site-packages',
  'blob',
  'tree',
  'resolve',
  'lib',
  'bin',
  'text',
  'application',
  'http',
  'https',
  'python3',
  'users',
]);

function clean(candidate: string): string | undefined {
  const id = candidate.replace(/[.,;:'")\]]+$/, '').replace(/\.git$/, '');
  const owner = id.slice(0, id.indexOf('/')).toLowerCase();
  if (!repoPattern.test(id) || notOwners.has(owner) || /\.(py|js|ts|so|html?|json)$/i.test(id)) return undefined;
  return id;
}

/**
 * Finds the model in what a person pastes: a bare id, an address of the Hub (also of a file or an api call), a line of
 * Python or a whole traceback. Addresses win over quoted names, quoted names over bare ones. Undefined when none is there.
 */
export function findRepo(pasted: string): string | undefined {
  const text = pasted.slice(0, 50_000).trim();
  const whole = /^[^\s/]+\/[^\s/]+$/.test(text) ? clean(text) : undefined;
  if (whole !== undefined) return whole;
  const patterns = [
    /https?:\/\/[^\s/'"]+\/(?:api\/models\/|api\/resolve-cache\/models\/)?([\w.-]+\/[\w.-]+)/g,
    /(?:huggingface\.co|hf\.co)\/([\w.-]+\/[\w.-]+)/g,
    /models--([\w.-]+?--[\w.-]+)/g,
    /['"`]([\w.-]+\/[\w.-]+)['"`]/g,
    /(?:^|[\s(=:])([\w.-]+\/[\w.-]+)(?=$|[\s),;:.])/gm,
  ];
  for (const pattern of patterns) {
    for (const match of text.matchAll(pattern)) {
      const id = clean((match[1] ?? '').replace('--', '/'));
      if (id !== undefined) return id;
    }
  }
  return undefined;
}
