/** The Hub itself. */
const realHub = 'https://huggingface.co';

/** HF_ENDPOINT as Hugging Face's own tools read it: a mirror instead of the Hub. Without a trailing slash. */
export function hubEndpointOf(env: Readonly<Record<string, string | undefined>>): string {
  return (env['HF_ENDPOINT'] || realHub).replace(/\/+$/, '');
}
