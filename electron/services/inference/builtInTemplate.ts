import type { Turn } from './tokenizer.ts';

/** How families of models mark who speaks: a sign that the vocabulary has it, and how one turn is written. */
const manners: readonly {
  readonly sign: string;
  readonly begin: string;
  readonly turn: (turn: Turn) => string;
  readonly answer: string;
}[] = [
  {
    sign: '<|start_header_id|>',
    begin: '<|begin_of_text|>',
    turn: ({ role, text }) => `<|start_header_id|>${role}<|end_header_id|>\n\n${text.trim()}<|eot_id|>`,
    answer: '<|start_header_id|>assistant<|end_header_id|>\n\n',
  },
  {
    sign: '<|im_start|>',
    begin: '',
    turn: ({ role, text }) => `<|im_start|>${role}\n${text}<|im_end|>\n`,
    answer: '<|im_start|>assistant\n',
  },
  {
    sign: '<start_of_turn>',
    begin: '<bos>',
    turn: ({ role, text }) =>
      `<start_of_turn>${role === 'assistant' ? 'model' : 'user'}\n${text.trim()}<end_of_turn>\n`,
    answer: '<start_of_turn>model\n',
  },
];

const plain: (typeof manners)[number] = {
  sign: '',
  begin: '',
  turn: ({ role, text }) => `${role}: ${text}\n`,
  answer: 'assistant:',
};

/**
 * A conversation as text without running the model's own template, in the manner that its special tokens speak for.
 * Nearly what the families' own templates write (they may add a date or a default system text), so the model understands.
 */
export function writeConversation(turns: readonly Turn[], isToken: (text: string) => boolean): string {
  const { begin, turn, answer } = manners.find(({ sign }) => isToken(sign)) ?? plain;
  return (isToken(begin) ? begin : '') + turns.map(turn).join('') + answer;
}
