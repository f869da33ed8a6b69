import type { ModelCard, RepoId } from '../../contract/model.ts';
import type { Problem } from '../../contract/problem.ts';
import { failed, ok, type Result } from '../../contract/result.ts';
import { askedFor, checkedRepo, member, misshapen, succeeded, words } from './ask.ts';
import { explain } from './explain.ts';
import { readForm } from './gateForm.ts';
import type { HubAnswer, HubClient, SendOptions } from './request.ts';
import type { AccessToken } from './secret.ts';
import { describe } from './words.ts';

export interface RepoRequest {
  readonly repo: RepoId;
  readonly token?: AccessToken | undefined;
}

/** Sends for the metadata of a repository; a renamed one answers under its new name. */
export function requestModelInfo(
  hub: HubClient,
  { repo, token }: RepoRequest,
  options?: SendOptions,
): Promise<HubAnswer> {
  return hub.send({ method: 'GET', path: `/api/models/${repo}`, token }, options);
}

/** What the Hub tells anybody about a repository. Proves nothing about access: gated repositories answer too. */
export async function modelInfo(
  hub: HubClient,
  request: RepoRequest,
  options?: SendOptions,
): Promise<Result<ModelCard>> {
  const refused = checkedRepo(request.repo);
  if (refused) return refused;
  const answer = await requestModelInfo(hub, request, options);
  const asked = askedFor(hub, request.repo, request.token);
  if (!succeeded(answer)) return failed(explain(answer, asked));
  const card = readCard(answer.json(), request.repo);
  return card ? ok(card) : misshapen(answer, asked);
}

/** PURE: reads model info (Hub facts 1.4); undefined when id or commit are missing, which no Hub leaves out. */
export function readCard(json: unknown, requested: RepoId): ModelCard | undefined {
  const repo = words(json, 'id') ?? words(json, 'modelId');
  const commit = words(json, 'sha');
  if (repo === undefined || commit === undefined || !/^[0-9a-f]{40}$/.test(commit)) return undefined;
  const cardData = member(json, 'cardData');
  const siblings = member(json, 'siblings');
  const [architecture] = texts(member(member(json, 'config'), 'architectures'));
  return {
    repo,
    commit,
    gate: gateOf(member(json, 'gated')),
    licence: licenceOf(cardData, member(json, 'tags')),
    excludesEu: member(cardData, 'extra_gated_eu_disallowed') === true,
    form: readForm(cardData),
    private: member(json, 'private') === true,
    disabled: member(json, 'disabled') === true,
    ...(repo === requested ? {} : { renamedFrom: requested }),
    ...(architecture !== undefined && { architecture }),
    files: (Array.isArray(siblings) ? siblings : []).flatMap((one: unknown) => words(one, 'rfilename') ?? []),
  };
}

/** Whether the authors put ONNX files beside the weights, where transformers.js looks for them. */
export function bringsOnnx({ files }: ModelCard): boolean {
  return files.some((file) => /^onnx\/model[^/]*\.onnx$/.test(file));
}

/** The problem of a repository that holds no weights Latchkey could prepare or run; undefined when it does. */
export function explainContents(card: ModelCard): Problem | undefined {
  if (bringsOnnx(card) || card.files.some((file) => file.endsWith('.safetensors'))) return undefined;
  const gguf = card.files.some((file) => file.toLowerCase().endsWith('.gguf'));
  const what = gguf ? 'only GGUF files' : 'no weights in the safetensors or ONNX format';
  return {
    code: 'nothing-to-run',
    title: 'This edition cannot run here',
    explanation: `${card.repo} holds ${what}. Latchkey runs those; another edition of the model may have them.`,
    actions: [{ kind: 'view', view: 'journey', label: 'Choose another model' }],
    evidence: [],
  };
}

/** The problem that tells of a move, for callers that want to ask before they go on under the new name. */
export function explainMove(card: ModelCard): Problem | undefined {
  if (card.renamedFrom === undefined) return undefined;
  return describe('repo-renamed', { repo: card.renamedFrom, newRepo: card.repo }, []);
}

/** An unknown kind of gate is a gate: somebody looks at requests. */
function gateOf(gated: unknown): ModelCard['gate'] {
  if (gated === 'auto') return 'auto';
  return gated === false || gated === undefined || gated === null ? 'none' : 'manual';
}

function licenceOf(cardData: unknown, tags: unknown): string {
  const named = words(cardData, 'license_name');
  const plain = texts(member(cardData, 'license')).join(', ');
  if (named !== undefined && (plain === 'other' || plain === '')) return named;
  if (plain !== '') return plain;
  const tag = texts(tags).find((one) => one.startsWith('license:'));
  return tag === undefined ? 'unknown' : tag.slice('license:'.length);
}

/** One string or a list with strings in it, as YAML authors write it. */
function texts(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((one) => typeof one === 'string');
}
