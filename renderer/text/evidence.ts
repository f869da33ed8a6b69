import type { Evidence } from '../../electron/contract/problem.ts';
import { t } from './en.ts';

const order = [
  'request',
  'status',
  'errorCode',
  'errorMessage',
  'requestId',
  'host',
  'cause',
  'account',
  'at',
  'retryAt',
] as const;

/** Evidence as named rows, in a fixed order, absent facts left out. Moments are ISO 8601 in UTC, as in the Hub's logs. */
export function evidenceRows(evidence: Evidence): readonly { readonly name: string; readonly value: string }[] {
  return order.flatMap((key) => {
    const value = evidence[key];
    if (value === undefined) return [];
    const text = key === 'at' || key === 'retryAt' ? new Date(Number(value)).toISOString() : String(value);
    return [{ name: t.ui.facts[key], value: text }];
  });
}

/** Evidence as plain text for a message to somebody. */
export function evidenceText(title: string, evidence: readonly Evidence[]): string {
  const parts = evidence.map((one) =>
    evidenceRows(one)
      .map(({ name, value }) => `${name}: ${value}`)
      .join('\n'),
  );
  return [title, ...parts].join('\n\n');
}
