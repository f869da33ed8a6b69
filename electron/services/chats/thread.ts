import type { Chat, Message } from '../../contract/chat.ts';

/** The line of ancestors of one message, oldest first, the message itself last. */
export function threadTo(messages: readonly Message[], messageId: string | null): Message[] {
  const byId = new Map(messages.map((message) => [message.id, message]));
  const thread: Message[] = [];
  for (let at = messageId === null ? undefined : byId.get(messageId); at;) {
    thread.unshift(at);
    at = at.parentId === null ? undefined : byId.get(at.parentId);
  }
  return thread;
}

/** A chat as Markdown, for people; the visible thread only. */
export function exportChat(chat: Chat): { readonly fileName: string; readonly text: string } {
  const name =
    (chat.title || 'Chat')
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .trim()
      .slice(0, 60) || 'Chat';
  const parts = threadTo(chat.messages, chat.headId).map(
    (message) => `## ${message.role === 'user' ? 'You' : 'Model'}\n\n${message.text.trim()}\n`,
  );
  const system = chat.systemPrompt ? [`> ${chat.systemPrompt.replaceAll('\n', '\n> ')}\n`] : [];
  return { fileName: `${name}.md`, text: [`# ${chat.title || 'Chat'}\n`, ...system, ...parts].join('\n') };
}
