/** Run by move.test.ts in a process of its own: moves the models of a data folder until it is done or kills itself. */
import { writeSync } from 'node:fs';
import { moveModels } from '../../../electron/services/storage/move.ts';
import { armKill } from '../durable/killMe.ts';
import { job, openHome } from './world.ts';

const [data = '', to = '', delay = ''] = process.argv.slice(2);
const home = await openHome(data);
(await armKill())(Number(delay));
const result = await moveModels(
  {
    home,
    to: home.place.moving?.to ?? to,
    data,
    beforeSwitch: async () => undefined,
    afterSwitch: async () => undefined,
    isClosing: () => false,
  },
  job(),
);
writeSync(1, result.ok ? 'done\n' : `${JSON.stringify(result.problem)}\n`);
process.exit(0);
