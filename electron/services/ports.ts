/**
 * What a host lends to the services: the only doors through which product code reaches the system it runs on. A test or
 * another host builds its own set; nothing in services asks which one it got.
 */
import type { Wish } from '../contract/ipc.ts';
import type { DataFixedBy } from '../contract/storage.ts';
import type { UpdateChannel, UpdateObstacle, UpdateOffer } from '../contract/update.ts';

/** One HTTP exchange; redirects are never followed here, so that the caller decides where a token may go. */
export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface HttpAnswer {
  readonly status: number;
  /** Lower-case names; repeated headers joined with ", ". */
  readonly headers: Readonly<Record<string, string>>;
  /** The body in order, not decompressed; each chunk is the reader's own. Leaving the loop early closes the connection. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Gives the connection up without reading the rest. Safe to call twice. */
  close(): void;
}

/** Rejects with the system's own error (code ENOTFOUND, ECONNREFUSED, CERT_..., ETIMEDOUT) or AbortError. */
export type HttpPort = (request: HttpRequest, options: { readonly signal?: AbortSignal }) => Promise<HttpAnswer>;

/** Tells whenever the way to the network changed; returns its own undo. */
export type NetworkWatch = (onChange: () => void) => () => void;

/** What the host can say about the way to a server. Neither ever rejects. */
export interface WayPort {
  /** "http://proxy:3128 (HTTPS_PROXY)", without name and password; undefined = the straight way. */
  readonly proxyFor: (url: string) => Promise<string | undefined>;
  /** Who signed the certificate that a server shows, trusted or not; undefined when nobody can see it. */
  readonly issuerOf: (url: string) => Promise<string | undefined>;
}

/** The OS keychain's four answers. `locked` never means `empty`. */
export type VaultAnswer =
  | { readonly kind: 'value'; readonly secret: string }
  | { readonly kind: 'empty' }
  | { readonly kind: 'locked'; readonly reason: string }
  | { readonly kind: 'absent'; readonly reason: string };

/** One secret, one fixed service and account name. Calls are queued by the adapter and never hang for ever. */
export interface VaultPort {
  read(): Promise<VaultAnswer>;
  /** Writes, then reads back; `value` means the keychain really holds it now. */
  write(secret: string): Promise<VaultAnswer>;
  remove(): Promise<VaultAnswer>;
}

/** How a process ended: with this code, or by this signal and without one. */
export interface WorkerExit {
  readonly code: number | null;
  readonly signal?: string;
}

/** A process that does one kind of heavy work. */
export interface WorkerProcess {
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  onExit(listener: (exit: WorkerExit) => void): void;
  /** Ends it at once, also one that hangs: it gets no chance to tidy up. */
  kill(): void;
}

/** What other programs on this computer would find. Looked at when the person asks for it, never changed. */
export interface Computer {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly platform: string; // as process.platform
  /** The text of a file; undefined when it is missing or cannot be read. */
  readonly readText: (path: string) => Promise<string | undefined>;
  /**
   * Asks the person's login shell for these variables: a window program does not inherit what a shell sets. Absent where
   * the app itself was started in a terminal; undefined when the shell did not answer in time.
   */
  readonly askShell?: (
    names: readonly string[],
  ) => Promise<{ readonly shell: string; readonly values: Readonly<Record<string, string>> } | undefined>;
  /** What git's credential helpers hold for a Hub, without asking the person anything; undefined = nothing. */
  readonly askGit?: (hub: URL) => Promise<{ readonly username: string; readonly password: string } | undefined>;
}

export type WorkerName = 'infer' | 'convert';

/** An update whose signature or bytes are not those of the makers. */
export class NotGenuine extends Error {
  override readonly name = 'NotGenuine';
}

