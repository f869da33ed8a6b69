/**
 * This folder turns official weights into an ONNX model: it reads safetensors, plans a graph, quantizes and writes.
 * It never talks to the network and never runs a model. Inside, expected failures travel as ConversionError; the one
 * entry (convert.ts) turns them into a Problem.
 */
import type { ProblemCode } from '../../contract/problem.ts';

/** The conditions a conversion can end in. */
export type ConversionCode = Extract<
  ProblemCode,
  | 'unsupported-architecture'
  | 'damaged-file'
  | 'nothing-to-run'
  | 'disk-full'
  | 'disk-trouble'
  | 'not-enough-memory'
  | 'cancelled'
  | 'internal'
>;

/** An expected failure inside the converter. `message` is the cause in technical words; `file` is a bare file name. */
export class ConversionError extends Error {
  readonly code: ConversionCode;
  readonly file: string | undefined;

  constructor(code: ConversionCode, message: string, file?: string) {
    super(message);
    this.name = 'ConversionError';
    this.code = code;
    this.file = file;
  }
}

/** Throws the cancellation that every waiting loop of this folder agrees on. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new ConversionError('cancelled', 'the conversion was cancelled');
}
