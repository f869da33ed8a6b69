import { createHash } from 'node:crypto';
import { type Answer, textAnswer } from '../answer.ts';
import { style } from './style.ts';

/** Text that is already HTML. Everything else is escaped when it goes in. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Part = string | number | Html | readonly Html[] | undefined | false;

/** A template of HTML (named so that no formatter moves its spaces: the style's hash is in the CSP): values are escaped, nested templates are not, undefined and false leave nothing. */
export function markup(strings: TemplateStringsArray, ...values: readonly Part[]): Html {
  return new Html(strings.map((piece, index) => piece + rendered(values[index])).join(''));
}

function rendered(part: Part): string {
  if (part === undefined || part === false) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map((one) => one.text).join('');
  return String(part).replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

const styleHash = createHash('sha256').update(style).digest('base64');

/** No script, no pictures, nothing from elsewhere; forms only to this Hub. */
const policy = `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`;

export interface Page {
  readonly title: string;
  readonly body: Html;
  /** Who is signed in, by name. */
  readonly account: string;
  readonly status?: number;
}

/** A whole page; every one says that this is practice. */
export function pageAnswer({ title, body, account, status = 200 }: Page): Answer {
  const page = markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} - practice Hub</title>
        <style>${new Html(style)}</style>
      </head>
      <body>
        <a class="skip" href="#main">Skip to content</a>
        <div class="banner" role="note">
          This is a practice Hub on this computer. It is not huggingface.co, and nothing you do here leaves this
          computer.
        </div>
        <header>
          <strong><a href="/">Practice Hub</a></strong>
          <nav aria-label="Account">
            <a href="/settings/tokens">Access tokens</a> &middot; <a href="/settings/gated-repos">Gated repositories</a>
          </nav>
          <span>Signed in as <b>${account}</b></span>
        </header>
        <main id="main">
          <h1>${title}</h1>
          ${body}
        </main>
        <footer>Practice Hub of Latchkey, running at 127.0.0.1 only.</footer>
      </body>
    </html>`;
  return textAnswer(page.text, {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    },
  });
}
