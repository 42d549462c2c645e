import { randomUUID } from 'node:crypto';
import { BodyError } from '../codec/codec';
import { CIMI } from '../model/define';
import { METADATA } from '../operations/computed';
import { JOB } from '../operations/job';
import { Refusal } from '../operations/family';
import { DuplicateKeyError } from '../store/store';
import { refuse } from './accept';
import { answerChange, replay } from './answer';
import { act, actionOfBody, create, notAllowed, remove, update } from './change';
import { createProtocolContext, type Protocol, type ProtocolOptions } from './context';
import { actionOf, faultOf, writeFault, type Fault } from './faults';
import { Finder } from './finder';
import { idempotencyOf, type Idempotency } from './idempotency';
import { changeJob } from './job-changes';
import { Lister } from './lister';
import { Nested } from './nested';
import type { CimiRequest, CimiResponse, Handle } from './messages';
import { canAdd, read } from './read';
import { route, type Routed } from './router';
import { Views } from './views';

const CHANGES = ['POST', 'PUT', 'DELETE'];
/** An Action whose body names none that the resource has. */
const UNKNOWN_ACTION = `${CIMI}/Action`;

/** The protocol core: a plain function over CIMI requests, without a socket. Never rejects. */
export function createProtocol(options: ProtocolOptions): Handle {
  const protocol = createProtocolContext(options);
  const finder = new Finder(protocol);
  const lister = new Lister(protocol, finder);
  const nested = new Nested(protocol, finder, lister);
  finder.nested = nested;
  finder.surroundings = (tenant) => lister.surroundings(tenant);
  const views = new Views(protocol, finder, lister, nested);
  return async (request) => {
    let routed: Routed | undefined;
    try {
      routed = route(protocol, request, request.principal);
      return await dispatch(views, routed);
    } catch (error) {
      return await fail(views, protocol, request, routed, error);
    }
  };
}

async function dispatch(views: Views, routed: Routed): Promise<CimiResponse> {
  const { request, location } = routed;
  if (request.method === 'GET' || request.method === 'HEAD') return read(views, routed);
  if (!CHANGES.includes(request.method)) throw notAllowed(routed);
  if (location.type === JOB && location.kind === 'item') return changeJob(views, routed);
  if (location.type === METADATA || location.kind === 'singleton') throw notAllowed(routed);
  const idempotency = idempotencyOf(request);
  const before = idempotency && (await earlier(views, routed, idempotency));
  if (before) return before;
  try {
    return await answerChange(views, routed, await change(views, routed, idempotency));
  } catch (error) {
    // The same request came twice at the same time: the one that was second answers like the first.
    const first = error instanceof DuplicateKeyError && idempotency ? await earlier(views, routed, idempotency) : undefined;
    if (!first) throw error;
    return first;
  }
}

function change(views: Views, routed: Routed, idempotency: Idempotency | undefined) {
  const { request, location } = routed;
  const plain = actionOf(request.method);
  const item = location.kind === 'item';
  if (request.method === 'PUT' && item) return update(views, routed, idempotency, plain);
  if (request.method === 'DELETE' && item) return remove(views, routed, idempotency, plain);
  if (request.method === 'POST') return item ? act(views, routed, idempotency) : create(views, routed, idempotency, plain);
  throw notAllowed(routed);
}

async function earlier(views: Views, routed: Routed, { key, hash }: Idempotency): Promise<CimiResponse | undefined> {
  const job = await routed.protocol.store.jobByKey(routed.principal.tenant, key);
  if (!job) return undefined;
  if (job.requestHash !== hash) throw new Refusal(422, 'Idempotency-Key: this key came with another request before', { job: job.id });
  return replay(views, routed, job);
}

/** Every fault is a FAILED Job: stored for changes of authenticated callers, unstored for the rest (4.1.6.8). */
async function fail(
  views: Views,
  protocol: Protocol,
  request: CimiRequest,
  routed: Routed | undefined,
  error: unknown,
): Promise<CimiResponse> {
  const { writers, base } = protocol;
  const fault = faultOf(error, base) ?? defect(protocol, request, error);
  const allow: Record<string, string> = fault.status === 405 ? { Allow: allowed(routed) } : {};
  const headers: Record<string, string> = { ...fault.headers, ...allow };
  const stores = routed && CHANGES.includes(request.method) && fault.status !== 404 && fault.status !== 413;
  if (!stores) return writeFault(writers, base, request, { ...fault, headers });
  try {
    const job = await refuse(
      { protocol, principal: request.principal, cloudKey: routed.cloudKey, request },
      { action: actionAsked(routed), target: routed.path, message: fault.message, kind: fault.kind },
    );
    const view = await views.ofJob(job);
    const own = headers['CIMI-Job-URI'] === undefined ? { 'CIMI-Job-URI': base + view.path } : {};
    return writeFault(writers, base, request, { ...fault, headers: { ...headers, ...own } }, { row: job, values: view.values });
  } catch (second) {
    protocol.log.error('a refusal could not be recorded', {
      requestId: request.requestId,
      error: second instanceof Error ? second.message : 'unknown',
    });
    return writeFault(writers, base, request, { ...fault, headers });
  }
}

/** A bug of ours: logged whole under a reference, told as no more than that. */
function defect(protocol: Protocol, request: CimiRequest, error: unknown): Fault {
  const reference = randomUUID();
  const details = error instanceof Error ? { error: error.message, stack: error.stack } : { error: String(error) };
  protocol.log.error('a request failed inside the gateway', { requestId: request.requestId, reference, ...details });
  return { status: 500, message: `internal error; reference ${reference}`, headers: {}, kind: 'internal' };
}

/** Action URI for the Job of a refused request: of a POST to a resource the one that its body names, as far as that can be read. */
function actionAsked(routed: Routed): string {
  const { request, location, protocol } = routed;
  if (request.method !== 'POST' || location.kind !== 'item') return actionOf(request.method);
  try {
    return protocol.catalogue.action(location.type, String(actionOfBody(routed).values.action))?.uri ?? UNKNOWN_ACTION;
  } catch (error) {
    if (error instanceof BodyError || error instanceof Refusal) return UNKNOWN_ACTION;
    throw error;
  }
}

/** What can be asked of a resource by any caller; `Allow` of a 405. */
function allowed(routed: Routed | undefined): string {
  if (!routed) return 'GET, HEAD';
  const { location, protocol } = routed;
  const family = protocol.familyOf(location.type);
  const methods = ['GET', 'HEAD'];
  if (location.kind === 'collection' && canAdd(routed)) methods.push('POST');
  if (location.kind === 'item') {
    const isJob = location.type === JOB;
    if (isJob || family?.act) methods.push('POST');
    if (isJob || family?.update) methods.push('PUT');
    if (isJob || family?.remove) methods.push('DELETE');
  }
  return methods.join(', ');
}
