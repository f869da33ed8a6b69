/**
 * Run by journey.browser.test.ts inside a network namespace that holds nothing but loopback: starts the installed app on its
 * data folder, asks one question through its own door, prints the answer. A child process, because a namespace is one.
 */
import { answerOf } from '../hosts/askWeb.ts';
import { startWeb } from '../hosts/launch.ts';

const [data = '', question = ''] = process.argv.slice(2);
const host = await startWeb({ data });
try {
  console.log(JSON.stringify(await answerOf(host.url, question)));
} finally {
  await host.close();
}
