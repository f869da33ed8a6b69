/** Run by rest.test.ts in a process of its own: finishes a move of everything until it is done or killed. */
import { writeSync } from 'node:fs';
import { finishMove } from '../../../electron/services/dataHome/rest.ts';

writeSync(1, 'ready\n');
await finishMove(process.argv[2] ?? '', { now: Date.now });
writeSync(1, 'done\n');
