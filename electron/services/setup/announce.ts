import type { SetupState } from '../../contract/setup.ts';
import type { StorageWork } from '../../contract/storage.ts';

interface Note {
  readonly title: string;
  readonly text: string;
}

/**
 * The few moments worth a desktop notification: somebody else decided (the authors), or long work ended. Everything
 * else waits quietly in its row.
 */
export function announcement(setup: SetupState, previous: SetupState): Note | undefined {
  if (setup.step === 'ready' && previous.step !== 'ready') {
    return { title: 'Ready to chat', text: `${setup.repo} is on this computer and works offline.` };
  }
  const [before, now] = [previous.licence, setup.licence];
  // Another account's licence is no news about this one's request.
  if (before === undefined || now === undefined || before.account !== now.account) return undefined;
  if (before.state === 'pending') return decided(setup.repo, now.state);
  // Licences without a review are granted the moment the form is sent, while the person is in the browser.
  const formSent = before.state === 'never-asked' || before.state === 'reset';
  if (formSent && now.state === 'granted') return granted(`The licence of ${setup.repo} is accepted.`);
  return undefined;
}

/** The ends of the storage room's long work that a person waits for, perhaps in another window. */
export function storageNote(work: StorageWork): Note | undefined {
  return work.task === 'move-all' ? movedAll(work) : takenIn(work);
}

function movedAll({ folder, state }: StorageWork): Note | undefined {
  if (state.kind === 'failed') return { title: state.problem.title, text: state.problem.explanation };
  if (state.kind !== 'done') return undefined;
  return { title: 'Latchkey has moved', text: `Everything is in ${folder ?? ''} now.` };
}

/** Official files that somebody brought became a model. */
function takenIn({ task, state }: StorageWork): Note | undefined {
  if (task !== 'take-in' || state.kind !== 'done' || !state.model) return undefined;
  const name = state.model.repo.slice(state.model.repo.indexOf('/') + 1);
  return { title: 'Ready to chat', text: `${name} is on this computer and works offline.` };
}

/** The publisher did something to a model that is here. */
export function licenceChanged(repo: string): Note {
  return {
    title: 'A licence has changed',
    text: `The publisher of ${repo} changed its licence text. The one you agreed to is kept; Models shows both.`,
  };
}

function decided(repo: string, state: string): Note | undefined {
  if (state === 'granted') return granted(`The authors of ${repo} approved your request.`);
  if (state === 'rejected') return { title: 'Access declined', text: `The authors of ${repo} declined your request.` };
  if (state === 'reset') return { title: 'Access set back', text: `The authors of ${repo} ask you to agree again.` };
  return undefined;
}

function granted(text: string): Note {
  return { title: 'Access granted', text };
}
