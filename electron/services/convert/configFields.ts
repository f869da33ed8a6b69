import { ConversionError } from './conversionError.ts';

/** Reads one object of config.json field by field; every refusal names the field. */
export class ConfigFields {
  readonly #fields: object;
  readonly #path: string;

  constructor(fields: object, path = '') {
    this.#fields = fields;
    this.#path = path;
  }

  /** Own value of a field; null counts as absent, as everywhere in these files. */
  raw(key: string): unknown {
    if (!Object.hasOwn(this.#fields, key)) return undefined;
    return (this.#fields as Readonly<Record<string, unknown>>)[key] ?? undefined;
  }

  has(key: string): boolean {
    return this.raw(key) !== undefined;
  }

  /** Whether a field is written down as null, which some fields tell apart from absent. */
  isNull(key: string): boolean {
    return Object.hasOwn(this.#fields, key) && this.raw(key) === undefined;
  }

  /** A whole number within [1, most]. */
  count(key: string, most: number, fallback?: number): number {
    const value = this.raw(key) ?? fallback;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1 && value <= most) return value;
    return this.#refuse(key, `must be a whole number from 1 to ${most}`);
  }

  /** A finite number within [least, most]. */
  number(key: string, least: number, most: number, fallback?: number): number {
    const value = this.raw(key) ?? fallback;
    if (typeof value === 'number' && value >= least && value <= most) return value;
    return this.#refuse(key, `must be a number from ${least} to ${most}`);
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.raw(key) ?? fallback;
    return typeof value === 'boolean' ? value : this.#refuse(key, 'must be true or false');
  }

  text(key: string, fallback?: string): string {
    const value = this.raw(key) ?? fallback;
    return typeof value === 'string' ? value : this.#refuse(key, 'must be a text');
  }

  /** A list of exactly `length` numbers within [least, most]. */
  numbers(key: string, length: number, least: number, most: number): number[] {
    const value = this.raw(key);
    const fits = (item: unknown): item is number => typeof item === 'number' && item >= least && item <= most;
    if (Array.isArray(value) && value.length === length && value.every(fits)) return value;
    return this.#refuse(key, `must be a list of ${length} numbers from ${least} to ${most}`);
  }

  /** A list of `length` texts. */
  texts(key: string, length: number): string[] {
    const value = this.raw(key);
    const isText = (item: unknown): item is string => typeof item === 'string';
    if (Array.isArray(value) && value.length === length && value.every(isText)) return value;
    return this.#refuse(key, `must be a list of ${length} texts`);
  }

  /** A nested object, or undefined when absent. */
  group(key: string): ConfigFields | undefined {
    const value = this.raw(key);
    if (value === undefined) return undefined;
    if (typeof value !== 'object' || Array.isArray(value) || value === null)
      return this.#refuse(key, 'must be an object');
    return new ConfigFields(value, `${this.#path}${key}.`);
  }

  /** Every nested object, whatever its name. */
  groups(): ConfigFields[] {
    return Object.keys(this.#fields).flatMap((key) => this.group(key) ?? []);
  }

  #refuse(key: string, rule: string): never {
    const shown = JSON.stringify(this.raw(key))?.slice(0, 60) ?? 'nothing';
    throw new ConversionError('damaged-file', `${this.#path}${key} ${rule}, not ${shown}`, 'config.json');
  }
}

/** A feature that this converter does not know, by its own name. */
export function unsupported(what: string): never {
  throw new ConversionError('unsupported-architecture', what, 'config.json');
}
