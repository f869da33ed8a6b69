/** Certificates as a company's inspection makes them: a root of its own, and a server's that the root signed. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificates {
  /** Path of the root in PEM: whoever trusts it trusts the server. */
  readonly rootPath: string;
  readonly root: string;
  /** Key and certificate of the server, for these names and 127.0.0.1. */
  readonly key: string;
  readonly cert: string;
  forget(): void;
}

/** Makes them with openssl, valid for two days (or out of date since long ago). */
export function makeCertificates(
  names: readonly string[],
  {
    organisation = 'Inspector Ltd',
    expired = false,
  }: { readonly organisation?: string; readonly expired?: boolean } = {},
): Certificates {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-tls-'));
  const at = (name: string): string => join(folder, name);
  const run = (...words: readonly string[]): void => void execFileSync('openssl', [...words], { stdio: 'ignore' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const subject = (name: string): string => `/O=${organisation}/CN=${name}`;
  run('req', '-x509', ...newKey, '-days', '2', '-subj', subject('Inspection root'), '-keyout', at('ca.key'), '-out', at('ca.pem')); // prettier-ignore
  run('req', ...newKey, '-subj', subject(names[0] ?? 'localhost'), '-keyout', at('key.pem'), '-out', at('request.pem'));
  writeFileSync(at('names'), `subjectAltName=${names.map((name) => `DNS:${name}`).join(',')},IP:127.0.0.1\n`);
  const sign = (...dates: readonly string[]): void =>
    run('x509', '-req', '-in', at('request.pem'), '-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', ...dates, '-extfile', at('names'), '-out', at('cert.pem')); // prettier-ignore
  if (!expired) sign('-days', '2');
  else {
    try {
      sign('-not_before', '20200101000000Z', '-not_after', '20200201000000Z');
    } catch {
      sign('-days', '-1'); // openssl before 3.4 knows no dates, only days from now
    }
  }
  return {
    rootPath: at('ca.pem'),
    root: readFileSync(at('ca.pem'), 'utf8'),
    key: readFileSync(at('key.pem'), 'utf8'),
    cert: readFileSync(at('cert.pem'), 'utf8'),
    forget: () => rmSync(folder, { recursive: true, force: true }),
  };
}
