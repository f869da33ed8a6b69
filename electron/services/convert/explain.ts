import type { Action, Problem } from '../../contract/problem.ts';
import { cancelled, internal } from '../explain.ts';
import { ConversionError } from './conversionError.ts';

const report: Action = { kind: 'copy-report', label: 'Copy report' };
const storage: Action = { kind: 'view', view: 'storage', label: 'Free some space' };
const models: Action = { kind: 'view', view: 'models', label: 'Choose another model' };
const journey: Action = { kind: 'view', view: 'journey', label: 'Try again' };

/** System errors of writing and reading, by what a person can do about them. */
const errnoCodes: ReadonlyMap<string, 'disk-full' | 'disk-trouble'> = new Map([
  ['ENOSPC', 'disk-full'],
  ['EDQUOT', 'disk-full'],
  ['EFBIG', 'disk-full'], // one file larger than the file system allows
  ['EIO', 'disk-trouble'],
  ['EROFS', 'disk-trouble'],
  ['EACCES', 'disk-trouble'],
  ['EPERM', 'disk-trouble'],
  ['ENOENT', 'disk-trouble'],
  ['ENODEV', 'disk-trouble'],
  ['EBUSY', 'disk-trouble'],
  ['EMFILE', 'disk-trouble'],
]);

/** Gives any failure of a conversion its own code; unknown ones stay what they are: bugs. */
export function asConversionError(error: unknown): ConversionError | undefined {
  if (error instanceof ConversionError) return error;
  if (!(error instanceof Error)) return undefined;
  const errno = (error as NodeJS.ErrnoException).code;
  if (errno === 'ERR_WORKER_OUT_OF_MEMORY' || errno === 'ENOMEM' || isAllocationFailure(error)) {
    return new ConversionError('not-enough-memory', error.message);
  }
  const code = errno === undefined ? undefined : errnoCodes.get(errno);
  return code && new ConversionError(code, error.message);
}

/** Turns a failure of the converter into the words a person reads. Anything unexpected is 'internal'. */
export function explainConversion(error: unknown): Problem {
  const known = asConversionError(error);
  if (!known) return internal(error);
  const evidence = [{ cause: known.file === undefined ? known.message : `${known.file}: ${known.message}` }];
  switch (known.code) {
    case 'cancelled':
      return cancelled();
    case 'internal':
      return internal(known);
    case 'unsupported-architecture':
      return {
        code: known.code,
        title: 'Latchkey cannot run this kind of model yet',
        explanation: `It needs something the converter does not know: ${known.message}. Nothing is wrong with your account or your access.`,
        actions: [models, report],
        evidence,
      };
    case 'nothing-to-run':
      return {
        code: known.code,
        title: 'There is nothing here that Latchkey can run',
        explanation: `Latchkey needs weights in the safetensors format and a tokenizer.json. What was seen: ${known.message}.`,
        actions: [models, report],
        evidence,
      };
    case 'damaged-file':
      return {
        code: known.code,
        title: 'An official file is damaged or not what it says',
        explanation: `${known.file ?? 'The weights'} could not be used, so nothing was converted. Downloading it again often helps.`,
        actions: [journey, report],
        evidence,
      };
    case 'disk-full':
      return {
        code: known.code,
        title: 'The disk is full',
        explanation:
          'The official files are safe. Free some space and preparing starts again from them, without a download.',
        actions: [storage, journey],
        evidence,
      };
    case 'disk-trouble':
      return {
        code: known.code,
        title: 'The disk did not let Latchkey read or write',
        explanation: 'The official files were not changed. Check that the drive is connected and may be written to.',
        actions: [journey, report],
        evidence,
      };
    case 'not-enough-memory':
      return {
        code: known.code,
        title: 'There was not enough memory to prepare the model',
        explanation: 'The official files are safe. Close other large programs, or choose a smaller model.',
        actions: [journey, models],
        evidence,
      };
  }
}

/** V8 says "Array buffer allocation failed" or "Invalid typed array length" in a RangeError. */
function isAllocationFailure(error: Error): boolean {
  return error instanceof RangeError && /allocation failed|array length/i.test(error.message);
}
