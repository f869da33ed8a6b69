/**
 * One small question about the licence of a model: the hash of its public text today, or, where no public text came with
 * it, the licence's name. Asked without a token, because the Hub answers anybody (Hub facts 0.7).
 */
import { createHash } from 'node:crypto';
import type { KeptText, LicenceReceipt, PublisherNow } from '../../contract/licence.ts';
import type { Commit } from '../../contract/model.ts';
import { ok, type Result } from '../../contract/result.ts';
import { resolveFile } from '../hub/files.ts';
import { modelInfo } from '../hub/modelInfo.ts';
import type { HubClient } from '../hub/request.ts';

/** Names the Hub serves to everybody; others need access. */
export const isPublic = /^(?:README\.md|LICENSE(?:\.md|\.txt)?)$/;

/** What the Hub answered. */
export type Glance =
  /** SHA-1 as git counts it, or SHA-256 of the file; without a hash it is gone. */
  | { readonly kind: 'text'; readonly path: string; readonly commit?: Commit; readonly hash?: string }
  | { readonly kind: 'name'; readonly commit: Commit; readonly licence: string };

/** Asks with one request. Fails with the Hub's or the network's problem; then nothing is known. */
export async function glanceAt(hub: HubClient, { repo, texts }: LicenceReceipt): Promise<Result<Glance>> {
  const signal = AbortSignal.timeout(30_000);
  const path = texts.map((text) => text.path).find((name) => isPublic.test(name));
  if (path === undefined) {
    const card = await modelInfo(hub, { repo }, { signal });
    return card.ok ? ok({ kind: 'name', commit: card.value.commit, licence: card.value.licence }) : card;
  }
  const place = await resolveFile(hub, { repo, commit: 'main', path }, { signal });
  if (place.ok) return ok({ kind: 'text', path, commit: place.value.commit, hash: place.value.etag });
  return place.problem.code === 'file-not-found' ? ok({ kind: 'text', path }) : place;
}

/**
 * PURE: what is known of the publisher after a glance. The same object as before where it brought no news; undefined
 * where a change that was told is taken back and nothing else was compared.
 */
export function afterGlance(receipt: LicenceReceipt, glance: Glance, now: number): PublisherNow | undefined {
  const before = receipt.publisher;
  const known = before?.changed ?? [];
  const changed = glance.kind === 'text' ? withText(receipt, glance, known) : known;
  const renamed = glance.kind === 'name' && glance.licence !== receipt.licence ? glance.licence : undefined;
  const licence = glance.kind === 'name' ? renamed : before?.licence;
  if (changed.length === known.length && licence === before?.licence) return before;
  if (changed.length === 0 && licence === undefined) return undefined;
  return {
    comparedAt: now,
    commit: glance.commit ?? before?.commit ?? receipt.commit,
    changed,
    hidden: before?.hidden ?? [],
    ...(licence !== undefined && { licence }),
  };
}

function withText(
  { texts }: LicenceReceipt,
  { path, hash }: Extract<Glance, { kind: 'text' }>,
  known: readonly string[],
): readonly string[] {
  const kept = texts.find((text) => text.path === path);
  const hashes = kept && hashesOf(kept);
  // Another edition of the same model may have come without this text, and what is no text cannot be compared.
  if (!hashes) return known;
  const others = known.filter((name) => name !== path);
  return hash !== undefined && hashes.includes(hash) ? others : [...others, path];
}

/** The hashes under which the Hub would know this file; undefined where the text is not the file, byte for byte. */
function hashesOf({ text, sha256 }: KeptText): readonly string[] | undefined {
  const bytes = Buffer.from(text);
  if (createHash('sha256').update(bytes).digest('hex') !== sha256) return undefined;
  const git = createHash('sha1')
    .update(`blob ${String(bytes.length)}\0`)
    .update(bytes)
    .digest('hex');
  return [git, sha256];
}

/** True when the person should know. */
export function isNews({ changed, licence }: PublisherNow): boolean {
  return changed.length > 0 || licence !== undefined;
}
