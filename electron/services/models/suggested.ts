import type { SuggestedModel } from '../../contract/model.ts';

/**
 * Models worth trying first, smallest that chats well at the top. Sizes are those of the files that are fetched: weights
 * (2,471,645,608 bytes of Llama 1B, 6,425,529,048 of 3B, 723,674,912 and 3,422,777,952 of SmolLM2), tokenizer and texts.
 */
export const suggestedModels: readonly SuggestedModel[] = [
  {
    repo: 'meta-llama/Llama-3.2-1B-Instruct',
    title: 'Llama 3.2 1B Instruct',
    by: 'Meta',
    parameters: '1.2 B',
    downloadBytes: 2_481_000_000,
    gated: true,
    instruct: true,
    licence: 'Llama 3.2 Community License',
    note: 'Small, quick on any recent computer. Meta approves each account by hand.',
  },
  {
    repo: 'meta-llama/Llama-3.2-3B-Instruct',
    title: 'Llama 3.2 3B Instruct',
    by: 'Meta',
    parameters: '3.2 B',
    downloadBytes: 6_435_000_000,
    gated: true,
    instruct: true,
    licence: 'Llama 3.2 Community License',
    note: 'Better answers; wants 8 GB of memory.',
  },
  {
    repo: 'meta-llama/Llama-3.2-1B',
    title: 'Llama 3.2 1B (base)',
    by: 'Meta',
    parameters: '1.2 B',
    downloadBytes: 2_481_000_000,
    gated: true,
    instruct: false,
    licence: 'Llama 3.2 Community License',
    note: 'Continues text; for chat take the Instruct edition.',
  },
  {
    repo: 'HuggingFaceTB/SmolLM2-360M-Instruct',
    title: 'SmolLM2 360M Instruct',
    by: 'Hugging Face',
    parameters: '0.36 B',
    downloadBytes: 726_000_000,
    gated: false,
    instruct: true,
    licence: 'Apache 2.0',
    note: 'Open to everybody: something to chat with while another model waits for approval.',
  },
  {
    repo: 'HuggingFaceTB/SmolLM2-1.7B-Instruct',
    title: 'SmolLM2 1.7B Instruct',
    by: 'Hugging Face',
    parameters: '1.7 B',
    downloadBytes: 3_425_000_000,
    gated: false,
    instruct: true,
    licence: 'Apache 2.0',
    note: 'Open to everybody, and of the size of the small Llama models.',
  },
];

/** What the practice Hub offers: the same journey with a tiny model and no account. */
export const practiceModels: readonly SuggestedModel[] = [
  {
    repo: 'practice-labs/Keyhole-1-Instruct',
    title: 'Keyhole 1 Instruct',
    by: 'Practice Labs',
    parameters: '2.5 M',
    downloadBytes: 5_000_000,
    gated: true,
    instruct: true,
    licence: 'Practice Community Licence',
    note: 'Gated: the practice authors approve each request after a short wait.',
  },
  {
    repo: 'practice-labs/Keyhole-1',
    title: 'Keyhole 1 (base)',
    by: 'Practice Labs',
    parameters: '2.5 M',
    downloadBytes: 5_000_000,
    gated: true,
    instruct: false,
    licence: 'Practice Community Licence',
    note: 'Continues text. Its licence is accepted separately.',
  },
  {
    repo: 'open-practice/Doorstep-Instruct',
    title: 'Doorstep Instruct',
    by: 'Open Practice',
    parameters: '2.5 M',
    downloadBytes: 5_000_000,
    gated: false,
    instruct: true,
    licence: 'Apache 2.0',
    note: 'Open to everybody: no account, no licence form.',
  },
];
