import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { GrowingText, parseMarkdown } from '../../../renderer/markdown/growingText.ts';
import { parseInline } from '../../../renderer/markdown/inline.ts';
import type { Block, Inline } from '../../../renderer/markdown/tree.ts';
import { seededRandom } from '../../reference/checkpoint.ts';
import { shreds } from './shreds.ts';

/** A compact picture of a tree, so that a table row fits on a line. */
function drawInline(nodes: readonly Inline[]): string {
  return nodes
    .map((node) => {
      switch (node.kind) {
        case 'text':
          return node.text;
        case 'code':
          return `<c:${node.text}>`;
        case 'math':
          return `<m:${node.text}>`;
        case 'strong':
          return `<b:${drawInline(node.children)}>`;
        case 'emphasis':
          return `<i:${drawInline(node.children)}>`;
        case 'strike':
          return `<s:${drawInline(node.children)}>`;
        case 'link':
          return `<a ${node.href}:${drawInline(node.children)}>`;
        case 'image':
          return `<img:${node.alt}>`;
        case 'break':
          return '<br>';
      }
    })
    .join('');
}

function draw(blocks: readonly Block[]): string {
  return blocks
    .map((block) => {
      switch (block.kind) {
        case 'paragraph':
          return `p(${drawInline(block.inline)})`;
        case 'heading':
          return `h${block.level}(${drawInline(block.inline)})`;
        case 'code':
          return `code[${block.language}${block.closed ? '' : ' open'}](${block.text})`;
        case 'math':
          return `math(${block.text})`;
        case 'quote':
          return `quote(${draw(block.blocks)})`;
        case 'list':
          return `${block.ordered ? `ol${block.start}` : 'ul'}(${block.items.map((item) => `${item.task === undefined ? '' : item.task ? '[x]' : '[ ]'}${draw(item.blocks)}`).join(' | ')})`;
        case 'table':
          return `table(${block.align.map((side) => side ?? '-').join(',')}; ${block.head.map(drawInline).join(',')}; ${block.rows.map((row) => row.map(drawInline).join(',')).join(' / ')})`;
        case 'rule':
          return 'rule';
      }
    })
    .join(' ');
}

describe('inline text', () => {
  test.each([
    ['plain', 'plain'],
    ['**bold** and *it* and __b__ _i_', '<b:bold> and <i:it> and <b:b> <i:i>'],
    ['***both***', '<i:<b:both>>'],
    ['**a *b* c**', '<b:a <i:b> c>'],
    ['snake_case_name stays', 'snake_case_name stays'],
    ['2 * 3 * 4', '2 * 3 * 4'],
    ['**never closed', '**never closed'],
    ['~~gone~~ but ~home', '<s:gone> but ~home'],
    ['`a*b*c` and ``x`y``', '<c:a*b*c> and <c:x`y>'],
    ['`open', '`open'],
    ['\\*not\\* \\`code\\`', '*not* `code`'],
    ['line  \nbreak', 'line<br>break'],
    ['$x + y$ and $O(n)$ and $2n$', '<m:x + y> and <m:O(n)> and $2n$'],
    ['from $5k to $6 or $5 a$', 'from $5k to $6 or $5 a$'],
    ['soft\nbreak', 'soft\nbreak'],
    ['a<br>b', 'a<br>b'],
    ['[site](https://example.org/a_b "t")', '<a https://example.org/a_b:site>'],
    ['[**b**](https://example.org/)', '<a https://example.org/:<b:b>>'],
    ['[wiki](https://e.org/a_(b))', '<a https://e.org/a_(b):wiki>'],
    ['see https://example.org/x.', 'see <a https://example.org/x:https://example.org/x>.'],
    ['<https://example.org>', '<a https://example.org/:https://example.org>'],
    ['[half](https://exam', '[half](<a https://exam/:https://exam>'],
    ['![a cat](https://e.org/cat.png)', '<img:a cat>'],
    ['\\(x^2\\) and $E=mc^2$', '<m:x^2> and <m:E=mc^2>'],
    ['costs $5 and $10', 'costs $5 and $10'],
    ['مرحبا **عالم** 🔑 鍵', 'مرحبا <b:عالم> 🔑 鍵'],
  ])('%j', (source, expected) => {
    // <br> in the picture of a literal tag and of a break look alike on purpose: both are a line break.
    expect(drawInline(parseInline(source))).toBe(expected);
  });

  test.each([
    '[x](javascript:alert(1))',
    '[x](JaVaScRiPt:alert(1))',
    '[x](data:text/html,<script>1</script>)',
    '[x](vbscript:x)',
    '[x](http://example.org)',
    '[x](file:///etc/passwd)',
    '[x](//example.org)',
    '[x](https://user:pass@example.org/)',
    '[x](https://)',
    '<javascript:alert(1)>',
    '<img src=x onerror=alert(1)>',
  ])('makes no link of %s', (source) => {
    expect(JSON.stringify(parseInline(source))).not.toContain('"link"');
  });
});

