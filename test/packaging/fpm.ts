/**
 * A stand-in for fpm, the program with which electron-builder makes Linux packages: the same words, a real .deb by
 * dpkg-deb, and for .rpm a plain tar of the same files. It understands what electron-builder says and no more.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';

const text = { type: 'string' } as const;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    s: { type: 'string', short: 's' },
    type: { type: 'string', short: 't' },
    depends: { type: 'string', short: 'd', multiple: true },
    force: { type: 'boolean' },
    'deb-recommends': { type: 'string', multiple: true },
    'deb-compression': text,
    'deb-priority': text,
    'rpm-os': text,
    'rpm-compression': text,
    'rpm-summary': text,
    'rpm-rpmbuild-define': { type: 'string', multiple: true },
    architecture: text,
    'after-install': text,
    'after-remove': text,
    description: text,
    version: text,
    package: text,
    name: text,
    maintainer: text,
    vendor: text,
    url: text,
    license: text,
    category: text,
  },
});
const { type, package: file = '' } = values;
const stage = mkdtempSync(join(tmpdir(), 'fpm-'));
chmodSync(stage, 0o755);
try {
  for (const pair of positionals) {
    const [from = '', to = ''] = pair.split('=');
    mkdirSync(join(stage, dirname(to)), { recursive: true });
    cpSync(from, join(stage, to), { recursive: true });
  }
  if (type === 'rpm') {
    copyFileSync(values['after-remove'] ?? '', join(stage, '.postun'));
    writeFileSync(join(stage, '.defines'), values['rpm-rpmbuild-define']?.join('\n') ?? '');
    execFileSync('tar', ['-cf', file, '-C', stage, '.']);
  } else {
    const control = join(stage, 'DEBIAN');
    mkdirSync(control);
    const lines = [
      `Package: ${values.name}`,
      `Version: ${values.version}`,
      `Architecture: ${values.architecture}`,
      `Maintainer: ${values.maintainer}`,
      `Homepage: ${values.url}`,
      `Priority: ${values['deb-priority']}`,
      `Depends: ${values.depends?.join(', ')}`,
      `Recommends: ${values['deb-recommends']?.join(', ')}`,
      `Description: ${values.description}`,
    ];
    writeFileSync(join(control, 'control'), `${lines.join('\n')}\n`);
    for (const [name, script] of [
      ['postinst', values['after-install']],
      ['postrm', values['after-remove']],
    ] as const) {
      copyFileSync(script ?? '', join(control, name));
      chmodSync(join(control, name), 0o755);
    }
    execFileSync('dpkg-deb', ['--root-owner-group', '-Znone', '--build', stage, file]);
  }
} finally {
  rmSync(stage, { recursive: true, force: true });
}
