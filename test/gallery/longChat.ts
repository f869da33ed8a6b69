import type { Message } from '../../electron/contract/chat.ts';
import { message } from './fixtures.ts';

const paragraph =
  'A lock of this kind has a row of pins, each cut at another height. The right key lifts every pin to the same line, and the barrel turns. ';
const shapes = [
  `${paragraph.repeat(2)}\n\n- one **pin** per cut\n- one \`spring\` per pin\n- and a barrel`,
  `${paragraph}\n\n\`\`\`python\ndef turn(key, lock):\n    return all(k == p for k, p in zip(key.cuts, lock.pins))\n\`\`\`\n\n${paragraph}`,
  `| Lock | Pins | Year |\n| :-- | --: | --: |\n| Pin tumbler | 5 | 1848 |\n| Lever | 4 | 1778 |\n\n${paragraph}`,
  `The count of keys is \\(n = d^p\\), so\n\n$$\\log_2 n = p \\log_2 d$$\n\n${paragraph}`,
];

/** A chat as long as people's longest: `count` messages, questions and answers in turn, of every shape. */
export function longChat(count: number): readonly Message[] {
  return Array.from({ length: count }, (_, index) =>
    index % 2 === 0
      ? message(`l${index}`, index === 0 ? null : `l${index - 1}`, 'user', `Question ${index / 2 + 1} about locks`)
      : message(`l${index}`, `l${index - 1}`, 'assistant', shapes[(index >> 1) % shapes.length] ?? paragraph, {
          finishReason: 'stop',
        }),
  );
}
