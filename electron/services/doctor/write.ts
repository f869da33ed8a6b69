import { redact } from '../hub/secret.ts';
import type { Evidence, Problem } from '../../contract/problem.ts';
import { pageUrl } from '../hub/pages.ts';
import { areas, type Diagnosis, exitCodes, type Finding, type Outcome, troubleOf } from './finding.ts';

const marks: Readonly<Record<Outcome, string>> = { works: 'ok', note: 'note', fails: 'FAIL', skipped: '-' };
const indent = ' '.repeat(18);

/** The diagnosis as a text that can be pasted anywhere: no token, no password, no home folder. */
export function writeDiagnosis(diagnosis: Diagnosis, { home }: { readonly home: string }): string {
  const { program, findings, works } = diagnosis;
  const sorted = areas.flatMap((area) => findings.filter((finding) => finding.area === area));
  const lines = [
    `Latchkey ${program.version}, ${program.host}, ${program.system}, Node ${program.node}`,
    `Hub: ${program.hub}${program.practice ? ' (practice)' : ''}`,
    `Time: ${new Date(diagnosis.at).toISOString()}`,
    '',
    ...sorted.flatMap((finding) => lineOf(finding, program.hub)),
    '',
    'What works now:',
    ...works.map((sentence) => `  ${sentence}`),
  ];
  return shareable(lines.join('\n'), home);
}

/** The same as JSON, with the exit code and its class. */
export function writeJson(diagnosis: Diagnosis, { home }: { readonly home: string }): string {
  const trouble = troubleOf(diagnosis.findings);
  return shareable(JSON.stringify({ ...diagnosis, trouble, exitCode: exitCodes[trouble] }, undefined, 2), home);
}

/** Takes out what is nobody's business: tokens in all their forms, and where the person's home is. */
export function shareable(text: string, home: string): string {
  const clean = redact(text);
  if (home.length < 4) return clean; // "/" or "C:\" would be everywhere
  return clean.replaceAll(home, '~').replaceAll(JSON.stringify(home).slice(1, -1), '~');
}

function lineOf({ area, outcome, fact, details = [], problem }: Finding, hub: string): readonly string[] {
  return [
    `${marks[outcome].padEnd(5)} ${area.padEnd(11)} ${fact}`,
    ...details.map((detail) => indent + detail),
    ...(problem
      ? [problem.explanation, ...nextSteps(problem, hub), ...problem.evidence.map(evidenceLine)].map(
          (one) => indent + one,
        )
      : []),
  ];
}

/** In a terminal a button is an address. */
function nextSteps({ actions }: Problem, hub: string): readonly string[] {
  return actions.flatMap((action) =>
    action.kind === 'page' ? [`Next: ${action.label}: ${pageUrl(hub, action.page, action.repo).href}`] : [],
  );
}

/** One exchange in one line, in the order it is asked for in an issue. */
export function evidenceLine(evidence: Evidence): string {
  const { request, status, errorCode, errorMessage, requestId, host, cause, account, at } = evidence;
  return [
    request ?? 'seen',
    ...(status === undefined ? [] : [`-> ${String(status)}`]),
    ...(errorCode === undefined ? [] : [`code ${errorCode}`]),
    ...(errorMessage === undefined ? [] : [`"${errorMessage}"`]),
    ...(cause === undefined ? [] : [cause]),
    ...(host === undefined ? [] : [`host ${host}`]),
    ...(account === undefined ? [] : [`as ${account}`]),
    ...(requestId === undefined ? [] : [`request id ${requestId}`]),
    ...(at === undefined ? [] : [`at ${new Date(at).toISOString()}`]),
  ].join(' · ');
}
