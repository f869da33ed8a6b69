import { flag, matching, nothing, optional, record, text } from './check.ts';
import type { KeptText } from './licence.ts';
import type { Commit, Dtype, InstalledModel, RepoId } from './model.ts';
import type { Problem } from './problem.ts';
import { id, request } from './request.ts';
import type { Progress } from './setup.ts';

/** The official files of one repository in the Hugging Face cache. Bytes on disk, each blob counted once. */
export interface CachedRepo {
  readonly repo: RepoId;
  readonly bytes: number;
  /** The part of it that Latchkey downloaded; the rest was put there by other programs. */
  readonly ownBytes: number;
  /** Unfinished downloads of Latchkey. */
  readonly partialBytes: number;
  /** A download or a preparation of Latchkey works with it right now, in this or another process. */
  readonly inUse: boolean;
}

/** What is on disk. Bytes, each blob counted once. */
export interface StorageState {
  readonly modelsFolder: string;
  /** False: the disk that the models were moved to is not connected. Nothing is written anywhere else then. */
  readonly modelsReachable: boolean;
  readonly cacheFolder: string;
  readonly modelsBytes: number;
  readonly cacheBytes: number;
  readonly partialBytes: number;
  readonly freeBytes: number;
  readonly cached: readonly CachedRepo[];
  /** Ours and needed by nobody: what stopped downloads, preparations and moves left behind. */
  readonly leftoverBytes: number;
  readonly work?: StorageWork;
  /** Absent where the host keeps it to itself. */
  readonly data?: DataState;
}

/** Who said where the data folder is, so that no move from within can change it. */
export type DataFixedBy = 'flag' | 'variable' | 'portable' | 'practice';

/** The folder with everything that is the person's. */
export interface DataState {
  readonly folder: string;
  readonly bytes: number; // beside the models
  /** Absent: it can be moved. */
  readonly fixedBy?: DataFixedBy;
}

/** What a move of everything would do, for the person to look at first. */
export interface DataMove {
  readonly to: string; // the folder that will be made
  readonly modelsBytes: number; // of those that move
  readonly restBytes: number; // chats, settings, logs, kept caches
  readonly freeBytes: number; // there
  /** The models are on a disk of their own already, and stay there. */
  readonly modelsStay?: string;
}

/** A model as it stands in a folder that somebody brought: what its manifest says, checked for shape, not yet for bytes. */
export interface CarriedModel {
  readonly repo: RepoId;
  readonly commit: Commit;
  readonly origin?: 'folder'; // as of the installed model
  readonly dtype: Dtype;
  readonly bytes: number;
  readonly files: number;
  readonly converter: string;
  readonly licence: string;
  readonly licenceAccount?: string;
  /** First lines of each text that binds the person, by file name; their bytes were proved. */
  readonly licenceTexts: readonly KeptText[];
  /** One number over all names, sizes and hashes: the same on the other computer, or it is not the same model. */
  readonly fingerprint: string;
}

/** Official files as their authors publish them, in a folder that somebody brought. Read from the disk; nobody was asked. */
export interface PublishedModel {
  readonly name: string; // of the folder, as far as a model can be called so
  readonly folder: string; // where the files are
  readonly architecture: string; // the class in config.json
  readonly parameters: number;
  readonly instruct: boolean;
  readonly dtype: Dtype; // what it will be here
  /** The ONNX files in it are taken as they are; absent = the weights are converted. */
  readonly ready?: true;
  readonly files: number;
  readonly bytes: number; // of these files
  readonly convertedBytes: number; // what will be written to the models folder, nearly
  readonly freeBytes: number; // there
  /** What its README calls the licence; '' where it says nothing. */
  readonly licence: string;
  readonly licenceTexts: readonly KeptText[];
  /** Over names, sizes and times: what the person was shown is what is taken in. */
  readonly fingerprint: string;
}

/** What was found in a folder that somebody brought. */
export type BroughtModel =
  | { readonly kind: 'exported'; readonly model: CarriedModel }
  | { readonly kind: 'published'; readonly model: PublishedModel };

export type StorageTask = 'verify' | 'export' | 'import' | 'take-in' | 'move' | 'move-all';

/** The one long job that storage does at a time, from its start until the next one. */
export interface StorageWork {
  readonly task: StorageTask;
  /** The model concerned; absent for moves and imports. */
  readonly modelId?: string;
  readonly folder?: string;
  readonly state:
    | { readonly kind: 'working'; readonly progress: Progress; readonly note?: string }
    | {
        readonly kind: 'done';
        readonly bytes: number;
        readonly at: number;
        readonly fingerprint?: string;
        readonly model?: InstalledModel;
        /** After a move of everything: the old folder still holds something. */
        readonly left?: true;
      }
    | { readonly kind: 'stopped' }
    | { readonly kind: 'failed'; readonly problem: Problem };
}

/** A folder that the person chose; the page knows it by its id and never makes one up. */
export interface ChosenFolder {
  readonly id: string;
  readonly path: string;
  readonly freeBytes: number;
}

/** As in the cache, where old repositories have no owner. */
const cachedRepo = matching(/^[A-Za-z0-9_][\w.-]{0,95}(?:\/[A-Za-z0-9_][\w.-]{0,95})?$/);

/** The requests about files and folders; part of the table in ipc.ts. */
export const storageRequests = {
  /** Asks the person for a folder (null when they change their mind); hosts without a dialog take the typed path. */
  'folder.choose': request<{ readonly typed?: string | undefined }, ChosenFolder | null>(
    record({ typed: optional(text(4096)) }),
  ),

  'storage.get': request<undefined, StorageState>(nothing),
  /** Official files that Latchkey downloaded; with `everything` also what other programs put there. */
  'storage.removeRepo': request<{ readonly repo: string; readonly everything: boolean }, StorageState>(
    record({ repo: cachedRepo, everything: flag }),
  ),
  'storage.free': request<undefined, StorageState>(nothing),
  /** These start the one long job; how it goes comes as `storage.worked`. */
  'storage.verify': request<{ readonly id: string }, StorageWork>(record({ id })),
  'storage.export': request<{ readonly id: string; readonly folder: string }, StorageWork>(record({ id, folder: id })),
  'storage.inspect': request<{ readonly folder: string }, BroughtModel>(record({ folder: id })),
  'storage.import': request<{ readonly folder: string; readonly fingerprint: string }, StorageWork>(
    record({ folder: id, fingerprint: text(64) }),
  ),
  'storage.move': request<{ readonly folder: string }, StorageWork>(record({ folder: id })),
  /** What a move of all data into a folder would do. Makes nothing. */
  'storage.planMoveAll': request<{ readonly folder: string }, DataMove>(record({ folder: id })),
  /** Moves the models with everything open; then the services restart, and the rest follows in between. */
  'storage.moveAll': request<{ readonly folder: string }, StorageWork>(record({ folder: id })),
  'storage.stop': request<undefined, undefined>(nothing),

  /** While the data folder is away, these two and nothing else are answered: looks for its disk again. */
  'data.lookAgain': request<undefined, undefined>(nothing),
  /** Goes on with an empty folder in the usual place; what is away stays as it is. */
  'data.beginEmpty': request<undefined, undefined>(nothing),
} as const;
