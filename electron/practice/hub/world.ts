import type { AccessRequests } from './accessRequests.ts';
import type { AccessQuestion } from './access.ts';
import type { Caller, TokenStore } from './accounts.ts';
import type { DeviceLogins } from './deviceLogins.ts';
import type { SignedLinks } from './links.ts';
import type { Habits } from './practiceHub.ts';
import type { RandomBytes } from './random.ts';
import type { RateLimits } from './rateLimits.ts';
import type { Repository } from './repositories.ts';

/** Everything that is true on this Hub right now; routes read it, control and pages change it. */
export interface World {
  readonly now: () => number;
  readonly random: RandomBytes;
  /** Known once the ports are open. */
  endpoint: string;
  cdnEndpoint: string;
  readonly repositories: readonly Repository[];
  readonly tokens: TokenStore;
  readonly requests: AccessRequests;
  readonly limits: RateLimits;
  readonly links: SignedLinks;
  readonly logins: DeviceLogins;
  readonly pageSize: number;
  habits: Habits;
}

/** One request as the routes see it. */
export interface Ask {
  readonly method: string;
  /** Path still percent-encoded, query parsed. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly caller: Caller;
  /** The request's body, at most 1 MB; longer bodies are cut there. */
  readonly body: () => Promise<string>;
}

export type Found =
  | { readonly kind: 'here'; readonly repository: Repository }
  | { readonly kind: 'moved'; readonly to: string }
  | { readonly kind: 'unknown' };

/** Looks a repository up by its id or a former one. */
export function findRepository(world: World, id: string): Found {
  const repository = world.repositories.find((one) => one.spec.id === id);
  if (repository) return { kind: 'here', repository };
  const renamed = world.repositories.find((one) => one.spec.formerIds?.includes(id));
  return renamed ? { kind: 'moved', to: renamed.spec.id } : { kind: 'unknown' };
}

/** What the access rules need to know about this request. */
export function questionOf(ask: Ask, world: World): AccessQuestion {
  return { caller: ask.caller, requests: world.requests, habits: world.habits, endpoint: world.endpoint };
}

/** Decodes one path segment; undefined when the percent signs make no sense. */
export function decodeSegment(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

export interface RepositoryPath {
  readonly id: string;
  /** The word after the id ("resolve", "tree"); '' when there is none. */
  readonly action: string;
  /** What follows the action, decoded, piece by piece. */
  readonly rest: readonly string[];
  /** Action and rest as sent, with a leading slash when not empty. */
  readonly tail: string;
}

/** Splits "owner/name/action/rest" or "name/action/rest"; `path` has no leading slash. */
export function parseRepositoryPath(path: string, actions: readonly string[]): RepositoryPath | undefined {
  const sent = path.split('/');
  const decoded = sent.map(decodeSegment);
  if (decoded.some((segment) => segment === undefined || segment === '')) return undefined;
  const segments = decoded.filter((segment) => segment !== undefined);
  const isEnd = (length: number): boolean => segments.length === length || actions.includes(segments[length] ?? '');
  const length = segments.length >= 2 && isEnd(2) ? 2 : segments.length >= 1 && isEnd(1) ? 1 : 0;
  if (length === 0) return undefined;
  const tail = sent.slice(length).join('/');
  return {
    id: segments.slice(0, length).join('/'),
    action: segments[length] ?? '',
    rest: segments.slice(length + 1),
    tail: tail === '' ? '' : `/${tail}`,
  };
}
