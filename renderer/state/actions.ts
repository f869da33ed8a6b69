/** What the buttons of a problem do. */
import type { Backend } from '../../electron/contract/ipc.ts';
import type { Action, Problem, ViewName } from '../../electron/contract/problem.ts';
import { assertNever } from '../../electron/contract/result.ts';
import type { SetupState } from '../../electron/contract/setup.ts';
import type { AppState } from './app.svelte.ts';
import { goOn } from './goOn.ts';
import { changesStorage } from './storage.svelte.ts';

/** What became of an action that a person pressed. */
export type Outcome = 'done' | 'copied' | Problem;

/** Does what an action says; a request of it goes to `backend`. */
export async function perform(app: AppState, backend: Backend, action: Action): Promise<Outcome> {
  switch (action.kind) {
    case 'request': {
      // The services wrote this input for their own table; dispatch checks it again.
      const answer = await backend.request(action.request, action.input as never);
      if (answer.ok && changesStorage(action.request)) app.storage.refresh();
      // Both lead to a journey, which the events describe; it may not be the one on screen.
      if (answer.ok && (action.request === 'models.repair' || action.request === 'setup.choose'))
        app.router.go({ name: 'journey', repo: (answer.value as SetupState).repo });
      if (answer.ok && (action.request === 'engine.permit' || action.request === 'devices.setContext')) await goOn(app);
      return answer.ok ? 'done' : answer.problem;
    }
    case 'page':
      if (action.page === 'licence' && action.repo !== undefined) app.journeys.visited(action.repo);
      await app.pages.open(action.page, action.repo);
      return app.pages.problem ?? 'done';
    case 'view':
      visit(app, action.view);
      return 'done';
    case 'copy-report':
      return (await app.copyReport()) ? 'copied' : 'done';
    default:
      return assertNever(action);
  }
}

function visit(app: AppState, view: ViewName): void {
  if (view === 'chat') return app.newChat();
  if (view === 'take-folder') return app.router.callFolder();
  if (view === 'journey' || view === 'token-field') {
    const here = app.router.view;
    const repo = here.name === 'journey' ? here.repo : undefined;
    const [next] = app.journeys.unfinished;
    if (view === 'token-field' && (repo === undefined || app.journeys.find(repo)?.step !== 'sign-in'))
      app.router.go({ name: 'access' });
    else if (here.name !== 'journey') app.router.go(next ? { name: 'journey', repo: next.repo } : { name: 'journey' });
    if (view === 'token-field') app.router.callTokenField();
    return;
  }
  app.router.go({ name: view });
}
