/** Run by rest.test.ts in a process of its own: finishes a move of everything until it is done or kills itself. */
import { writeSync } from 'node:fs';
import { finishMove } from '../../../electron/services/dataHome/rest.ts';
import { armKill } from '../durable/killMe.ts';

const [usual = '', delay = ''] = process.argv.slice(2);
(await armKill())(Number(delay));
await finishMove(usual, { now: Date.now });
writeSync(1, 'done\n');
process.exit(0);
