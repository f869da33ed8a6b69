import { describe, expect, test } from 'vitest';
import { readChat, readCompletion } from '../../../electron/services/localServer/readBody.ts';

const hello = { model: 'm', messages: [{ role: 'user', content: 'Hi' }] };

describe('a chat request', () => {
  test('becomes the words of the engine', () => {
    const read = readChat({
      model: 'm',
      messages: [
        { role: 'developer', content: 'Be short.' },
        { role: 'user', content: [{ type: 'text', text: 'Hi' }, { type: 'text', text: ' there' }] }, // prettier-ignore
        { role: 'assistant', content: 'Yes?' },
      ],
      temperature: 0.5,
      top_p: 0.9,
      top_k: 40,
      min_p: 0.1,
      repetition_penalty: 1.1,
      max_tokens: 5,
      max_completion_tokens: 7,
      seed: -1,
      stop: 'END',
      stream: true,
      stream_options: { include_usage: true },
      user: 'me',
      n: 1,
      response_format: { type: 'text' },
      tools: [],
      frequency_penalty: 0,
      logprobs: null,
    });
    expect(read).toEqual({
      ok: true,
      value: {
        model: 'm',
        messages: [
          { role: 'system', text: 'Be short.' },
          { role: 'user', text: 'Hi there' },
          { role: 'assistant', text: 'Yes?' },
        ],
        sampling: {
          temperature: 0.5,
          topP: 0.9,
          topK: 40,
          minP: 0.1,
          repetitionPenalty: 1.1,
          maxNewTokens: 7,
          seed: 4_294_967_295,
        },
        stop: ['END'],
        stream: true,
        usage: true,
      },
    });
  });

  test.each<[string, unknown, string | null]>([
    ['no object', 'x', null],
    ['a list', [], null],
    ['no model', { messages: hello.messages }, 'model'],
    ['no messages', { model: 'm' }, 'messages'],
    ['empty messages', { model: 'm', messages: [] }, 'messages'],
    ['a message that is text', { model: 'm', messages: ['Hi'] }, 'messages[0]'],
    ['an unknown role', { model: 'm', messages: [{ role: 'tool', content: '' }] }, 'messages[0].role'],
    ['a role of the prototype', { model: 'm', messages: [{ role: 'toString', content: '' }] }, 'messages[0].role'],
    [
      'a picture',
      { model: 'm', messages: [{ role: 'user', content: [{ type: 'image_url' }] }] },
      'messages[0].content',
    ],
    ['no content', { model: 'm', messages: [{ role: 'user' }] }, 'messages[0].content'],
    ['a hot temperature', { ...hello, temperature: 2.1 }, 'temperature'],
    ['a temperature in words', { ...hello, temperature: '1' }, 'temperature'],
    ['no tokens', { ...hello, max_tokens: 0 }, 'max_tokens'],
    ['half a token', { ...hello, max_tokens: 1.5 }, 'max_tokens'],
    ['a broken seed', { ...hello, seed: 0.5 }, 'seed'],
    ['an empty stop', { ...hello, stop: '' }, 'stop'],
    ['17 stops', { ...hello, stop: Array.from({ length: 17 }, () => 'x') }, 'stop'],
    ['two answers', { ...hello, n: 2 }, 'n'],
    ['tools', { ...hello, tools: [{ type: 'function' }] }, 'tools'],
    ['logprobs', { ...hello, logprobs: true }, 'logprobs'],
    ['a penalty', { ...hello, presence_penalty: 1 }, 'presence_penalty'],
    ['a JSON format', { ...hello, response_format: { type: 'json_object' } }, 'response_format'],
    ['stream in words', { ...hello, stream: 'yes' }, 'stream'],
    ['odd stream options', { ...hello, stream_options: 1 }, 'stream_options'],
  ])('with %s is refused and names the field', (_, body, param) => {
    const read = readChat(body);
    expect(read).toMatchObject({ ok: false, error: { status: 400, param } });
  });
});

describe('a plain completion', () => {
  test('takes one text, alone or in a list, and 16 tokens unless told', () => {
    for (const prompt of ['Once', ['Once']])
      expect(readCompletion({ model: 'm', prompt })).toMatchObject({
        ok: true,
        value: { prompt: 'Once', sampling: { maxNewTokens: 16 } },
      });
    expect(readCompletion({ model: 'm', prompt: 'Once', max_tokens: 3 })).toMatchObject({
      value: { sampling: { maxNewTokens: 3 } },
    });
  });

  test.each([[undefined], [['a', 'b']], [[1, 2]], [7]])('with the prompt %j is refused', (prompt) => {
    expect(readCompletion({ model: 'm', prompt })).toMatchObject({ ok: false, error: { param: 'prompt' } });
  });
});
