import type { Block, Inline } from './tree.ts';

/**
 * The direction a list or a quote is read in, from its first letter. The browser's own `auto` does not look into the
 * paragraphs inside, because each of those has a direction of its own.
 */
export function directionOf(blocks: readonly Block[]): 'ltr' | 'rtl' {
  return first(blocks.map(inBlock)) ?? 'ltr';
}

const rightToLeft = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;

type Direction = 'ltr' | 'rtl' | undefined;

const first = (found: readonly Direction[]): Direction => found.find((one) => one !== undefined);

function inText(text: string): Direction {
  const letter = /\p{L}/u.exec(text)?.[0];
  if (letter === undefined) return undefined;
  return rightToLeft.test(letter) ? 'rtl' : 'ltr';
}

function inBlock(block: Block): Direction {
  switch (block.kind) {
    case 'paragraph':
    case 'heading':
      return first(block.inline.map(inInline));
    case 'quote':
      return first(block.blocks.map(inBlock));
    case 'list':
      return first(block.items.flatMap((item) => item.blocks.map(inBlock)));
    case 'table':
      return first(block.head.flat().map(inInline));
    case 'code':
    case 'math':
    case 'rule':
      return undefined;
  }
}

function inInline(node: Inline): Direction {
  switch (node.kind) {
    case 'text':
      return inText(node.text);
    case 'strong':
    case 'emphasis':
    case 'strike':
    case 'link':
      return first(node.children.map(inInline));
    case 'image':
      return inText(node.alt);
    case 'code':
    case 'math':
    case 'break':
      return undefined;
  }
}
