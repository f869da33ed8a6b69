/** A release server on the loopback, as electron-updater's generic provider reads it, and the files of one release. */
import { createHash, generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { signRelease } from '../../../electron/services/updates/signature.ts';

/** The program of a release: a script that writes its version beside itself, so that a test sees it run. */
export const programOf = (version: string): Buffer => Buffer.from(`#!/bin/sh\necho ${version} > "$0.ran"\n`);

const { privateKey, publicKey } = generateKeyPairSync('ed25519', {
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});
export const releaseKey = publicKey;

export interface Release {
  readonly version: string;
  /** What the server really sends; the signed hash is that of the genuine program. */
  readonly sent?: 'tampered' | 'truncated';
  /** Signed by somebody else, or not at all. */
  readonly signed?: 'forged' | 'not';
  readonly channel?: 'latest' | 'beta';
}

export interface UpdateServer {
  readonly url: string;
  /** Paths asked for, in order. */
  readonly asked: string[];
  publish(release: Release): void;
  close(): Promise<void>;
}

function releaseFile({ version, signed }: Release): string {
  const program = programOf(version);
  const sha512 = createHash('sha512').update(program).digest('base64');
  const info = {
    version,
    files: [{ url: `Latchkey-${version}.AppImage`, sha512, size: program.length }],
    path: `Latchkey-${version}.AppImage`,
    sha512,
    releaseDate: '2026-11-21T00:00:00.000Z',
    releaseNotes: `- Version ${version} says hello`,
  };
  const other = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const signature = signRelease(info, signed === 'forged' ? other.privateKey : privateKey);
  // JSON is YAML.
  return JSON.stringify(signed === 'not' ? info : { ...info, latchkeySignature: signature });
}

export async function startUpdateServer(): Promise<UpdateServer> {
  const asked: string[] = [];
  const files = new Map<string, { readonly body: Buffer; readonly length: number }>();
  const whole = (body: Buffer) => ({ body, length: body.length });
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://x').pathname;
    asked.push(path);
    const file = files.get(path);
    if (!file) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-length': file.length });
    response.write(file.body);
    if (file.length === file.body.length) response.end();
    else setTimeout(() => response.destroy(), 50);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    publish(release) {
      const { version, sent, channel = 'latest' } = release;
      files.set(`/${channel}-linux.yml`, whole(Buffer.from(releaseFile(release))));
      const program = programOf(version);
      const changed = Buffer.from(program);
      changed[14] = (changed[14] ?? 0) ^ 1;
      files.set(
        `/Latchkey-${version}.AppImage`,
        sent === 'truncated'
          ? { body: program.subarray(0, 10), length: program.length }
          : whole(sent === 'tampered' ? changed : program),
      );
    },
    close: () => new Promise((done) => (server.close(() => done()), server.closeAllConnections())),
  };
}
