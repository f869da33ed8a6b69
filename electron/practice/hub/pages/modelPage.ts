import type { AccessState } from '../accessRequests.ts';
import { gatedFields } from '../licenceText.ts';
import type { Repository } from '../repositories.ts';
import { type Html, markup } from './html.ts';

export interface ModelView {
  readonly repository: Repository;
  readonly account: string;
  readonly state: AccessState;
  /** The account belongs to the authors. */
  readonly author: boolean;
  readonly approvalSeconds: number;
  readonly files: readonly { readonly path: string; readonly size: number }[];
  /** Fields that were left empty when the form was sent. */
  readonly missing: readonly string[];
}

/** The page of one model: what it is, and for gated ones the state of the person's request or the form. */
export function modelPage(view: ModelView): Html {
  const { repository, files } = view;
  const { spec } = repository;
  return markup`<p class="quiet-text">
      By ${repository.owner} &middot; licence
      ${said(spec.card?.['license_name']) ?? said(spec.card?.['license']) ?? 'not stated'}
    </p>
    ${
      spec.gated
        ? gate(view)
        : markup`<section>
            <h2>Open model</h2>
            <p>Everybody may download it; there is nothing to accept.</p>
          </section>`
    }
    ${
      spec.disabled
        ? markup`<section>
            <h2>Disabled</h2>
            <p>Access to this resource is disabled.</p>
          </section>`
        : undefined
    }
    <section>
      <h2>Files</h2>
      <table>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col" class="number">Bytes</th>
          </tr>
        </thead>
        <tbody>
          ${files.map(
            (file) =>
              markup`<tr>
                <td>${file.path}</td>
                <td class="number">${file.size.toLocaleString('en')}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </section>`;
}

/** A text of the card; undefined when it says nothing. */
function said(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function gate(view: ModelView): Html {
  const { author, state } = view;
  if (author)
    return markup`<section>
      <h2>Gated model</h2>
      <p class="good">You are one of its authors and have access.</p>
    </section>`;
  return markup`${standing(view)}${state === 'none' || state === 'reset' ? form(view) : undefined}${controls(view)}`;
}

function standing({ state, approvalSeconds }: ModelView): Html | undefined {
  switch (state) {
    case 'none':
      return undefined;
    case 'pending':
      return markup`<section>
        <h2>Gated model</h2>
        <p class="wait">
          Your request to access this repository has been submitted and is awaiting a review from the repository
          authors. You can check the status of all your access requests in
          <a href="/settings/gated-repos">your settings</a>.
        </p>
        <p class="quiet-text">
          ${Number.isFinite(approvalSeconds) ? markup`The practice authors answer after ${approvalSeconds} seconds.` : 'The practice authors do not answer by themselves.'}
        </p>
      </section>`;
    case 'granted':
      return markup`<section>
        <h2>Gated model</h2>
        <p class="good">You have been granted access to this model.</p>
      </section>`;
    case 'rejected':
      return markup`<section>
        <h2>Gated model</h2>
        <p class="bad">Your request to access this repository has been rejected by the repository's authors.</p>
      </section>`;
    case 'reset':
      return markup`<section>
        <h2>Gated model</h2>
        <p class="wait">The repository's authors have reset your request. Submit a new one below.</p>
      </section>`;
  }
}

function form({ repository, missing }: ModelView): Html {
  const { card, id } = repository.spec;
  const heading = said(card?.['extra_gated_heading']) ?? 'You need to agree to the terms to access this model';
  const fields = Object.entries(
    (card?.['extra_gated_fields'] as Readonly<Record<string, unknown>> | undefined) ?? gatedFields,
  );
  return markup`<section>
    <h2>${heading}</h2>
    ${missing.length > 0 ? markup`<p class="bad" role="alert">These fields are still empty: ${missing.join(', ')}.</p>` : undefined}
    <details open>
      <summary>The terms</summary>
      <pre tabindex="0">${said(card?.['extra_gated_prompt'])}</pre>
    </details>
    <form method="post" action="/${id}/ask-access">
      ${fields.map(([name, type], index) => field(name, type, `field-${index}`))}
      <p class="quiet-text">${said(card?.['extra_gated_description'])}</p>
      <p><button>${said(card?.['extra_gated_button_content']) ?? 'Agree and send request to access repo'}</button></p>
    </form>
  </section>`;
}

function field(name: string, type: unknown, id: string): Html {
  if (type === 'ip_location') {
    return markup`<p class="quiet-text">
      Real forms add: your country and region (based on approximate Internet address) will be shared with the model
      owner. This one looks nothing up.
    </p>`;
  }
  if (type === 'checkbox') {
    return markup`<label class="box"><input type="checkbox" name="${name}" value="true" required /> <span>${name}</span></label>`;
  }
  const options = optionsOf(name, type);
  if (options) {
    return markup`<label for="${id}">${name}</label><select id="${id}" name="${name}" required>
        <option value="">Choose one</option>
        ${options.map((option) => markup`<option>${option}</option>`)}
      </select>`;
  }
  const kind = type === 'date_picker' ? 'date' : 'text';
  return markup`<label for="${id}">${name}</label><input id="${id}" name="${name}" type="${kind}" autocomplete="off" required />`;
}

function optionsOf(name: string, type: unknown): readonly string[] | undefined {
  if (type === 'country' || name === 'Country') return ['Practicia', 'Elsewhere'];
  if (typeof type !== 'object' || type === null || !('options' in type) || !Array.isArray(type.options))
    return undefined;
  return type.options.map(String);
}

/** Fields of the form that must not be empty. */
export function requiredFields(repository: Repository): readonly string[] {
  const fields =
    (repository.spec.card?.['extra_gated_fields'] as Readonly<Record<string, unknown>> | undefined) ?? gatedFields;
  return Object.entries(fields)
    .filter(([, type]) => type !== 'ip_location')
    .map(([name]) => name);
}

/** Play the authors: on the real Hub only they can do this. */
export function controls({ repository, account, state }: Pick<ModelView, 'repository' | 'account' | 'state'>): Html {
  const { id } = repository.spec;
  const moves = [
    ['granted', 'Approve now'],
    ['rejected', 'Reject'],
    ['reset', 'Reset'],
    ['none', 'Forget the request'],
  ] as const;
  return markup`<section class="controls" aria-label="Practice controls">
    <h2>Practice controls</h2>
    <p class="quiet-text">Play the authors. The real Hub has no such buttons for you.</p>
    ${moves
      .filter(([target]) => target !== state && (state !== 'none' || target === 'granted' || target === 'rejected'))
      .map(
        ([target, label]) =>
          markup`<form class="row" method="post" action="/practice/requests">
            <input type="hidden" name="repo" value="${id}" /><input type="hidden" name="account" value="${account}" />
            <input type="hidden" name="state" value="${target}" /><button class="quiet">${label}</button>
          </form>`,
      )}
  </section>`;
}
