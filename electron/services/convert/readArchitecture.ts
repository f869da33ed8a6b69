import type { Problem } from '../../contract/problem.ts';
import { failed, ok, type Result } from '../../contract/result.ts';
import type { Architecture } from './architecture.ts';
import { architectureOf, parseConfig } from './config.ts';
import { ConversionError } from './conversionError.ts';
import { explainConversion } from './explain.ts';
import { families } from './families.ts';

/** The problem of an architecture that the converter does not know; undefined when it does. */
export function explainArchitecture(name: string): Problem | undefined {
  if (families.has(name)) return undefined;
  return explainConversion(new ConversionError('unsupported-architecture', name.slice(0, 80)));
}

/**
 * Answers from config.json alone what will be converted, before any download. `config` is the parsed file or its text.
 * Problems: 'unsupported-architecture' naming what is not known, or 'damaged-file'.
 */
export function readArchitecture(config: unknown): Result<Architecture> {
  try {
    const value = typeof config === 'string' ? parseConfig(config) : config;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new ConversionError('damaged-file', 'is not an object', 'config.json');
    }
    return ok(architectureOf(value));
  } catch (error) {
    return failed(explainConversion(error));
  }
}
