import { describe, expect, test } from 'vitest';
import { parseMath } from '../../../renderer/markdown/math/parse.ts';
import type { MathNode } from '../../../renderer/markdown/math/tree.ts';

/** A compact picture of a formula: leaves as their text, groups as `name(children)` without the m of every name. */
function draw(node: MathNode): string {
  if (!('children' in node)) return node.tag === 'mspace' ? '␣' : (node.text ?? '');
  const inside = node.children.map(draw).join(node.tag === 'mrow' ? '' : ',');
  return node.tag === 'mrow' ? inside : `${node.tag.slice(1)}(${inside})`;
}
const drawn = (source: string): string | undefined => {
  const node = parseMath(source);
  return node && draw(node);
};

describe('formulas', () => {
  test.each([
    ['x', 'x'],
    ['E = mc^2', 'E=msup(c,2)'],
    ['a_1^2 + b_{ij}', 'subsup(a,1,2)+sub(b,ij)'],
    ["f'(x)", 'sup(f,′)(x)'],
    ['-3.14 \\cdot 10^{-2}', '−3.14⋅sup(10,−2)'],
    ['\\frac{1}{2}', 'frac(1,2)'],
    ['\\frac12 + \\sqrt23 + x^10', 'frac(1,2)+sqrt(2)3+sup(x,10)'],
    ['\\sqrt{x} + \\sqrt[3]{y}', 'sqrt(x)+root(y,3)'],
    ['\\sum_{i=1}^{n} i', 'underover(∑,i=1,n)i'],
    ['\\int_0^\\infty e^{-x}\\,dx', 'subsup(∫,0,∞)sup(e,−x)␣dx'],
    ['\\lim_{x \\to 0} \\sin x', 'under(lim,x→0)sinx'],
    ['\\left( \\frac{a}{b} \\right]', '(frac(a,b)]'],
    ['\\left. x \\right|_{0}', 'sub(x|,0)'],
    ['P\\left(A \\middle| B\\right)', 'P(A|B)'],
    ['\\mathbb{R}^n \\times \\mathcal{L}', 'sup(ℝ,n)×ℒ'],
    ['\\mathrm{max}\\{a, b\\}', 'max{a,b}'],
    ['\\text{if } x > 0', 'if\u00a0x>0'],
    ['\\hat{y} = \\overline{AB}', 'over(y,^)=over(AB,‾)'],
    ['\\underbrace{a+b}_{n}', 'under(under(a+b,⏟),n)'],
    ['\\binom{n}{k}', '(frac(n,k))'],
    ['a \\not= b \\not\\in C', 'a≠b∉C'],
    ['a \\equiv b \\pmod{n}', 'a≡b(modn)'],
    ['\\begin{pmatrix} 1 & 0 \\\\ 0 & 1 \\end{pmatrix}', '(table(tr(td(1),td(0)),tr(td(0),td(1))))'],
    ['\\begin{cases} 1 & x > 0 \\\\ 0 & \\text{else} \\end{cases}', '{table(tr(td(1),td(x>0)),tr(td(0),td(else)))'],
    ['\\begin{align*} a &= b \\\\ &= c \\\\ \\end{align*}', 'table(tr(td(a),td(=b)),tr(td(),td(=c)))'],
    ['a &= b \\\\ c &= d', 'table(tr(td(a),td(=b)),tr(td(c),td(=d)))'],
    ['\\operatorname*{arg\\,max}_\\theta L', 'under(arg max,θ)L'],
    ['\\boxed{42}', '42'],
    ['\\displaystyle x', 'style(x)'],
    ['1,000 + f(1,2)', '1,000+f(1,2)'],
  ])('%s', (source, picture) => {
    expect(drawn(source)).toBe(picture);
  });

  test.each([
    '\\unknown{x}',
    '\\frac{1}',
    '{x',
    'x}',
    '\\left( x',
    '\\begin{matrix} 1',
    '\\begin{tikzpicture} x \\end{tikzpicture}',
    'x_1_2',
    '\\text{\\unknown}',
    '{'.repeat(60) + '}'.repeat(60),
    'x'.repeat(6000),
  ])('%s is left as it was written', (source) => expect(parseMath(source)).toBeUndefined());

  test('every command of the tables can be set, and every prefix of a formula is read without a throw', () => {
    const whole =
      '\\begin{aligned} \\nabla \\times \\vec{E} &= -\\frac{\\partial \\mathbf{B}}{\\partial t} \\\\ \\left\\lVert \\bm{x} \\right\\rVert_2 &\\le \\sqrt[n]{\\sum_{i} |x_i|^2} \\end{aligned}';
    expect(drawn(whole)).toContain('∇');
    for (let end = 0; end < whole.length; end += 1) parseMath(whole.slice(0, end));
  });

  test.each([
    ['braces', '{'.repeat(2400) + '}'.repeat(2400)],
    ['open braces', '\\frac{'.repeat(700)],
    ['fences', '\\left('.repeat(700)],
    ['scripts', 'x^'.repeat(2000)],
    ['environments', '\\begin{matrix}'.repeat(300)],
    ['raw groups', '\\text{'.repeat(700)],
  ])('a hostile run of %s comes to an end', (_, source) => expect(parseMath(source)).toBeUndefined());
});
