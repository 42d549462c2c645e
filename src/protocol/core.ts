import { randomUUID } from 'node:crypto';
import { BodyError } from '../codec/codec';
import { CIMI } from '../model/define';
import { JOB, jobPath } from '../operations/job';
import { Refusal } from '../operations/resource-handler';
import { DuplicateKeyError } from '../store/store';
import { refusalOf, refuse } from './accept';
import { noteRead, recordRefused } from './audited';
import { admit } from './admit';
import { answerChange, replay } from './answer';
import { act, actionOfBody, create, notAllowed, parseLarge, remove, update } from './change';
import { createProtocolContext, type Protocol, type ProtocolOptions, type Scope } from './context';
import { actionOf, faultOf, targetOf, writeFault, type Fault } from './faults';
import type { Idempotency } from './idempotency';
import { changeJob } from './job-changes';
import { KeptAnswers } from './kept-answers';
import type { CimiRequest, CimiResponse, Handle } from './messages';
import { canAdd, collectionActions } from './can-add';
import { read } from './read';
import { Sides } from './sides';
import { route, toEntryPoint, type Routed } from './router';
import type { Views } from './views';

const CHANGES = ['POST', 'PUT', 'DELETE'];
const READS = ['GET', 'HEAD'];
/** An Action whose body names none that the resource has. */
const UNKNOWN_ACTION = `${CIMI}/Action`;

/** The protocol core: a plain function over CIMI requests, without a socket. Never rejects. */
export function createProtocol(options: ProtocolOptions): Handle {
  const whole = createProtocolContext(options);
  const sides = new Sides(whole);
  const rightsOf = (request: CimiRequest) => options.rules.rightsOf(request.principal);
  const answer = async (request: CimiRequest): Promise<CimiResponse> => {
    const { protocol, views } = sides.of(rightsOf(request));
    let routed: Routed | undefined;
    try {
      const entry = toEntryPoint(protocol, request);
      if (entry) return entry;
      routed = route(protocol, request, request.principal);
      if (request.refused) throw new Refusal(request.refused.status, request.refused.message);
      return await dispatch(views, routed);
    } catch (error) {
      return await fail(views, protocol, request, routed, error);
    }
  };
  const kept = whole.ledger && new KeptAnswers(whole.ledger, (request) => rightsOf(request)?.key);
  const handle: Handle = async (request) => {
    const at = Date.now();
    const response = await (kept ? kept.answer(request, answer) : answer(request));
    if (!READS.includes(request.method)) return response;
    try {
      await noteRead(whole, request, response, at);
      return response;
    } catch (error) {
      response.stream?.close();
      return fail(sides.of(rightsOf(request)).views, whole, request, undefined, error);
    }
  };
  // Where reads are recorded, each has its entry first.
  return kept && !whole.reads ? Object.assign(handle, { known: (request: CimiRequest) => kept.known(request) }) : handle;
}

async function dispatch(views: Views, routed: Routed): Promise<CimiResponse> {
  const { request, location } = routed;
  if (READS.includes(request.method)) return read(views, routed);
  if (!CHANGES.includes(request.method)) throw notAllowed(routed);
  const { idempotency } = admit(routed);
  await parseLarge(routed);
  if (location.type === JOB) return changeJob(views, routed);
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
  if (request.method === 'PUT') return update(views, routed, idempotency, plain);
  if (request.method === 'DELETE') return remove(views, routed, idempotency, plain);
  return location.kind === 'item' ? act(views, routed, idempotency) : create(views, routed, idempotency, plain);
}

async function earlier(views: Views, routed: Routed, { key, hash }: Idempotency): Promise<CimiResponse | undefined> {
  const job = await views.readerOf(routed.principal).jobByKey(key);
  if (!job) return undefined;
  if (job.requestHash !== hash) throw new Refusal(422, 'this key came with another request before', { at: 'Idempotency-Key', job: job.id });
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
  if (!CHANGES.includes(request.method)) return writeFault(writers, base, request, { ...fault, headers });
  const scope: Scope = { protocol, principal: request.principal, cloudKey: routed?.cloudKey, request };
  const action = routed ? actionAsked(routed) : actionOf(request.method);
  try {
    if (error instanceof Refusal && fault.kind === 'quota') {
      // Beyond a quota a Job would be one more thing of which there is too much.
      await recordRefused(scope, { action, status: fault.status, detail: refusalOf(action, fault) });
      return writeFault(writers, base, request, { ...fault, headers });
    }
    const { status, message, kind, at } = fault;
    const job = await refuse(scope, { action, target: targetOf(routed ?? request), status, message, kind, at });
    const { values } = await views.ofJob(job);
    const own = { 'CIMI-Job-URI': base + jobPath(job.id) };
    return writeFault(writers, base, request, { ...fault, headers: { ...headers, ...own } }, { row: job, values });
  } catch (second) {
    protocol.log.error('the Job of a refused request could not be stored', {
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

/** Action URI for the Job of a refused request: of a POST with an Action the one that its body names, as far as that can be read. */
function actionAsked(routed: Routed): string {
  const { request, location, protocol } = routed;
  const plain = actionOf(request.method);
  const { collection, kind, type } = location;
  if (request.method !== 'POST' || (kind !== 'item' && kind !== 'collection')) return plain;
  const otherwise = kind === 'item' ? UNKNOWN_ACTION : plain;
  try {
    const name = String(actionOfBody(routed).values.action);
    const { catalogue } = protocol;
    const asked = kind === 'item' ? catalogue.action(type, name) : catalogue.collectionAction(collection?.name ?? '', name);
    return asked?.uri ?? otherwise;
  } catch (error) {
    if (error instanceof BodyError || error instanceof Refusal) return otherwise;
    throw error;
  }
}

/** Lists the methods that any caller may ask of a resource; `Allow` of a 405. */
function allowed(routed: Routed | undefined): string {
  if (!routed) return 'GET, HEAD';
  const { location, protocol } = routed;
  const handler = protocol.handlerOf(location.type);
  const methods = ['GET', 'HEAD'];
  if (location.kind === 'collection' && (canAdd(routed) || collectionActions(routed).length > 0)) methods.push('POST');
  if (location.kind === 'item') {
    const isJob = location.type === JOB;
    if (isJob || handler?.act) methods.push('POST');
    if (isJob || handler?.update) methods.push('PUT');
    if (isJob || handler?.remove) methods.push('DELETE');
  }
  return methods.join(', ');
}
