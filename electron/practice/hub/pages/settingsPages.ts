import type { AccessRequest } from '../accessRequests.ts';
import { accounts, type StoredToken } from '../accounts.ts';
import type { DeviceLogin } from '../deviceLogins.ts';
import { type Html, markup } from './html.ts';

const kindWords = { read: 'Read', write: 'Write', fineGrained: 'Fine-grained', oauth: 'Sign-in of an app' } as const;

/** The first page: the models, and who is signed in. */
export function homePage(models: readonly { id: string; gated: boolean }[], account: string): Html {
  return markup`<p>A small Hub to practise on: ask for access, make an access token, download a tiny model.</p>
    <section>
      <h2>Models</h2>
      <ul>
        ${models.map(({ id, gated }) => markup`<li><a href="/${id}">${id}</a>${gated ? ' (gated)' : ''}</li>`)}
      </ul>
    </section>
    <section class="controls" aria-label="Practice controls">
      <h2>Practice controls</h2>
      <form method="post" action="/practice/account">
        <label for="account">Signed in as</label><select id="account" name="account">
          ${accounts.map(({ name }) => (name === account ? markup`<option selected>${name}</option>` : markup`<option>${name}</option>`))}
        </select>
        <p><button class="quiet">Switch account</button></p>
      </form>
    </section>`;
}

/** All access tokens of the account, never their text. */
export function tokensPage(tokens: readonly StoredToken[]): Html {
  return markup`<p>
      <a href="/settings/tokens/new?canReadGatedRepos=true&amp;tokenType=fineGrained">Create new token</a>
    </p>
    <section>
      <h2>Your access tokens</h2>
      ${tokens.length === 0 ? markup`<p>None yet.</p>` : undefined}
      ${
        tokens.length > 0
          ? markup`<table>
              <thead>
                <tr>
                  <th scope="col">Name</th>
                  <th scope="col">Kind</th>
                  <th scope="col">Ends in</th>
                  <th scope="col">Action</th>
                </tr>
              </thead>
              <tbody>
                ${tokens.map(tokenRow)}
              </tbody>
            </table>`
          : undefined
      }
    </section>`;
}

function tokenRow(token: StoredToken): Html {
  const kind = `${kindWords[token.kind]}${token.kind === 'fineGrained' ? (token.gated ? ', may read gated' : ', may not read gated') : ''}`;
  return markup`<tr>
    <td>${token.name}</td>
    <td>${kind}</td>
    <td><code>${token.text.slice(-4)}</code></td>
    <td>
      <form method="post" action="/settings/tokens/revoke">
        <input type="hidden" name="ending" value="${token.text.slice(-8)}" />
        <button class="quiet" aria-label="Delete token ${token.name}">Delete</button>
      </form>
    </td>
  </tr>`;
}

/** The form for a new token; the address may tick its boxes, as the real one. */
export function newTokenPage({ kind, gated }: { kind: string; gated: boolean }): Html {
  const kinds = [
    ['fineGrained', 'Fine-grained', 'Only what is ticked below.'],
    ['read', 'Read', 'Everything you can read, gated models included.'],
    ['write', 'Write', 'Reading and writing: more than Latchkey needs.'],
  ] as const;
  return markup`<form method="post" action="/settings/tokens">
    <label for="name">Token name</label><input id="name" name="name" value="latchkey" required />
    <fieldset>
      <legend>Token type</legend>
      ${kinds.map(
        ([value, word, what]) =>
          markup`<label class="box"><input type="radio" name="tokenType" value="${value}"${value === kind && markup` checked`} />
            <span><b>${word}</b> ${what}</span></label>`,
      )}
    </fieldset>
    <fieldset>
      <legend>Permissions of a fine-grained token</legend>
      <label class="box"><input type="checkbox" name="canReadGatedRepos" value="true"${gated && markup` checked`} />
        <span>Read access to contents of all public gated repos you can access</span></label>
    </fieldset>
    <p><button>Create token</button></p>
  </form>`;
}

/** The one page that shows a token. */
export function madeTokenPage(token: StoredToken): Html {
  return markup`<section>
      <h2>Save your access token</h2>
      <p>Copy it now: this page shows it once.</p>
      <code class="token" tabindex="0" aria-label="Access token">${token.text}</code>
      <p class="quiet-text">It opens this practice Hub only.</p>
    </section>
    <p><a href="/settings/tokens">Back to your tokens</a></p>`;
}

const stateWords = { pending: 'PENDING', granted: 'ACCEPTED', rejected: 'REJECTED', reset: 'RESET' } as const;
const stateLooks = { pending: 'wait', granted: 'good', rejected: 'bad', reset: 'wait' } as const;

/** All access requests of the account. */
export function requestsPage(requests: readonly AccessRequest[]): Html {
  return markup`<section>
    <h2>Gated Repos Status</h2>
    ${requests.length === 0 ? markup`<p>You have asked for nothing yet.</p>` : undefined}
    ${
      requests.length > 0
        ? markup`<table>
            <thead>
              <tr>
                <th scope="col">Repository</th>
                <th scope="col">Sent</th>
                <th scope="col">Status</th>
                <th scope="col">Action</th>
              </tr>
            </thead>
            <tbody>
              ${requests.map(requestRow)}
            </tbody>
          </table>`
        : undefined
    }
  </section>`;
}

function requestRow({ repo, at, state }: AccessRequest): Html {
  return markup`<tr>
    <td><a href="/${repo}">${repo}</a></td>
    <td>${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC</td>
    <td class="${stateLooks[state]}">${stateWords[state]}</td>
    <td>
      ${state === 'pending' ? markup`<form method="post" action="/settings/gated-repos/cancel"><input type="hidden" name="repo" value="${repo}" /><button class="quiet">Cancel request</button></form>` : undefined}
    </td>
  </tr>`;
}

/** Where the code of an app is typed. */
export function devicePage(login: DeviceLogin | undefined, typed: string): Html {
  if (!login) {
    return markup`${typed === '' ? undefined : markup`<p class="bad" role="alert">No app is waiting with the code ${typed}.</p>`}
      <form method="get" action="/device">
        <label for="user_code">Code that the app shows</label><input id="user_code" name="user_code" autocomplete="off" required />
        <p><button>Continue</button></p>
      </form>`;
  }
  const button = (answer: string, word: string, look: string): Html =>
    markup`<form class="row" method="post" action="/device">
      <input type="hidden" name="user_code" value="${login.userCode}" />
      <input type="hidden" name="answer" value="${answer}" /><button class="${look}">${word}</button>
    </form>`;
  return markup`<section>
    <h2>An app asks to sign in</h2>
    <p>Code <b>${login.userCode}</b>, app <b>${login.clientId}</b>. It asks for:</p>
    <ul>
      ${login.scopes.map((scope) => markup`<li>${scope}</li>`)}
    </ul>
    ${button('yes', 'Authorise', '')}${button('no', 'Decline', 'quiet')}
  </section>`;
}

/** One short notice. */
export function noticePage(text: string): Html {
  return markup`<p>${text}</p>
    <p><a href="/">To the start page</a></p>`;
}
