/**
 * Where all of Latchkey's data are. Usually in the platform's own place; after a move that place holds one small record
 * which names the new folder, and a marker there tells its disk from an empty mount point. One write of the record is
 * the move: before it the old folder counts, after it the new one.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { publish, removeTree, replaceFile, syncFolder } from '../durable/files.ts';
import { markerName } from '../storage/modelsHome.ts';

/** Name of the folder that a move makes in the folder the person chose. */
export const dataName = 'Latchkey data';
const recordName = 'moved.json';
const setAsideName = 'moved-before.json';

/** Names at the top of a data folder that say where it is, and are not part of what it holds. */
export const aboutPlace: readonly string[] = [recordName, setAsideName, markerName];

/** How the last move ended, until a page was told. */
export type MoveNews =
  | { readonly kind: 'moved'; readonly to: string; readonly bytes: number; readonly at: number; readonly left: boolean }
  | { readonly kind: 'failed'; readonly to: string; readonly why: MoveFailure; readonly cause: string };

export const moveFailures = ['away', 'full', 'trouble'] as const;
/** The disk is not connected; it has too little room; anything else. */
export type MoveFailure = (typeof moveFailures)[number];

export interface DataPlace {
  /** Null = the usual place. */
  readonly folder: string | null;
  /** What the marker in `folder` says. */
  readonly token: string | null;
  /** A move under way; nothing at `to` counts yet. First the models go, with everything open; the rest at a restart. */
  readonly moving: { readonly to: string; readonly token: string; readonly stage: 'models' | 'rest' } | null;
  /** The folder before, whose files are copied and may go. */
  readonly leaving: string | null;
  readonly news: MoveNews | null;
}

export const usualPlace: DataPlace = { folder: null, token: null, moving: null, leaving: null, news: null };

/** The record cannot be understood. Beginning anew beside somebody's chats would hide them, so nobody may go on. */
export class RecordDamaged extends Error {
  override readonly name = 'RecordDamaged';
  constructor(path: string) {
    super(
      `${path} says where Latchkey keeps its data, and cannot be read. Start Latchkey with --data and that folder, or remove the file to begin anew.`,
    );
  }
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isTextOrNull = (value: unknown): value is string | null => value === null || isText(value);

function isNews(value: unknown): value is MoveNews {
  if (typeof value !== 'object' || value === null) return false;
  const news = value as Partial<Record<'kind' | 'to' | 'bytes' | 'at' | 'left' | 'why' | 'cause', unknown>>;
  if (news.kind === 'failed')
    return isText(news.to) && isText(news.cause) && moveFailures.some((why) => why === news.why);
  const numbers = typeof news.bytes === 'number' && typeof news.at === 'number';
  return news.kind === 'moved' && isText(news.to) && numbers && typeof news.left === 'boolean';
}

function isDataPlace(value: unknown): value is DataPlace {
  if (typeof value !== 'object' || value === null) return false;
  const { folder, token, moving, leaving, news } = value as Partial<DataPlace>;
  const stage: unknown = moving?.stage;
  return (
    isTextOrNull(folder) &&
    isTextOrNull(token) &&
    isTextOrNull(leaving) &&
    (moving === null || (isText(moving?.to) && isText(moving.token) && (stage === 'models' || stage === 'rest'))) &&
    (news === null || isNews(news))
  );
}

/** The text of a small file, undefined when it is not there. Throws when it is there and cannot be read. */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Reads the record of the usual place, at once: Electron wants to know before it is ready. Throws RecordDamaged. */
export function readPlace(usual: string): DataPlace {
  const path = join(usual, recordName);
  try {
    const text = textOf(path);
    if (text === undefined) return usualPlace;
    const { value } = JSON.parse(text) as { value?: unknown };
    if (isDataPlace(value)) return value;
  } catch {
    // said below
  }
  throw new RecordDamaged(path);
}

/** Returns when the record is on disk. A record that says nothing is no record. */
export async function savePlace(usual: string, place: DataPlace): Promise<void> {
  const path = join(usual, recordName);
  const empty = Object.values(place).every((value) => value === null);
  if (empty) {
    await removeTree(path);
    await syncFolder(usual);
  } else await replaceFile(path, `${JSON.stringify({ version: 1, value: place }, undefined, 2)}\n`);
}

/** Whether a folder of ours is really there, and not the mount point of a disk that is gone. */
export function bears(folder: string, token: string | null): boolean {
  try {
    const marker = JSON.parse(readFileSync(join(folder, markerName), 'utf8')) as { token?: unknown };
    return token !== null && marker.token === token;
  } catch {
    return false;
  }
}

/** Forgets the folder that is away; the record stays beside, under another name, for whoever wants it back. */
export async function beginEmpty(usual: string): Promise<void> {
  await publish(join(usual, recordName), join(usual, setAsideName));
}
