import type { SetupState } from '../../contract/setup.ts';

/**
 * The few moments worth a desktop notification: somebody else decided (the authors), or long work ended. Everything
 * else waits quietly in its row.
 */
export function announcement(
  setup: SetupState,
  previous: SetupState,
): { readonly title: string; readonly text: string } | undefined {
  if (setup.step === 'ready' && previous.step !== 'ready') {
    return { title: 'Ready to chat', text: `${setup.repo} is on this computer and works offline.` };
  }
  const wasPending = previous.licence?.state === 'pending';
  if (wasPending && setup.licence?.state === 'granted') {
    return { title: 'Access granted', text: `The authors of ${setup.repo} approved your request.` };
  }
  if (wasPending && setup.licence?.state === 'rejected') {
    return { title: 'Access declined', text: `The authors of ${setup.repo} declined your request.` };
  }
  return undefined;
}
