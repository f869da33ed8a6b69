/**
 * A formula as MathML elements, which the browser lays out by itself: no fonts to carry, no HTML strings, and a screen
 * reader reads it as maths.
 */
export type MathNode =
  | {
      readonly tag: 'mi' | 'mn' | 'mo' | 'mtext' | 'mspace';
      readonly text?: string;
      readonly attributes?: MathAttributes;
    }
  | { readonly tag: MathGroup; readonly children: readonly MathNode[]; readonly attributes?: MathAttributes };

export type MathGroup =
  | 'mrow'
  | 'mstyle'
  | 'mfrac'
  | 'msqrt'
  | 'mroot'
  | 'msub'
  | 'msup'
  | 'msubsup'
  | 'munder'
  | 'mover'
  | 'munderover'
  | 'mphantom'
  | 'mtable'
  | 'mtr'
  | 'mtd';

export type MathAttributes = Readonly<
  Partial<
    Record<
      | 'mathvariant'
      | 'stretchy'
      | 'movablelimits'
      | 'displaystyle'
      | 'scriptlevel'
      | 'linethickness'
      | 'accent'
      | 'accentunder'
      | 'form'
      | 'lspace'
      | 'rspace'
      | 'minsize'
      | 'maxsize'
      | 'width'
      | 'class',
      string
    >
  >
>;

/** Thrown inside this folder only, caught in `parseMath`: a command we do not know, or a group that does not end. */
export class NotReadable extends Error {}

/** What one command or character became, before its exponent and index are read. */
export interface Atom {
  readonly node: MathNode;
  /** Indices go under and over it instead of beside it. */
  readonly bounds?: boolean;
}

export const leaf = (
  tag: 'mi' | 'mn' | 'mo' | 'mtext' | 'mspace',
  text: string,
  attributes?: MathAttributes,
): MathNode => ({ tag, text, ...(attributes && { attributes }) });

export const group = (tag: MathGroup, children: readonly MathNode[], attributes?: MathAttributes): MathNode => ({
  tag,
  children,
  ...(attributes && { attributes }),
});

/** One node for many: itself when there is one. */
export const row = (children: readonly MathNode[]): MathNode => {
  const [only] = children;
  return only && children.length === 1 ? only : group('mrow', children);
};
