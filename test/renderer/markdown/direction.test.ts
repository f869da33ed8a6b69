import { expect, test } from 'vitest';
import { directionOf } from '../../../renderer/markdown/direction.ts';
import { parseMarkdown } from '../../../renderer/markdown/growingText.ts';

test.each([
  ['1. الخطوة الأولى\n2. second', 'rtl'],
  ['- first\n- الخطوة', 'ltr'],
  ['> **שלום** world', 'rtl'],
  ['- `code` مفتاح', 'rtl'],
  ['- 1 2 3', 'ltr'],
  ['| الاسم | b |\n|--|--|\n| x | y |', 'rtl'],
  ['- 鍵', 'ltr'],
])('%s reads %s', (text, direction) => expect(directionOf(parseMarkdown(text))).toBe(direction));
