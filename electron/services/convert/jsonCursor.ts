/** JSON text that breaks a rule; `at` is the position in UTF-16 units. */
export class JsonError extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(`${message} at character ${at}`);
    this.name = 'JsonError';
    this.at = at;
  }
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const DEEPEST = 127; // as serde_json, which the reference reader of safetensors is built on
const MOST_VALUES = 3_000_000; // in the whole text
const MOST_MEMBERS = 200_000; // of one object; the largest public shards name a few thousand tensors

/**
 * Walks JSON text and builds nothing but what the caller asks for, so a hostile header costs time in proportion to its
 * length and almost no memory. Stricter than JSON.parse where a second reader could understand something else: no
 * duplicate keys, no lone surrogates, integers only as plain digits.
 */
export class JsonCursor {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  #values = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Reads an object; `visit` must consume the value that belongs to `key`. */
  object(visit: (key: string) => void): void {
    this.#open('{');
    const seen = new Set<string>();
    if (!this.#take('}')) {
      do {
        const key = this.string();
        if (seen.has(key)) this.#fail(`duplicate key ${JSON.stringify(key.slice(0, 80))}`);
        if (seen.size >= MOST_MEMBERS) this.#fail(`more than ${MOST_MEMBERS} keys in one object`);
        seen.add(key);
        if (!this.#take(':')) this.#fail('expected ":"');
        visit(key);
      } while (this.#take(','));
      if (!this.#take('}')) this.#fail('expected "," or "}"');
    }
    this.#depth -= 1;
  }

  /** Reads an array; `visit` must consume one element. */
  array(visit: () => void): void {
    this.#open('[');
    if (!this.#take(']')) {
      do visit();
      while (this.#take(','));
      if (!this.#take(']')) this.#fail('expected "," or "]"');
    }
    this.#depth -= 1;
  }

  string(): string {
    if (!this.#take('"')) this.#fail('expected a string');
    const start = this.#at;
    let escaped = false;
    for (;;) {
      const unit = this.#text.charCodeAt(this.#at);
      if (Number.isNaN(unit)) this.#fail('unfinished string');
      if (unit < 0x20) this.#fail('control character in a string');
      if (unit === 0x22) break;
      if (unit === 0x5c) {
        escaped = true;
        this.#at += 1; // whatever follows, a quote included, belongs to the escape
      }
      this.#at += 1;
    }
    const raw = this.#text.slice(start, this.#at);
    this.#at += 1;
    return escaped ? this.#unescape(raw, start) : raw;
  }

  /** A non-negative integer written as plain digits, small enough to be exact. */
  integer(): number {
    const token = this.#number();
    const value = Number(token);
    if (!/^\d+$/.test(token) || !Number.isSafeInteger(value))
      this.#fail(`${token.slice(0, 40)} is not a usable integer`);
    return value;
  }

  /** Consumes `null` if it stands here. */
  nothing(): boolean {
    return this.#word('null');
  }

  /** Consumes any value and checks its grammar. */
  skip(): void {
    this.#values += 1;
    if (this.#values > MOST_VALUES) this.#fail(`more than ${MOST_VALUES} values`);
    const unit = this.#peek();
    if (unit === 0x7b) this.object(() => this.skip());
    else if (unit === 0x5b) this.array(() => this.skip());
    else if (unit === 0x22) this.string();
    else if (!this.#word('true') && !this.#word('false') && !this.#word('null')) this.#number();
  }

  /** Only white space may remain. */
  end(): void {
    if (!Number.isNaN(this.#peek())) this.#fail('text after the end');
  }

  /** Skips white space; answers the unit that stands here, NaN at the end. */
  #peek(): number {
    for (;;) {
      const unit = this.#text.charCodeAt(this.#at);
      if (unit !== 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return unit;
      this.#at += 1;
    }
  }

  #take(sign: string): boolean {
    if (this.#peek() !== sign.charCodeAt(0)) return false;
    this.#at += 1;
    return true;
  }

  #open(sign: string): void {
    if (!this.#take(sign)) this.#fail(`expected "${sign}"`);
    this.#depth += 1;
    if (this.#depth > DEEPEST) this.#fail('nested too deeply');
  }

  #word(word: string): boolean {
    this.#peek();
    if (!this.#text.startsWith(word, this.#at)) return false;
    this.#at += word.length;
    return true;
  }

  #number(): string {
    this.#peek();
    NUMBER.lastIndex = this.#at;
    const token = NUMBER.exec(this.#text)?.[0];
    if (token === undefined) this.#fail('expected a value');
    if (!Number.isFinite(Number(token))) this.#fail('number out of range');
    this.#at += token.length;
    return token;
  }

  #unescape(raw: string, start: number): string {
    try {
      const value: unknown = JSON.parse(`"${raw}"`);
      if (typeof value === 'string' && value.isWellFormed()) return value;
    } catch {
      // falls through to the one refusal below
    }
    throw new JsonError('bad escape in a string', start);
  }

  #fail(message: string): never {
    throw new JsonError(message, this.#at);
  }
}