describe('blocks', () => {
  test.each([
    ['# One\ntext', 'h1(One) p(text)'],
    ['###### Six ##', 'h6(Six)'],
    ['#hashtag', 'p(#hashtag)'],
    ['a\nb\n\nc', 'p(a\nb) p(c)'],
    ['---', 'rule'],
    ['```js\nlet a;\n\nlet b;\n```\nafter', 'code[js](let a;\n\nlet b;) p(after)'],
    ['```\nnever closed', 'code[ open](never closed)'],
    ['````\n```\n````', 'code[](```)'],
    ['~~~py\nx\n~~~', 'code[py](x)'],
    ['text\n```\nx\n```', 'p(text) code[](x)'],
    ['- a\n- b\n\nafter', 'ul(p(a) | p(b)) p(after)'],
    ['* a\n  - b\n  - c\n* d', 'ul(p(a) ul(p(b) | p(c)) | p(d))'],
    ['1. a\n2. b', 'ol1(p(a) | p(b))'],
    ['3) a', 'ol3(p(a))'],
    ['1. a\n\n   more\n\n2. b', 'ol1(p(a) p(more) | p(b))'],
    ['1. a\n  - b', 'ol1(p(a) ul(p(b)))'],
    ['1. a\n   ```\n   x\n   ```\n2. b', 'ol1(p(a) code[](x) | p(b))'],
    ['- [ ] open\n- [x] done', 'ul([ ]p(open) | [x]p(done))'],
    ['It was\n1984. A year', 'p(It was\n1984. A year)'],
    ['> a\n> > b', 'quote(p(a) quote(p(b)))'],
    ['> - a\n> - b', 'quote(ul(p(a) | p(b)))'],
    ['| a | b |\n|:--|--:|\n| 1 | `x|y` |\n| 2 |', 'table(left,right; a,b; 1,<c:x|y> / 2,)'],
    ['a | b\n--- | ---', 'table(-,-; a,b; )'],
    ['| a | b |\n| not | a table', 'p(| a | b |\n| not | a table)'],
    [
      'so\n\\begin{align}\na &= b \\\\\n\\end{align}\nand',
      'p(so) math(\\begin{align}\na &= b \\\\\n\\end{align}) p(and)',
    ],
    ['$$\nx = 1\n$$', 'math(x = 1)'],
    ['\\[ x \\]', 'math(x)'],
    ['<script>alert(1)</script>', 'p(<script>alert(1)</script>)'],
    ['', ''],
  ])('%j', (source, expected) => {
    expect(draw(parseMarkdown(source))).toBe(expected);
  });
});

const everything = [
  '# Title\n\nSome **bold** words, `code` and [a link](https://example.org/x).\n',
  '- one\n- two\n  - nested *deep*\n\n1. first\n\n   with a second paragraph\n2. second\n',
  '```python\nfor x in y:\n    print("```not a fence")\n```\n',
  '> quoted\n> > twice\n\n| a | b |\n|---|:-:|\n| 1 | **2** |\n\n$$\n\\sum x\n$$\n\n---\n\nthe end 🔑 é 鍵',
].join('\n');

