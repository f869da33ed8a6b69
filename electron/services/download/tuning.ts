/** The numbers of a download in one place. Tests make them small; the product uses them as they are. */
export interface Tuning {
  /** Unit of bookkeeping: each block has its own CRC in the journal. */
  readonly blockBytes: number;
  /** Blocks asked for in one request at most. */
  readonly blocksPerRequest: number;
  readonly startConnections: number;
  readonly maxConnections: number;
  /** How long one measurement of the total speed takes, ms. */
  readonly sampleMs: number;
  /** Bytes collected per connection before they are written. */
  readonly writeBytes: number;
  /** Written bytes that the journal does not mention yet, at which it is told: with the collected ones, what a kill costs. */
  readonly noteBytes: number;
  /** Unsynced bytes that start a sync, and those at which connections wait for it: what a power cut can cost. */
  readonly syncBytes: number;
  readonly tailBytes: number;
  readonly syncMs: number;
  /** A connection that brings fewer than `stallBytes` in `stallMs` of waiting is given up. */
  readonly stallMs: number;
  readonly stallBytes: number;
  /** Failures in a row without progress before a download gives up, and the first wait between them. */
  readonly tries: number;
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** New bytes that count as progress. */
  readonly progressBytes: number;
  /** Longest wait that a server may ask for before the person is told instead. */
  readonly maxWaitMs: number;
  /** How far fetching may be ahead of proving: what is read back should still be in memory. */
  readonly aheadBytes: number;
  /** Files from this size on are proved on a thread of their own. */
  readonly threadFromBytes: number;
  /** Time between two progress reports. */
  readonly reportMs: number;
}

const KiB = 1024;
const MiB = 1024 * KiB;

export const defaultTuning: Tuning = {
  blockBytes: 8 * MiB,
  blocksPerRequest: 4,
  startConnections: 4,
  maxConnections: 16,
  sampleMs: 1500,
  // 16 connections x 256 KiB collected or on their way to a note + 1 MiB without a note in each of three files or so =
  // 7 MiB that a kill can cost.
  writeBytes: 256 * KiB,
  noteBytes: MiB,
  syncBytes: 8 * MiB,
  tailBytes: 256 * MiB,
  syncMs: 1000,
  stallMs: 20_000,
  stallBytes: 20 * KiB,
  tries: 5,
  backoffMs: 500,
  maxBackoffMs: 15_000,
  progressBytes: 64 * KiB,
  maxWaitMs: 5 * 60_000,
  aheadBytes: 128 * MiB,
  threadFromBytes: 4 * MiB,
  reportMs: 100,
};
