/**
 * Where the converted models live. Usually in the data folder; after a move on another disk, which may be missing one
 * day: a marker there tells that disk from an empty folder of the same name, so that nothing is ever written beside it.
 */
import { createHash, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { makeFolder, removeTree, replaceFile } from '../durable/files.ts';
import type { StateFile } from '../durable/stateFile.ts';

/** Name of the folder that a move makes in the folder the person chose. */
export const homeName = 'Latchkey models';
/** The file in a folder of ours on a disk that may be missing one day. */
export const markerName = '.latchkey-home.json';

/** What is remembered. A move is one write of this record: before it the old folder counts, after it the new one. */
export interface ModelsPlace {
  /** Null = the usual folder. */
  readonly folder: string | null;
  /** What the marker in `folder` says. */
  readonly token: string | null;
  /** A move under way: models are being copied to `to`, nothing of it counts yet. */
  readonly moving: { readonly to: string; readonly token: string } | null;
  /** The folder before, whose models are copied and may go. */
  readonly leaving: string | null;
}

const usual: ModelsPlace = { folder: null, token: null, moving: null, leaving: null };

const isText = (value: unknown): value is string | null => value === null || typeof value === 'string';

export function isModelsPlace(value: unknown): value is ModelsPlace {
  if (typeof value !== 'object' || value === null) return false;
  const { folder, token, moving, leaving } = value as Partial<ModelsPlace>;
  return (
    isText(folder) &&
    isText(token) &&
    isText(leaving) &&
    (moving === null ||
      (typeof moving === 'object' && typeof moving.to === 'string' && typeof moving.token === 'string'))
  );
}

export interface ModelsHome {
  readonly place: ModelsPlace;
  folder(): string;
  /** Whether the folder that counts is really there. */
  isReachable(): Promise<boolean>;
  save(place: ModelsPlace): Promise<void>;
}

interface Marker {
  readonly token: string;
  /** Which data folder it belongs to, without saying its name. */
  readonly owner: string;
}

async function readMarker(folder: string): Promise<Marker | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(join(folder, markerName), 'utf8'));
    const { token, owner } = value as Partial<Marker>;
    return typeof token === 'string' && typeof owner === 'string' ? { token, owner } : undefined;
  } catch {
    return undefined;
  }
}

const ownerOf = (data: string): string => createHash('sha256').update(resolve(data)).digest('hex');

/** Makes `folder` ours, or finds that it is: answers the token of its marker; undefined when it is another Latchkey's. */
export async function claim(folder: string, data: string): Promise<string | undefined> {
  const owner = ownerOf(data);
  const there = await readMarker(folder);
  if (there) return there.owner === owner ? there.token : undefined;
  const token = randomUUID();
  await makeFolder(folder);
  await replaceFile(join(folder, markerName), `${JSON.stringify({ token, owner })}\n`);
  return token;
}

/** What the marker in `folder` says; undefined when there is none, as on a disk that is not connected. */
export async function markerToken(folder: string): Promise<string | undefined> {
  return (await readMarker(folder))?.token;
}

/** Takes the marker away again. */
export async function disclaim(folder: string): Promise<void> {
  await removeTree(join(folder, markerName));
}

export const isMarker = (name: string): boolean => name === markerName;

/** Reads where the models are. Makes the usual folder, and no other. */
export async function openModelsHome(usualFolder: string, file: StateFile<ModelsPlace>): Promise<ModelsHome> {
  let place = (await file.read()) ?? usual;
  // Their data folder has followed them: it may be mounted under another name tomorrow, and they with it.
  if (place.folder === usualFolder && place.token !== null && place.token === (await markerToken(usualFolder))) {
    place = { ...place, folder: null, token: null };
    await file.write(place);
    await disclaim(usualFolder);
  }
  if (place.folder === null) await makeFolder(usualFolder);
  return {
    get place() {
      return place;
    },
    folder: () => place.folder ?? usualFolder,
    async isReachable() {
      if (place.folder === null) return true;
      const marker = await readMarker(place.folder);
      return marker !== undefined && marker.token === place.token;
    },
    async save(next) {
      await file.write(next);
      place = next;
    },
  };
}

/** Where the models of a data folder are and whether that place is there; changes nothing, for a look from outside. */
export async function findModelsHome(
  data: string,
  usualFolder: string,
): Promise<{ readonly folder: string; readonly reachable: boolean }> {
  const remembered = await readFile(join(data, 'models-place.json'), 'utf8')
    .then((text): unknown => (JSON.parse(text) as { value?: unknown }).value)
    .catch(() => undefined);
  if (!isModelsPlace(remembered) || remembered.folder === null) return { folder: usualFolder, reachable: true };
  const marker = await readMarker(remembered.folder);
  return { folder: remembered.folder, reachable: marker !== undefined && marker.token === remembered.token };
}
