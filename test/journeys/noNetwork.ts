/**
 * Run by noNetwork.test.ts inside a network namespace that holds nothing but loopback: starts the installed app on its
 * data folder, asks one question through its own door, prints the answer. A child process, because a namespace is one.
 */
import { startWeb } from '../hosts/launch.ts';

const [data = '', question = ''] = process.argv.slice(2);
const host = await startWeb({ data });
try {
  const { origin, hash } = new URL(host.url);
  const headers = { authorization: `Bearer ${hash.slice(1)}`, 'content-type': 'application/json', origin };
  const request = async (name: string, input?: unknown): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${origin}/request/${name}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(input ?? null),
    });
    const result = (await answer.json()) as { ok: boolean; value: Record<string, unknown> };
    if (!result.ok) throw new Error(JSON.stringify(result));
    return result.value;
  };
  const [model] = (await request('models.list')) as unknown as { id: string }[];
  const chat = await request('chats.create', { modelId: model?.id });
  await request('generation.ask', { chatId: chat['id'], parentId: null, text: question });
  for (;;) {
    const { messages } = (await request('chats.get', { chatId: chat['id'] })) as unknown as {
      messages: { role: string; state: string; text: string }[];
    };
    const answer = messages.find((message) => message.role === 'assistant');
    if (answer && answer.state !== 'writing') {
      console.log(JSON.stringify(answer.text));
      break;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
} finally {
  await host.close();
}
