import type { Problem } from '../../electron/contract/problem.ts';
import type { AppState } from './app.svelte.ts';

const heldUp = (problem: Problem | undefined): boolean => problem?.code === 'not-enough-memory';

/** After a person chose how to get round a lack of memory: the answer on screen, or the journey, is tried again. */
export async function goOn({ router, thread, journeys }: AppState): Promise<void> {
  const here = router.view;
  const last = thread.shown.at(-1)?.message;
  if (here.name === 'chat' && last && heldUp(last.problem)) return thread.again(last.id);
  const journey = here.name === 'journey' ? journeys.find(here.repo ?? '') : undefined;
  if (journey?.activity.kind === 'blocked' && heldUp(journey.activity.problem)) await journeys.start(journey.repo);
}
