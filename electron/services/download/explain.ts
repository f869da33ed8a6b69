/** Turns what the disk, the download servers or a checksum said into a Problem. The Hub's own answers pass unchanged. */
import type { RepoId } from '../../contract/model.ts';
import type { Action, Evidence, Problem } from '../../contract/problem.ts';

const again = (repo: RepoId): Action => ({
  kind: 'request',
  request: 'setup.start',
  input: { repo },
  label: 'Continue download',
});
const copy: Action = { kind: 'copy-report', label: 'Copy report' };

/** "1.4 GB": decimal units as file managers and the Hub show them. */
export function spoken(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.ceil(value) : value.toFixed(1)} ${units[unit] ?? ''}`;
}

/** The errno name of a system error, or ''. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

const diskCodes = new Set(
  'ENOSPC EDQUOT EFBIG EACCES EPERM EROFS EIO ENXIO ENODEV ENOENT ENOTDIR EISDIR ELOOP ENAMETOOLONG EMFILE ENFILE ESTALE EBUSY EINVAL EEXIST ENOTEMPTY EXDEV ETXTBSY'.split(
    ' ',
  ),
);

/**
 * A failed file operation as a Problem; undefined when the error is not the disk's (then it is a bug and should throw).
 * `missingBytes` = what is still to be written.
 */
export function explainDisk(repo: RepoId, error: unknown, missingBytes: number, folder: string): Problem | undefined {
  const code = errnoOf(error);
  if (!diskCodes.has(code)) return undefined;
  const evidence: Evidence[] = [{ cause: `${code}: ${error instanceof Error ? error.message : ''}` }];
  if (code === 'ENOSPC' || code === 'EDQUOT') return diskFull(repo, missingBytes, folder, evidence);
  return {
    code: 'disk-trouble',
    title: 'The download folder cannot be used',
    explanation:
      code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
        ? `This account may not write to ${folder}. What was downloaded before is kept.`
        : `The disk under ${folder} reported an error. What was downloaded and checked before is kept.`,
    actions: [again(repo), { kind: 'view', view: 'storage', label: 'Open storage' }, copy],
    evidence,
  };
}

/** Not enough room: says how much more is needed. */
export function diskFull(
  repo: RepoId,
  missingBytes: number,
  folder: string,
  evidence: readonly Evidence[] = [],
): Problem {
  return {
    code: 'disk-full',
    title: `${spoken(missingBytes)} more are needed on this disk`,
    explanation: `The disk under ${folder} is full. What was downloaded is kept: free some space and continue.`,
    actions: [again(repo), { kind: 'view', view: 'storage', label: 'Open storage' }],
    evidence,
  };
}

/** The bytes are not the ones the authors published, twice in a row. Nothing wrong was kept. */
export function damagedFile(repo: RepoId, path: string, cause: string): Problem {
  return {
    code: 'damaged-file',
    title: `${path} arrived damaged`,
    explanation:
      'The file did not match the checksum that the authors published, also when fetched again. The damaged bytes were not kept. Something between this computer and Hugging Face may be changing downloads.',
    actions: [again(repo), copy],
    evidence: [{ cause }],
  };
}

/** The link to the bytes fails although the Hub itself answers. */
export function serversUnreachable(repo: RepoId, evidence: Evidence): Problem {
  return {
    code: 'cdn-blocked',
    title: 'The download servers cannot be reached',
    explanation: `Hugging Face answers, but ${evidence.host ?? 'its download server'} does not deliver the file. A firewall may be blocking it. What was downloaded is kept.`,
    actions: [again(repo), copy],
    evidence: [evidence],
  };
}

/** The server of the bytes answers with errors or nonsense. */
export function serverTrouble(repo: RepoId, evidence: Evidence): Problem {
  return {
    code: 'hub-trouble',
    title: 'The download server has a problem',
    explanation: 'It kept answering with errors. What was downloaded is kept; continuing later usually helps.',
    actions: [again(repo), copy],
    evidence: [evidence],
  };
}

/** A web page came where file bytes were expected. */
export function portal(repo: RepoId, evidence: Evidence): Problem {
  return {
    code: 'proxy-or-portal',
    title: 'Your network answered instead of Hugging Face',
    explanation:
      'A page arrived where the file should be. Sign in to your network, then continue; what was downloaded is kept.',
    actions: [again(repo), copy],
    evidence: [evidence],
  };
}

/** Too many requests; `retryAt` in ms since epoch. */
export function slowDown(repo: RepoId, evidence: Evidence, retryAt: number): Problem {
  return {
    code: 'rate-limited',
    title: 'Hugging Face asks to slow down',
    explanation: 'Too many requests came from your network. What was downloaded is kept.',
    actions: [again(repo)],
    evidence: [{ ...evidence, retryAt }],
  };
}

/** Nothing here that Latchkey could convert. */
export function nothingToRun(cause: string): Problem {
  return {
    code: 'nothing-to-run',
    title: 'This repository has no weights that Latchkey can use',
    explanation: `Latchkey prepares models from safetensors files at the top of the repository, or takes ONNX files from its onnx folder, and here ${cause}.`,
    actions: [{ kind: 'view', view: 'journey', label: 'Choose another model' }],
    evidence: [{ cause }],
  };
}

/** A name in the file list that must not become a path. */
export function unsafeName(path: string, reason: string): Problem {
  return {
    code: 'unsafe-file-name',
    title: 'This repository holds a file name that is not safe',
    explanation: 'Nothing was downloaded. A name like this can make a program write outside its folder.',
    actions: [{ kind: 'view', view: 'journey', label: 'Choose another model' }, copy],
    evidence: [{ cause: `${reason}: ${JSON.stringify(path.slice(0, 200))}` }],
  };
}

/** The Hub shows the list but not the checksums, as it does to callers without access. */
export function checksumsHidden(path: string): Problem {
  return {
    code: 'access-unknown',
    title: 'Hugging Face does not show the checksums of this model yet',
    explanation: 'It hides them from accounts without access. Check your access again; nothing was downloaded.',
    actions: [{ kind: 'view', view: 'access', label: 'Check access' }],
    evidence: [{ cause: `no usable checksum for ${path}` }],
  };
}

/** Another download of the same model is running. */
export function alreadyRunning(cause: string): Problem {
  return {
    code: 'busy',
    title: 'This model is being downloaded already',
    explanation: 'Two downloads of one model would only wait for each other. The other one goes on.',
    actions: [],
    evidence: [{ cause }],
  };
}
