/**
 * What of a repository is worth fetching: the official safetensors weights where Latchkey can convert them, because its own
 * graphs are the ones it knows; else the ONNX files of one dtype that the authors made.
 */
import type { Dtype, ModelCard, ModelFile } from '../../contract/model.ts';
import type { Problem } from '../../contract/problem.ts';
import { failed, ok, type Result } from '../../contract/result.ts';
import { estimateConversion } from '../convert/estimate.ts';
import { explainArchitecture, readArchitecture } from '../convert/readArchitecture.ts';
import { chooseFiles, chooseReadyFiles } from '../download/chooseFiles.ts';
import { nothingToRun } from '../download/explain.ts';
import type { Edition } from '../download/plan.ts';
import { bringsOnnx, explainContents } from '../hub/modelInfo.ts';
import { graphPath } from '../inference/modelFolder.ts';

/** Nearest first where the wanted dtype is not there: what runs well on the same device, then the smaller. */
const instead: Readonly<Record<Dtype, readonly Dtype[]>> = {
  q4: ['q8', 'q4f16', 'fp32', 'fp16'],
  q4f16: ['fp16', 'q4', 'q8', 'fp32'],
  q8: ['fp32', 'q4', 'fp16', 'q4f16'],
  fp16: ['q4f16', 'fp32', 'q8', 'q4'],
  fp32: ['fp16', 'q8', 'q4', 'q4f16'],
};

/** Bytes per weight of a whole file, embeddings in higher precision included; for estimates. */
const bytesPerWeight: Readonly<Record<Dtype, number>> = { fp32: 4, fp16: 2, q8: 1.1, q4: 0.8, q4f16: 0.7 };

type Json = Readonly<Record<string, unknown>>;
const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The problem that the Hub's public words about a repository already show; nobody is sent to its licence page then. */
export function explainCard(card: ModelCard): Problem | undefined {
  const nothing = explainContents(card);
  if (nothing || card.architecture === undefined || bringsOnnx(card)) return nothing;
  return explainArchitecture(card.architecture);
}

/**
 * Chooses from the whole list of a commit. `configText` is its config.json. Problems: those of chooseFiles, and
 * 'unsupported-architecture' or 'damaged-file' from config.json where nothing ready can take the place of a conversion.
 */
export function chooseEdition(listed: readonly ModelFile[], configText: string, dtype: Dtype): Result<Edition> {
  const official = chooseFiles(listed);
  if (!official.ok && official.problem.code !== 'nothing-to-run') return official;
  const converted = official.ok ? toConvert(official.value, configText, dtype) : official;
  return converted.ok ? converted : (chooseReady(listed, configText, dtype) ?? converted);
}

function toConvert(files: readonly ModelFile[], configText: string, dtype: Dtype): Result<Edition> {
  const architecture = readArchitecture(configText);
  if (!architecture.ok) return architecture;
  const { outputBytes, parameters } = estimateConversion(architecture.value, dtype);
  return ok({ files, dtype, convertedBytes: outputBytes, parameters, architecture: architecture.value.name });
}

function chooseReady(listed: readonly ModelFile[], configText: string, wanted: Dtype): Result<Edition> | undefined {
  const config = parsed(configText);
  if (!config) return undefined;
  let incomplete: Result<Edition> | undefined;
  for (const dtype of [wanted, ...instead[wanted]]) {
    const graph = graphPath(dtype);
    if (!listed.some(({ path }) => path === graph)) continue;
    const chosen = chooseReadyFiles(listed, { graph, dataFiles: dataFilesOf(config, graph) });
    if (!chosen.ok) {
      incomplete ??= chosen;
      continue;
    }
    if (!writesText(config)) return failed(nothingToRun('the ONNX files are not of a model that writes text'));
    const convertedBytes = chosen.value.reduce((sum, { bytes }) => sum + bytes, 0);
    const weights = chosen.value
      .filter(({ path }) => path.startsWith(graph))
      .reduce((sum, { bytes }) => sum + bytes, 0);
    const parameters = Math.max(1, Math.round(weights / bytesPerWeight[dtype]));
    return ok({ files: chosen.value, dtype, ready: true, convertedBytes, parameters, architecture: classOf(config) });
  }
  return incomplete;
}

function parsed(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJson(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function classOf(config: Json): string {
  const list: unknown = config['architectures'];
  const first: unknown = Array.isArray(list) ? list[0] : undefined;
  const name = typeof first === 'string' ? first : config['model_type'];
  return typeof name === 'string' ? name.slice(0, 80) : 'ONNX';
}

/** Conversions for transformers.js often leave `architectures` out: then the graph itself has to tell, when it is loaded. */
const writesText = (config: Json): boolean =>
  !Array.isArray(config['architectures']) || /CausalLM|LMHeadModel/.test(classOf(config));

/** What `transformers.js_config` says of the weights beside a graph: true, a number of files, or either per file name. */
function dataFilesOf(config: Json, graph: string): number | undefined {
  const own = config['transformers.js_config'];
  const format = isJson(own) ? own['use_external_data_format'] : undefined;
  const said = isJson(format) ? (format[graph.slice(graph.lastIndexOf('/') + 1)] ?? format['model']) : format;
  if (said === true) return 1;
  return typeof said === 'number' && Number.isInteger(said) && said >= 0 && said <= 100 ? said : undefined;
}
