/** Turns token ids into text as they come. */
export interface TextStream {
  /** The text that became certain with this token; often empty, sometimes more than one token's worth. */
  push(id: number): string;
  /** What was still held back, without the broken half of a character. */
  flush(): string;
}

/** Text of a few ids; special tokens give nothing. */
export type Decode = (ids: readonly number[]) => string;

const brokenTail = /\uFFFD+$/u;

/**
 * One character can take several tokens and how a token reads can depend on the one before it, so tokens cannot be
 * decoded one by one; decoding everything each time would be quadratic. This keeps a short window: its head is context
 * whose text is already out, its tail is what is new. While the text ends in U+FFFD the last character may be
 * unfinished, and that part waits.
 *
 * `before` are ids just before the first pushed one (the end of the prompt), needed for the space some tokenizers put
 * between words.
 */
export function createTextStream(decode: Decode, before: readonly number[] = []): TextStream {
  let window = [...before];
  let shown = window.length > 0 ? decode(window).replace(brokenTail, '') : ''; // what of the window's text is out
  let recent: number[] = []; // the part of the window that is no mere context
  let said = ''; // what of their text is out

  /** The newest tokens become the context of the next. Without any text (only special tokens) they would make the next
   * word look like the first one, so then the window stays as it is. */
  const slide = (): void => {
    const context = decode(recent);
    if (context === '') return;
    window = recent;
    shown = context;
    recent = [];
    said = '';
  };

  const settle = (text: string): string => {
    const certain = text.replace(brokenTail, '');
    let fresh: string;
    if (certain.startsWith(shown)) {
      fresh = certain.slice(shown.length);
      shown = certain;
    } else if (certain !== text) {
      return ''; // a byte in the middle of a character can spoil the reading of its neighbours for a while
    } else {
      // It spoiled them for good: the new tokens are read without their context.
      const alone = decode(recent);
      fresh = alone.startsWith(said) ? alone.slice(said.length) : alone;
      shown = text;
    }
    said += fresh;
    if (shown === text) slide();
    return fresh;
  };

  return {
    push(id) {
      window.push(id);
      recent.push(id);
      return settle(decode(window));
    },
    flush() {
      return recent.length > 0 ? settle(decode(window).replace(brokenTail, '')) : '';
    },
  };
}
