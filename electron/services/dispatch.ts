import { type Handlers, type RequestName, requests } from '../contract/ipc.ts';
import { failed, type Result } from '../contract/result.ts';
import { badRequest, internal } from './explain.ts';

/**
 * The single way in: a name and an unknown value become a checked call. Unknown names and malformed input are refused
 * before any handler runs; a throw becomes an `internal` problem, never a hanging page.
 */
export async function dispatch(handlers: Handlers, name: unknown, input: unknown): Promise<Result<unknown>> {
  if (typeof name !== 'string' || !Object.hasOwn(requests, name)) return failed(badRequest(`unknown request`));
  const known = name as RequestName; // own key of the table, checked above
  const normal = input === null ? undefined : input; // JSON has no undefined
  if (!requests[known].check(normal)) return failed(badRequest(`malformed input of ${known}`));
  try {
    return await (handlers[known] as (input: unknown) => Promise<Result<unknown>>)(normal);
  } catch (error) {
    return failed(internal(error));
  }
}