describe('a growing text', () => {
  test.each([1, 3, 7, 40])('ends as the same tree when it arrives in pieces of %i characters', (size) => {
    const growing = new GrowingText();
    for (let end = size; end < everything.length + size; end += size) growing.read(everything.slice(0, end));
    expect(draw(growing.read(everything))).toBe(draw(parseMarkdown(everything)));
  });

  // What is on screen when an answer ends is what the next start of the app shows.
  test.each([
    ['a rule that becomes words', 'names\n---', 'x'],
    ['a list that becomes words', '1. names\n-', '\u00a0you'],
    ['a heading that becomes words', '- names\n#', 'you'],
    ['a table that becomes words', 'names\na|b\n---|---', 'x'],
    ['a fence that becomes words', 'names\n~~~', 'x`'],
  ])('reads %s as part of what stands before it', (_, begun, rest) => {
    const growing = new GrowingText();
    expect(growing.read(begun)).toHaveLength(2);
    const whole = growing.read(begun + rest);
    expect(whole).toHaveLength(1);
    expect(whole).toEqual(parseMarkdown(begun + rest));
  });

  test('reads anything, in any pieces, as the whole text reads', () => {
    const pick = seededRandom(7);
    const one = (list: readonly string[]): string => list[Math.floor(pick() * list.length)] ?? '';
    for (let round = 0; round < 20_000; round += 1) {
      const growing = new GrowingText();
      let text = '';
      for (let piece = 0; piece < 9; piece += 1) {
        text += one(shreds);
        if (!isDeepStrictEqual(growing.read(text), parseMarkdown(text))) expect.fail(JSON.stringify(text));
      }
    }
  });

  test('shows every prefix without failing', () => {
    for (let end = 0; end <= everything.length; end += 1) {
      expect(draw(new GrowingText().read(everything.slice(0, end)))).toBeTypeOf('string');
    }
  });

  test('keeps finished blocks as they are, so that nothing on screen is made anew', () => {
    const growing = new GrowingText();
    const before = growing.read('# One\n\ntwo\n\nthree');
    const after = growing.read('# One\n\ntwo\n\nthree and more\n\nfour');
    expect(after[0]).toBe(before[0]);
    expect(after[1]).toBe(before[1]);
    expect(draw(after)).toBe('h1(One) p(two) p(three and more) p(four)');
  });

  test('reads a text anew that does not continue the one before', () => {
    const growing = new GrowingText();
    growing.read('# One\n\ntwo');
    expect(draw(growing.read('other'))).toBe('p(other)');
  });
});

/** Milliseconds this thread has computed so far: a clock on the wall would count what else the machine does. */
function computed(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

describe('size', { timeout: 60_000 }, () => {
  const hundredKilobytes = everything.repeat(Math.ceil(100_000 / everything.length));
  test('streams 100 kB in pieces of 200 characters in two seconds of work', () => {
    const started = computed();
    const growing = new GrowingText();
    for (let end = 200; end < hundredKilobytes.length; end += 200) growing.read(hundredKilobytes.slice(0, end));
    expect(computed() - started).toBeLessThan(2000);
  });

  test.each([
    ['open brackets', '['.repeat(50_000)],
    ['stars', '*'.repeat(50_000)],
    ['star words', '*a '.repeat(20_000)],
    ['star pairs', '**a*_b_'.repeat(10_000)],
    ['backticks', Array.from({ length: 300 }, (_, n) => '`'.repeat(n + 1)).join(' ')],
    ['quotes', '>'.repeat(20_000)],
    ['nested bullets', '- '.repeat(20_000)],
    ['deep indents', Array.from({ length: 400 }, (_, n) => `${' '.repeat(n * 2)}- x`).join('\n')],
    ['pipes', `${'|'.repeat(20_000)}\n${'|-'.repeat(20_000)}`],
    ['link openings', '[a]('.repeat(20_000)],
    ['nested links', `${'['.repeat(2000)}a${'](https://e.org)'.repeat(2000)}`],
    ['angle brackets', '<https://'.repeat(10_000)],
    ['one long word', 'x'.repeat(100_000)],
    ['dollars', '$a'.repeat(20_000)],
    ['parentheses', `[a](${'('.repeat(20_000)}`],
    ['open maths', '\\('.repeat(10_000)],
    ['open fences', '```\n~~~\n'.repeat(5000)],
    ['lazy list', `- a\n${'b\n'.repeat(20_000)}`],
    ['blank items', '-\n\n'.repeat(10_000)],
    ['bold inside bold', `${'**a '.repeat(3000)}${'b** '.repeat(3000)}`],
  ])('reads hostile input quickly: %s', (_name, source) => {
    const started = computed();
    expect(draw(parseMarkdown(source)).length).toBeGreaterThan(0);
    expect(computed() - started).toBeLessThan(1500);
  });
});
