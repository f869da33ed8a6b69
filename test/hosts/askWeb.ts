import type { InputOf, OutputOf, RequestName } from '../../electron/contract/ipc.ts';
import type { Result } from '../../electron/contract/result.ts';

/** Asks a running web host as its page does, without a page. `url` carries the secret. Throws what was refused. */
export async function askWeb<N extends RequestName>(url: string, name: N, input: InputOf<N>): Promise<OutputOf<N>> {
  const { origin, hash } = new URL(url);
  const answer = await fetch(`${origin}/request/${name}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${hash.slice(1)}`, 'content-type': 'application/json', origin },
    body: JSON.stringify(input ?? null),
  });
  const result = (await answer.json()) as Result<OutputOf<N>>;
  if (!result.ok) throw new Error(JSON.stringify(result.problem));
  return result.value;
}

/** Asks one question in a new chat of the first installed model and gives the whole answer. */
export async function answerOf(url: string, question: string): Promise<string> {
  const [model] = await askWeb(url, 'models.list', undefined);
  const { id: chatId } = await askWeb(url, 'chats.create', { modelId: model?.id ?? '' });
  await askWeb(url, 'generation.ask', { chatId, parentId: null, text: question });
  for (;;) {
    const { messages } = await askWeb(url, 'chats.get', { chatId });
    const answer = messages.find((message) => message.role === 'assistant');
    if (answer && answer.state !== 'writing') return answer.text;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
