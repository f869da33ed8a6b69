import type { TokenFindings } from '../../electron/contract/tokens.ts';
import { t } from '../text/en.ts';
import { placeOf } from './places.ts';

/** One thing to know or to do, perhaps with a line for the terminal. */
export interface ScriptStep {
  readonly text: string;
  readonly command?: string;
}

/** PURE: what a person's Python scripts need now, from the tokens that were found on this computer. */
export function tokenSteps(findings: TokenFindings | undefined, account: string | undefined): readonly ScriptStep[] {
  if (findings === undefined || !findings.looked) return [{ text: t.scripts.login(account), command: 'hf auth login' }];
  const winner = findings.found.find(({ usedBy }) => usedBy.includes('python'));
  if (!winner) return [{ text: t.scripts.login(account), command: 'hf auth login' }];
  const name = t.tokens.kinds[winner.kind](winner.name);
  const place = placeOf(winner);
  if (winner.ours) return [{ text: t.scripts.same(name, place) }];
  const owner = winner.owner?.name;
  const reads = winner.owner?.readsGated !== false;
  if (owner !== undefined && owner === account && reads) return [{ text: t.scripts.sameAccount(name, place, owner) }];
  const why =
    winner.problem?.code === 'token-not-accepted'
      ? t.scripts.refused(name, place)
      : owner === undefined
        ? t.scripts.unknown(name, place)
        : reads
          ? t.scripts.otherAccount(name, place, owner)
          : t.scripts.lacksBox(name, place);
  const inVariable = winner.kind === 'environment' || winner.kind === 'login-shell' || winner.kind === 'shell-file';
  if (!inVariable) return [{ text: why }, { text: t.scripts.login(account), command: 'hf auth login' }];
  return [
    { text: why, command: `unset ${winner.name}` },
    ...(winner.kind === 'shell-file' ? [{ text: t.scripts.takeOut(winner.name, place) }] : []),
    { text: t.scripts.login(account), command: 'hf auth login' },
  ];
}

/** Python that loads exactly what was checked here. */
export function pythonFor(repo: string, commit: string | undefined): string {
  const pin = commit === undefined ? '' : `, revision="${commit}"`;
  return [
    'from transformers import AutoModelForCausalLM, AutoTokenizer',
    '',
    `repo = "${repo}"`,
    `tokenizer = AutoTokenizer.from_pretrained(repo${pin})`,
    `model = AutoModelForCausalLM.from_pretrained(repo${pin})`,
  ].join('\n');
}

/** JavaScript that asks the model prepared here, through the local server. */
export function javaScriptFor(repo: string, address: string): string {
  return [
    `const answer = await fetch("${address}/chat/completions", {`,
    '  method: "POST",',
    '  headers: { "content-type": "application/json", authorization: `Bearer ${process.env.LATCHKEY_KEY}` },',
    `  body: JSON.stringify({ model: "${repo}", messages: [{ role: "user", content: "Hello" }] }),`,
    '});',
    'console.log((await answer.json()).choices[0].message.content);',
  ].join('\n');
}
