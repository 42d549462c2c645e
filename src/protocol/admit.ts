import { COMPUTED } from '../operations/gateway-resources';
import { JOB } from '../operations/job';
import { parseQuery } from '../query/query';
import { permitAsking } from '../reader/policy';
import { couldAdd } from './can-add';
import { bodyFormat, notAllowed } from './change';
import { idempotencyOf, type Idempotency } from './idempotency';
import { acceptable } from './read';
import type { Routed } from './router';

/** A change that nothing in the request itself speaks against. */
export interface Admission {
  idempotency: Idempotency | undefined;
}

/**
 * Decides all that can refuse a change by the request alone, before anything is looked up: the method, the caller's role,
 * what the answer may be, the query, the body's media type, the Idempotency-Key. What follows decides by what there is
 * (the target, If-Match, rights, references, the plan) and writes nothing either: only `accept` does, once nothing can
 * refuse the request any more.
 * @throws Refusal, QueryError
 */
export function admit(routed: Routed): Admission {
  const { request, location, principal, protocol } = routed;
  permitAsking(protocol.policy, principal);
  if (!takes(routed)) throw notAllowed(routed);
  acceptable(routed);
  parseQuery(request.query, location.kind === 'collection' ? 'collection' : 'resource');
  if (request.method !== 'DELETE') bodyFormat(routed);
  return { idempotency: location.type === JOB ? undefined : idempotencyOf(request) };
}

/** Tells whether resources and collections of the kind take the method at all. */
function takes(routed: Routed): boolean {
  const { protocol, request, location } = routed;
  if (COMPUTED.includes(location.type)) return false;
  if (location.kind === 'collection') return request.method === 'POST' && couldAdd(routed);
  if (location.type === JOB) return true;
  const { update, remove, act } = protocol.handlerOf(location.type) ?? {};
  return ({ PUT: update, DELETE: remove, POST: act } as Readonly<Record<string, unknown>>)[request.method] !== undefined;
}
