/**
 * What a host lends to the services: the only doors through which product code reaches the system it runs on. A test or
 * another host builds its own set; nothing in services asks which one it got.
 */
import type { Wish } from '../contract/ipc.ts';

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
  /** The body in order, not decompressed. Leaving the loop early closes the connection. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Gives the connection up without reading the rest. Safe to call twice. */
  close(): void;
}

/** Rejects with the system's own error (code ENOTFOUND, ECONNREFUSED, CERT_..., ETIMEDOUT) or AbortError. */
export type HttpPort = (request: HttpRequest, options: { readonly signal?: AbortSignal }) => Promise<HttpAnswer>;

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

/** A process that does one kind of heavy work. */
export interface WorkerProcess {
  post(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** `code` is the exit code, null when a signal ended it. */
  onExit(listener: (exit: { readonly code: number | null; readonly signal?: string }) => void): void;
  /** Ends it at once, also one that hangs: it gets no chance to tidy up. */
  kill(): void;
}

export type WorkerName = 'infer' | 'convert';

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
  /** What the person's environment asks of every tool that speaks with the Hub. */
  readonly environment: {
    /** Name of the variable that forbids the network. */
    readonly offlineBy?: string | undefined;
    /** false: no symbolic links in the cache. */
    readonly links?: false | undefined;
  };
  readonly http: HttpPort;
  readonly vault: VaultPort;
  readonly startWorker: (name: WorkerName) => WorkerProcess;
  /** Opens an https page (or a page of the practice Hub) in the person's browser; false = the host has none. */
  readonly openPage: (url: string) => Promise<boolean>;
  /** Asks the person for a folder with the system's dialog; undefined = they changed their mind. */
  readonly chooseFolder?: () => Promise<string | undefined>;
  /** Shows a folder in the system's file manager; absent = the host has none. */
  readonly showFolder?: (folder: string) => Promise<void>;
  /** Hands out what a person asked for outside the page, oldest first. */
  readonly takeWish?: () => Wish | undefined;
  readonly notify?: (note: { readonly title: string; readonly text: string }) => void;
  readonly switchPractice: (on: boolean) => Promise<void>;
  /** Pause between two looks at a pending access request: gentle at first, then gentler. */
  readonly approvalPoll: { readonly firstSeconds: number; readonly laterSeconds: number };
  readonly now: () => number;
  readonly log: (entry: LogEntry) => void;
}
