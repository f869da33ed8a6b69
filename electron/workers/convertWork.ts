import { ok, type Result } from '../contract/result.ts';
import type { ConvertWork } from '../services/work/protocol.ts';
import { convertModel } from '../services/convert/convert.ts';
import { inspectSource } from '../services/convert/inspect.ts';
import { writeReference } from '../services/convert/reference.ts';

type Handlers = {
  readonly [N in keyof ConvertWork]: (
    input: ConvertWork[N]['input'],
    options: { readonly signal: AbortSignal; readonly emit: (event: ConvertWork[N]['event']) => void },
  ) => Promise<Result<ConvertWork[N]['output']>>;
};

/** The work of the conversion process, apart from its entry so that it can be run elsewhere too. */
export const convertWork: Handlers = {
  async convert({ source, output, dtype }, { signal, emit }) {
    const report = await convertModel({ source, output, dtype, signal, onProgress: emit });
    if (!report.ok) return report;
    const { bytes, files, architecture, contextLength, instruct } = report.value;
    return ok({ bytes, files, architecture, contextLength, instruct });
  },
  inspect: ({ source, dtype }) => inspectSource(source, dtype),
  reference: (input, { signal, emit }) =>
    writeReference({
      ...input,
      signal,
      onProgress: ({ doneWeights, totalWeights }) => emit({ done: doneWeights, total: totalWeights }),
    }),
};
