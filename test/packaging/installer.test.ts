/** Our part of the Windows installer, by the real NSIS compiler. What it does can only be seen on Windows. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const ours = resolve(import.meta.dirname, '../../build/resources/installer.nsh');
const own = createRequire(import.meta.url);
const templates = join(
  dirname(createRequire(own.resolve('electron-builder')).resolve('app-builder-lib/package.json')),
  'templates/nsis',
);

let place: string;
beforeEach(() => (place = mkdtempSync(join(tmpdir(), 'installer-'))));
afterEach(() => rmSync(place, { recursive: true, force: true }));

/** The least script that has an uninstaller with our part in it, and the one word of electron-builder's that it uses. */
const script = (part: string): string => `
Unicode true
!include LogicLib.nsh
!macro _isUpdated _a _b _t _f
  !insertmacro _== 1 2 \`\${_t}\` \`\${_f}\`
!macroend
!define isUpdated \`"" isUpdated ""\`
Var installMode
!include "${part}"
Name Latchkey
OutFile "${join(place, 'latchkey-setup.exe')}"
Section
  StrCpy $installMode all
  WriteUninstaller "$INSTDIR\\uninstall.exe"
SectionEnd
Section un.Latchkey
  StrCpy $installMode all
  !insertmacro customUnInstall
SectionEnd
`;
function compile(part: string): void {
  const file = join(place, 'setup.nsi');
  writeFileSync(file, script(part));
  execFileSync('makensis', ['-V2', '-WX', file], { stdio: 'pipe' });
}

describe.runIf(spawnSync('makensis', ['-VERSION']).status === 0)('the part of the uninstaller that is ours', () => {
  test('is one that NSIS understands, and the check would see a mistake', () => {
    expect(() => compile(ours)).not.toThrow();
    const broken = join(place, 'broken.nsh');
    writeFileSync(broken, readFileSync(ours, 'utf8').replace('ReadRegStr $R9', 'ReadRegStr $NOTHING'));
    expect(() => compile(broken)).toThrow();
  });
});

test("names the person's own folder, also when it was installed for all users", () => {
  const text = readFileSync(ours, 'utf8');
  const [switched, told, back] = [
    'SetShellVarContext current',
    '$LOCALAPPDATA\\Latchkey',
    'SetShellVarContext all',
  ].map((word) => text.indexOf(word));
  expect(switched).toBeGreaterThan(0);
  expect(told).toBeGreaterThan(switched ?? 0);
  expect(back).toBeGreaterThan(told ?? 0);
  // The word by which it knows.
  expect(readFileSync(join(templates, 'multiUser.nsh'), 'utf8')).toContain('Var installMode');
});

test('electron-builder still calls it, with the word that it uses', () => {
  const uninstaller = readFileSync(join(templates, 'uninstaller.nsh'), 'utf8');
  expect(uninstaller).toContain('!insertmacro customUnInstall\n');
  expect(uninstaller).toContain('${isUpdated}');
});
