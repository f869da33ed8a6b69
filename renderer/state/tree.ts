import type { ChatSummary, Message } from '../../electron/contract/chat.ts';

/** One shown message with its versions: `siblings` are the ids that stand at the same place, oldest first. */
export interface Shown {
  readonly message: Message;
  readonly siblings: readonly string[];
  readonly index: number; // of this message among them
}

/**
 * The line of messages from the first question to `headId`. Unknown parents end the line (a damaged file shows what is
 * left); a loop in the parents is cut.
 */
export function visibleThread(messages: readonly Message[], headId: string | null): readonly Shown[] {
  const byId = new Map(messages.map((message) => [message.id, message]));
  const children = new Map<string, string[]>();
  for (const { id, parentId, role } of messages) {
    const place = `${parentId ?? ''} ${role}`;
    const list = children.get(place);
    if (list) list.push(id);
    else children.set(place, [id]);
  }
  const line: Shown[] = [];
  const seen = new Set<string>();
  let message = headId === null ? undefined : byId.get(headId);
  while (message && !seen.has(message.id)) {
    seen.add(message.id);
    const siblings = children.get(`${message.parentId ?? ''} ${message.role}`) ?? [message.id];
    line.push({ message, siblings, index: siblings.indexOf(message.id) });
    message = message.parentId === null ? undefined : byId.get(message.parentId);
  }
  return line.reverse();
}

/** A copy of `messages` in which `message` stands in for its old self, or is added at the end. */
export function withMessage(messages: readonly Message[], message: Message): readonly Message[] {
  return messages.some((one) => one.id === message.id)
    ? messages.map((one) => (one.id === message.id ? message : one))
    : [...messages, message];
}

/** Measured tokens the visible thread holds, from its last finished answer; 0 when nothing was measured yet. */
export function usedTokens(thread: readonly Shown[]): number {
  for (const { message } of thread.toReversed()) {
    if (message.stats) return message.stats.promptTokens + message.stats.newTokens;
  }
  return 0;
}

/** Newest first. */
export function byUse(chats: readonly ChatSummary[]): readonly ChatSummary[] {
  return chats.toSorted((a, b) => b.updatedAt - a.updatedAt);
}
