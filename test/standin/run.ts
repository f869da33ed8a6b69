/**
 * `node --import register.ts run.ts APP [flags]`: starts an app folder or a main module as `electron APP` would. Ready
 * comes only after the main module has been evaluated: a main that waits for ready at its top level hangs on Electron,
 * and ends here with code 71.
 */
import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runInThisContext } from 'node:vm';
import { app } from './app.ts';
import { startBrowser } from './browser.ts';
import { makeCodec } from './codec.ts';
import * as electron from './electron.ts';
import { records } from './records.ts';

const { encode, decode } = makeCodec();
const target = resolve(process.argv[2] ?? '.');
// A packed program is its own first word.
process.argv.splice(1, 2, ...(app.isPackaged ? [] : [target]));

function mainModule(): string {
  if (!statSync(target).isDirectory()) return target;
  const about = JSON.parse(readFileSync(join(target, 'package.json'), 'utf8')) as { main?: string };
  return join(target, about.main ?? 'index.js');
}

type Question = { readonly id: number; readonly source: string; readonly input: string };

/** A test's question: a function to run here, with the electron module and the records. */
async function answer({ id, source, input }: Question): Promise<object> {
  try {
    const ask = runInThisContext(`(${source})`) as (modules: object, input: unknown) => unknown;
    return { id, value: encode(await ask({ ...electron, standin: records }, decode(input))) };
  } catch (error) {
    return { id, refused: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

process.on('message', (message: Question | 'close') => {
  if (message === 'close') app.quit();
  else void answer(message).then((reply) => process.send?.(reply));
});
process.on('disconnect', () => app.exit(0));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => app.quit());

/** What goes on in this process beside our own look at it; pipes lead to whoever started us. */
const goingOn = (): number =>
  process.getActiveResourcesInfo().filter((kind) => !/^(?:Pipe|TTY)Wrap$/.test(kind)).length - 1;
/** By the clock, a busy machine that is still loading the module would look the same. */
let looksAtNothing = 0;
const hanging = setInterval(() => {
  looksAtNothing = goingOn() > 0 ? 0 : looksAtNothing + 1;
  if (looksAtNothing < 20) return;
  console.error('The main module waits for ready at its top level; Electron would hang here.');
  process.exit(71);
}, 100);
try {
  await import(pathToFileURL(mainModule()).href);
  clearInterval(hanging);
  records.times.evaluated = performance.now();
  await startBrowser();
  records.times.ready = performance.now();
  app.becomeReady();
} catch (error) {
  console.error(error);
  process.exit(70);
}
