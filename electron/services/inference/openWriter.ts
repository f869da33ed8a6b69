import type { Loaded } from '../../contract/chat.ts';
import type { Device } from '../../contract/model.ts';
import { failed, ok, type Result } from '../../contract/result.ts';
import type { Announce, GenerateOutput, LoadInput } from '../work/protocol.ts';
import { announceRuns } from './announced.ts';
import { createDecoder, type Decoder } from './decoder.ts';
import { readCores } from './cores.ts';
import { type OpenedSession, openOnCpu, openOnDevice, type SessionWish } from './device.ts';
import { createFallingDecoder } from './fallingDecoder.ts';
import { fingerprintOf, type KeptCaches, openKeptCaches } from './keptCaches.ts';
import { graphUnsupported } from './explain.ts';
import { bytesPerToken, drivable, genericNeeds, promptLimit } from './layout.ts';
import { createLoopWriter } from './loopWriter.ts';
import { type Fitting, fitContext, memoryFree } from './memory.ts';
import type { ModelFolder } from './modelFolder.ts';
import { readSignature } from './onnxReader.ts';
import { positionLimit } from './positionLimit.ts';
import { threadsFor } from './threads.ts';
import type { Tokenizer } from './tokenizer.ts';
import { openTransformersModel } from './transformersModel.ts';
import { createTransformersWriter } from './transformersWriter.ts';
import type { Writer } from './writer.ts';

/** A gigabyte holds 16,000 tokens of a 1B model; a disk with little room left belongs to the person. */
const keptBounds = { mostBytes: 2 ** 30, leastFree: 4 * 2 ** 30 };

interface Opening {
  readonly files: ModelFolder;
  readonly tokenizer: Tokenizer;
  readonly announce: Announce;
}

/** A slow disk reads 20 MB in a second; a minute more for what else may stand in the way. */
async function loading<T>({ announce, files }: Opening, work: () => Promise<T>): Promise<T> {
  announce('load', 60 + files.bytes / 20e6);
  try {
    return await work();
  } finally {
    announce('load', 0);
  }
}

/**
 * Opens the graph of a model folder with whatever can drive it, after looking whether it fits into the memory. What the
 * graph asks for is read from its file, so nothing is loaded only to find out that it cannot be used.
 *
 * @throws ONNX Runtime's error, the library's, or ModelFolderError.
 */
export async function openWriter(
  input: LoadInput,
  opening: Opening,
): Promise<Result<{ readonly loaded: Loaded; readonly writer: Writer }>> {
  const { files } = opening;
  const signature = readSignature(files.cpuGraph);
  const layout = drivable(signature);
  const generic = layout ? undefined : genericNeeds(signature);
  if (!layout && !generic) return failed(graphUnsupported('The graph takes no KV cache: it would forget every token'));
  const limit = Math.min(files.maxPositions, positionLimit(files.graph), generic ? promptLimit(generic) : Infinity);
  const fitting = fitContext({
    weightBytes: files.bytes,
    bytesPerToken: layout ? bytesPerToken(layout) : generic ? generic.cache + generic.logits : 0,
    limit,
    wish: input.contextLength,
    free: memoryFree(),
    named: input.named,
    atOwnRisk: input.atOwnRisk,
  });
  if (!fitting.ok) return fitting;
  const fit = { ...fitting.value, contextLimit: limit };
  const endIds = new Set([
    ...files.endIds,
    ...(opening.tokenizer.endId === undefined ? [] : [opening.tokenizer.endId]),
  ]);
  return ok(await (layout ? openLoop(input, opening, fit, endIds) : openGeneric(input, opening, fit, endIds)));
}

type Fit = Fitting & { readonly contextLimit: number };
interface Opened {
  readonly loaded: Loaded;
  readonly writer: Writer;
}

async function openGeneric(input: LoadInput, opening: Opening, fit: Fit, endIds: ReadonlySet<number>): Promise<Opened> {
  const { tokenizer, announce } = opening;
  const threads = threadsFor(input, await readCores());
  const how = { dtype: input.dtype, threads, announce };
  const model = await loading(opening, () => openTransformersModel(input.folder, how));
  const { contextLength } = fit;
  return {
    loaded: { device: 'cpu', threads: threads.count, generic: true, ...fit },
    writer: createTransformersWriter({ model, tokenizer, endIds, contextLength }),
  };
}

async function openLoop(input: LoadInput, opening: Opening, fit: Fit, endIds: ReadonlySet<number>): Promise<Opened> {
  const { files, tokenizer, announce } = opening;
  const device = input.device === 'auto' ? 'cpu' : input.device;
  const wish: SessionWish = { ...input, device };
  const decoderOf = ({ session }: OpenedSession): Decoder =>
    createDecoder(announceRuns(session, announce), fit.contextLength);
  const opened = await loading(opening, () => openOnDevice(files, wish));
  let now: Device = opened.device;
  let lost: GenerateOutput['lost'];
  const second = async (): Promise<Decoder> => decoderOf(await loading(opening, () => openOnCpu(files, wish)));
  const decoder =
    opened.device === 'cpu'
      ? decoderOf(opened)
      : createFallingDecoder(decoderOf(opened), second, (cause) => {
          lost = { device: opened.device, cause };
          now = 'cpu';
        });
  const { fallback, threads } = opened;
  return {
    loaded: {
      device: opened.device,
      threads,
      ...fit,
      ...(fallback !== undefined && { fallback: { device, cause: fallback } }),
    },
    writer: createLoopWriter({
      decoder,
      tokenizer,
      endIds,
      kept: opened.device === 'cpu' ? await keptFor(input, files, decoder.bytesPerToken) : undefined,
      device: () => now,
      takeLoss() {
        const taken = lost;
        lost = undefined;
        return taken;
      },
    }),
  };
}

/** Where the caches of this model's chats are kept; only those of the CPU are. */
async function keptFor(
  { kept }: LoadInput,
  { cpuGraph, weights }: ModelFolder,
  perToken: number,
): Promise<KeptCaches | undefined> {
  if (!kept) return undefined;
  const fingerprint = await fingerprintOf(cpuGraph, weights, perToken);
  return openKeptCaches({ ...kept, ...keptBounds, kept: { bytesPerToken: perToken, fingerprint } });
}