/** Fetches a newer version of the app itself and puts it in place. */
export interface UpdaterPort {
  /** Why this installation cannot do it; then nothing else is called. */
  readonly obstacle?: UpdateObstacle | undefined;
  /** Undefined: nothing newer. Rejects with NotGenuine, or with whatever the network did. */
  check(channel: UpdateChannel): Promise<UpdateOffer | undefined>;
  /** Fetches what the last check offered. Returns when its bytes are proved. */
  download(onProgress: (doneBytes: number) => void): Promise<void>;
  /** Ends this process and starts the new version. Returns before that. */
  install(): void;
}

/** A wish as a host knows it: of what was brought, only the path. */
export type OutsideWish = Exclude<Wish, { readonly kind: 'bring' }> | { readonly kind: 'bring'; readonly path: string };

/** The person's accent colour in the system's settings, #rrggbb. */
export interface AccentPort {
  now(): string | undefined;
  /** Returns its own undo. */
  onChange(listener: () => void): () => void;
}

/** Where all data are, practice included, and how they get elsewhere. */
export type DataHomePort =
  | { readonly folder: string; readonly fixedBy: DataFixedBy }
  | {
      readonly folder: string;
      /** The platform's own place, where the record of a move stands. */
      readonly usual: string;
      /** Ends the services, finishes the move that the record describes, and opens them again. Returns before that. */
      readonly restart: () => void;
    };

export interface LogEntry {
  readonly area: string;
  readonly event: string;
  readonly [field: string]: string | number | boolean | undefined;
}

export interface Ports {
  readonly host: 'desktop' | 'web';
  readonly version: string;
  readonly practice: boolean;
  readonly hubEndpoint: string; // no trailing slash
  readonly paths: {
    /** Chats, journeys, logs: small state of the app. */
    readonly data: string;
    /** The usual place of converted models, one folder each; they may have been moved elsewhere. */
    readonly models: string;
    /** The Hugging Face cache ("hub" folder) shared with Python. */
    readonly hubCache: string;
  };
  /** Absent: nothing is known of a folder around the data. */
  readonly dataHome?: DataHomePort;
  /** What the person's environment asks of every tool that speaks with the Hub. */
  readonly environment: {
    /** Name of the variable that forbids the network. */
    readonly offlineBy?: string | undefined;
    /** false: no symbolic links in the cache. */
    readonly links?: false | undefined;
  };
  /** Where tokens of other programs are looked for; absent in practice mode. */
  readonly computer?: Computer | undefined;
  readonly http: HttpPort;
  readonly way: WayPort;
  /** Absent: nobody tells, and silence has to be waited out. */
  readonly watchNetwork?: NetworkWatch;
  readonly vault: VaultPort;
  readonly startWorker: (name: WorkerName) => WorkerProcess;
  /** The id under which this app is registered with the Hub; absent = nobody signs in through the browser. */
  readonly clientId?: string | undefined;
  /** The text on the clipboard; absent = the host may not look. */
  readonly readClipboard?: () => Promise<string>;
  /** Opens an https page (or a page of the practice Hub) in the person's browser; false = the host has none. */
  readonly openPage: (url: string) => Promise<boolean>;
  /** Asks the person for a folder with the system's dialog; undefined = they changed their mind. */
  readonly chooseFolder?: () => Promise<string | undefined>;
  /** Shows a folder in the system's file manager; absent = the host has none. */
  readonly showFolder?: (folder: string) => Promise<void>;
  /** Hands out what a person asked for outside the page, oldest first. */
  readonly takeWish?: () => OutsideWish | undefined;
  /** Keeps the app in the system's tray when its window is closed, or no longer; absent = the host has no tray. */
  readonly stayInTray?: (on: boolean) => void;
  readonly accent?: AccentPort;
  readonly notify?: (note: { readonly title: string; readonly text: string }) => void;
  /** Absent: this host is not something that updates itself. */
  readonly updater?: UpdaterPort;
  readonly switchPractice: (on: boolean) => Promise<void>;
  /** Seconds between two looks: at an unanswered access request (at first, later), and while the network is away. */
  readonly pace: { readonly firstSeconds: number; readonly laterSeconds: number; readonly retrySeconds: number };
  readonly now: () => number;
  readonly log: (entry: LogEntry) => void;
}
