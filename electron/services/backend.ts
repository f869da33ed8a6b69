/**
 * createBackend(ports): the handlers of the contract's table, and nothing else. Each line sends a checked request to the
 * room that owns it; what the rooms report comes back as events. Both hosts run exactly this.
 */
import type { BackendEvent, Handlers } from '../contract/ipc.ts';
import type { DevicesState } from '../contract/devices.ts';
import { hubRepoOf } from '../contract/model.ts';
import { failed, ok, type Result } from '../contract/result.ts';
import { accessHandlers } from './accessHandlers.ts';
import { exportChat } from './chats/thread.ts';
import { badRequest, notFound } from './explain.ts';
import { pageUrl } from './hub/pages.ts';
import { practiceModels, suggestedModels } from './models/suggested.ts';
import type { Ports } from './ports.ts';
import { openRooms, type Rooms } from './rooms.ts';

export interface RunningBackend {
  readonly handlers: Handlers;
  /** Goes on with whatever was under way when the app was last closed. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Builds the services on what the host lends. Throws only when the app's own data cannot be opened. */
export async function createBackend(ports: Ports, emit: (event: BackendEvent) => void): Promise<RunningBackend> {
  const rooms = await openRooms(ports, emit);
  return {
    handlers: {
      ...appHandlers(ports, rooms),
      ...accessHandlers(ports, rooms, { journeys: rooms.journeys, emit }),
      ...updateHandlers(rooms),
      ...setupHandlers(ports, rooms),
      ...modelHandlers(ports, rooms),
      ...chatHandlers(rooms),
      ...serverHandlers(rooms),
      ...deviceHandlers(rooms),
    },
    start: () => rooms.start(),
    close: () => rooms.close(),
  };
}

type Some<Prefix extends string> = Pick<Handlers, Extract<keyof Handlers, `${Prefix}.${string}`>>;

function orNotFound<T>(value: T | undefined, what: string): Result<T> {
  return value === undefined ? failed(notFound(what)) : ok(value);
}

function appHandlers(ports: Ports, rooms: Rooms): Some<'app' | 'data' | 'mirror' | 'page' | 'report'> {
  return {
    'app.info': async () => ok(rooms.info()),
    'app.setPractice': async ({ on }) => {
      // The services are replaced: answer first, so that the page does not wait for somebody who is leaving.
      setImmediate(() => void ports.switchPractice(on));
      return ok(undefined);
    },
    'app.setOffline': async ({ on }) => {
      await rooms.setOffline(on);
      return ok(undefined);
    },
    'mirror.decide': async ({ allow }) => {
      await rooms.decideMirror(allow);
      return ok(rooms.info());
    },
    'app.setTray': async ({ on }) => {
      await rooms.setTray(on);
      return ok(undefined);
    },
    'app.setDownloadLimit': async ({ bytesPerSecond }) => {
      await rooms.setDownloadLimit(bytesPerSecond);
      return ok(undefined);
    },
    'app.takeWish': async () => {
      const wish = ports.takeWish?.();
      if (!wish) return ok({});
      if (wish.kind !== 'bring') return ok({ wish });
      return ok({ wish: { kind: 'bring', folder: await rooms.storage.adopt(wish.path) } });
    },
    'app.showFolder': async ({ folder }) => {
      const { data, hubCache } = ports.paths;
      if (!ports.showFolder) return failed(notFound('file manager'));
      await ports.showFolder({ data, models: rooms.modelsFolder(), cache: hubCache }[folder]);
      return ok(undefined);
    },
    'app.reset': () => rooms.reset(),
    // Whoever reaches these services has the data folder open; while it is away, hosts/waitForData.ts answers.
    'data.lookAgain': async () => ok(undefined),
    'data.beginEmpty': async () => failed(notFound('question')),
    'page.open': async ({ page, repo }) => {
      const coded = page === 'device-sign-in' ? rooms.browserSignIn.page() : undefined;
      const url = coded ?? pageUrl(ports.hubEndpoint, page, repo).href;
      const opened = await ports.openPage(url);
      // Also where the page shows the link itself: it was asked for, so the form may be sent any minute.
      if (page === 'licence' && repo !== undefined) rooms.journeys.visited(repo);
      return ok({ url, opened });
    },
    'report.copy': async () => ok({ text: await rooms.report() }),
  };
}

function updateHandlers({ updates }: Rooms): Some<'update'> {
  return {
    'update.get': async () => ok(updates.state()),
    'update.allow': async ({ on }) => ok(await updates.allow(on)),
    'update.setChannel': async ({ channel }) => ok(await updates.setChannel(channel)),
    'update.check': () => updates.check(),
    'update.download': () => updates.download(),
    'update.install': () => updates.install(),
  };
}

function setupHandlers(_ports: Ports, rooms: Rooms): Some<'setup' | 'licence' | 'standIn'> {
  const { journeys, standIns } = rooms;
  return {
    'setup.list': async () => ok(journeys.list()),
    'setup.choose': async ({ repo, dtype }) => ok(journeys.choose(repo, dtype)),
    'setup.check': async ({ repo }) => journeys.send(repo, { type: 'check' }),
    'setup.start': async ({ repo }) => journeys.send(repo, { type: 'start' }),
    'setup.pause': async ({ repo }) => journeys.send(repo, { type: 'pause' }),
    'setup.setAutoStart': async ({ repo, on }) => journeys.send(repo, { type: 'autoStart', on }),
    'setup.remove': async ({ repo }) => ok(await journeys.remove(repo).then(() => undefined)),
    'standIn.get': async () => ok(standIns.state()),
    'standIn.begin': async ({ awaited, standIn }) => {
      standIns.begin(awaited, standIn);
      return ok(standIns.state());
    },
    'standIn.settle': async ({ chatId, keep }) => {
      if (keep) standIns.accept(chatId);
      else if (!standIns.giveBack(chatId)) return failed(notFound('chat'));
      return ok(standIns.state());
    },
    'licence.read': async ({ repo }) => rooms.readLicence(repo),
    'licence.receipt': ({ id }) => rooms.receipts.get(id),
    'licence.compare': ({ id }) => rooms.receipts.compare(id),
  };
}

/** A journey that ended with this model has nothing to show any more. */
async function forgetJourney({ journeys }: Rooms, id: string): Promise<void> {
  const ended = journeys.list().find((one) => one.step === 'ready' && one.model.id === id);
  if (ended) await journeys.remove(ended.repo);
}

function modelHandlers(ports: Ports, rooms: Rooms): Some<'models' | 'storage' | 'folder' | 'engine'> {
  const { storage } = rooms;
  const remove = async (id: string): Promise<Result<undefined>> => {
    const free = await storage.blocked();
    const removed = free.ok ? await rooms.models.remove(id) : free;
    if (!removed.ok) return removed;
    rooms.engine.forgetModel(id);
    await forgetJourney(rooms, id);
    return removed;
  };
  return {
    'models.list': async () => ok(rooms.models.list()),
    'models.suggested': async () => ok(ports.practice ? practiceModels : suggestedModels),
    'models.remove': async ({ id }) => remove(id),
    'models.repair': async ({ id }) => {
      const model = rooms.models.byId(id);
      if (!model) return failed(notFound('model'));
      const repo = hubRepoOf(model);
      if (repo === undefined) return failed(badRequest(`${id} did not come from the Hub`));
      const removed = await remove(id);
      return removed.ok ? ok(rooms.journeys.choose(repo, model.dtype)) : removed;
    },
    'models.sanityCheck': async ({ id }) => rooms.models.sanityCheck(id),
    'folder.choose': async ({ typed }) => storage.choose(typed),
    'storage.get': async () => ok(await storage.state()),
    'storage.removeRepo': async ({ repo, everything }) => storage.removeRepo(repo, everything),
    'storage.free': async () => storage.free(),
    'storage.verify': async ({ id }) => storage.verify(id),
    'storage.export': async ({ id, folder }) => storage.exportTo(id, folder),
    'storage.inspect': async ({ folder }) => storage.inspect(folder),
    'storage.import': async ({ folder, fingerprint }) => storage.importFrom(folder, fingerprint),
    'storage.move': async ({ folder }) => storage.move(folder),
    'storage.planMoveAll': async ({ folder }) => storage.planMoveAll(folder),
    'storage.moveAll': async ({ folder }) => storage.moveAll(folder),
    'storage.stop': async () => {
      storage.stop();
      return ok(undefined);
    },
    'engine.get': async () => ok(rooms.engine.state()),
    'engine.permit': async ({ modelId }) => {
      rooms.engine.permit(modelId);
      return ok(rooms.engine.state());
    },
  };
}

function chatHandlers({ chats, answers, engine, models, chatsChanged }: Rooms): Some<'chats' | 'generation'> {
  const changed = <T>(result: Result<T>): Result<T> => {
    if (result.ok) chatsChanged();
    return result;
  };
  return {
    'chats.list': async () => ok(chats.list()),
    'chats.create': async ({ modelId }) => {
      const model = models.byId(modelId);
      return model ? changed(ok(chats.create(modelId, model.sampling))) : failed(notFound('model'));
    },
    'chats.get': async ({ chatId }) => {
      const chat = chats.get(chatId);
      return orNotFound(chat && answers.withLiveText(chat), 'chat');
    },
    'chats.search': async ({ words }) => ok(chats.search(words)),
    'chats.rename': async ({ chatId, title }) => changed(orNotFound(chats.rename(chatId, title), 'chat')),
    'chats.configure': async ({ chatId, ...settings }) =>
      changed(orNotFound(chats.configure(chatId, settings), 'chat')),
    'chats.select': async ({ chatId, messageId }) => {
      const chat = chats.select(chatId, messageId);
      return changed(orNotFound(chat && answers.withLiveText(chat), 'message'));
    },
    'chats.remove': async ({ chatId }) => {
      engine.forgetChat(chatId);
      return changed(chats.remove(chatId) ? ok(undefined) : failed(notFound('chat')));
    },
    'chats.restore': async ({ chatId }) => changed(orNotFound(chats.restore(chatId), 'chat')),
    'chats.export': async ({ chatId }) => {
      const chat = chats.get(chatId);
      return orNotFound(chat && exportChat(chat), 'chat');
    },
    'generation.ask': (input) => answers.ask(input),
    'generation.again': (input) => answers.again(input),
    'generation.stop': async ({ messageId }) => {
      answers.stop(messageId);
      return ok(undefined);
    },
  };
}

function deviceHandlers({ devices, engine }: Rooms): Some<'devices'> {
  /** What is loaded was loaded otherwise: the next question loads it anew. */
  const anew = async (change: Promise<DevicesState>): Promise<Result<DevicesState>> => {
    const state = await change;
    void engine.unload();
    return ok(state);
  };
  return {
    'devices.get': async () => ok(devices.state()),
    'devices.choose': ({ device }) => anew(devices.choose(device)),
    'devices.setSaving': ({ on }) => anew(devices.setSaving(on)),
    'devices.understand': async (fallback) => ok(await devices.understand(fallback)),
    'devices.look': () => anew(devices.look()),
    'devices.setContext': ({ modelId, tokens }) => anew(devices.setContext(modelId, tokens)),
  };
}

function serverHandlers({ localServer }: Rooms): Some<'localServer'> {
  return {
    'localServer.get': async () => ok(localServer.state()),
    'localServer.set': async (wish) => ok(await localServer.set(wish)),
    'localServer.key': async () => ok({ key: await localServer.key() }),
    'localServer.renewKey': async () => ok({ key: await localServer.renewKey() }),
  };
}
