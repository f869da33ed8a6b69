import type { InstalledModel } from '../../electron/contract/model.ts';
import { shortName } from '../text/format.ts';
import { t } from '../text/en.ts';

/** A prepared model below this has some hundred million weights: it follows one plain request, not three at once. */
const smallBytes = 400e6;

/** Four beginnings that this model can answer well. `practice`: the app runs against the practice Hub. */
export function startersFor(model: InstalledModel, practice: boolean): readonly string[] {
  const { starters } = t.chat;
  const code = /code|coder|codestral|starcoder/i.test(shortName(model.repo));
  if (!model.instruct) return practice ? starters.practiceBase : code ? starters.codeBase : starters.base;
  if (practice) return starters.practice;
  if (code) return starters.code;
  return model.bytes < smallBytes ? starters.small : starters.instruct;
}
