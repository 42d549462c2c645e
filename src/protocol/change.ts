import { parseAhead } from '../codec/parse-ahead';
import { BodyError, type Format, type Shape } from '../codec/codec';
import { formatOf } from '../codec/negotiate';
import { internalUri } from '../codec/uris';
import { entryPath } from '../model/cloud-path';
import type { Ref, Values } from '../model/values';
import {
  heldBy,
  Refusal,
  type Changeable,
  type ResourceHandler,
  type Found,
  type ChangePlan,
  type PlanContext,
  type UpdateRequest,
} from '../operations/resource-handler';
import { placedBy } from '../operations/placement';
import { asRef, mergeTemplate } from '../operations/template-merge';
import { parseQuery } from '../query/query';
import { permitChange } from '../reader/policy';
import { READ } from '../rights/rule';
import { accept, generated, retryStale } from './accept';
import { checkConditions, checkCreateConditions, isConditional } from './conditions';
import type { Idempotency } from './idempotency';
import { collectionActions, couldAdd } from './can-add';
import { mustKeepAll, mustSayAll } from './mandatory';
import { namedCloud, planContext } from './plan-context';
import type { Routed } from './router';
import type { View } from './view';
import type { Views } from './views';
import type { JobRow } from '../store/store';
import { shown } from '../model/shown';

/** A change as it was accepted. */
export interface Accepted {
  kind: 'create' | 'update' | 'remove' | 'act';
  plan: ChangePlan;
  job: JobRow;
  /** Values of what is created that can be told before it can be read. */
  partial?: Values;
}

/** The format of a request's body. @throws Refusal 415 */
export function bodyFormat({ request }: Pick<Routed, 'request'>): Format {
  const type = request.headers['content-type'];
  const format = formatOf(type);
  if (format) return format;
  const told = type === undefined || type.trim() === '' ? 'and this one says no Content-Type' : `not ${shown(type)}`;
  throw new Refusal(415, `bodies are application/json or application/xml in UTF-8, ${told}`);
}

/** Bodies above this are parsed in pieces, bytes. */
const LARGE = 64 * 1024;

/** Parses a large body so that others get their turn; what is wrong with it is told by who reads it. @throws Refusal 415 */
export async function parseLarge(routed: Routed): Promise<void> {
  const { body, method } = routed.request;
  if (!body || body.length < LARGE || method === 'DELETE') return;
  await parseAhead(body, bodyFormat(routed), routed.protocol.bodyLimits, routed.principal.tenant);
}

/** Reads a request body as one of the shapes. @throws Refusal 415, BodyError. */
function bodyOf(routed: Routed, shapes: readonly Shape[], former?: Values): { shape: Shape; values: Values } {
  const { protocol, request } = routed;
  const format = bodyFormat(routed);
  if (!request.body || request.body.length === 0) throw new BodyError('the request has no body', '');
  return protocol.readers[format](request.body, shapes, {
    base: protocol.base,
    limits: protocol.bodyLimits,
    ...(former ? { former } : {}),
  });
}

/** POST to a collection: creates (4.2.1.1), or asks for an action of the collection's own (import, 5.13.2.1). */
export async function create(views: Views, routed: Routed, idempotency: Idempotency | undefined, action: string): Promise<Accepted> {
  const { protocol, location, cloudKey } = routed;
  const handler = protocol.handlerOf(location.type);
  const adds = handler?.create !== undefined && couldAdd(routed);
  const acts = collectionActions(routed).length > 0;
  if (!adds && !acts) throw notAllowed(routed);
  checkCreateConditions(routed.request.headers);
  await permitOwner(views, routed);
  const { type } = location;
  const template = protocol.catalogue.resource(type).create?.template;
  const creates: Shape = template === undefined ? { kind: 'resource', type, purpose: 'create' } : { kind: 'create', type };
  const linked = Object.values(linkActions(routed)).length > 0;
  const { shape, values } = bodyOf(routed, [
    ...(adds ? [creates] : []),
    ...(adds && linked ? [{ kind: 'action' as const, type: linkSource(routed) ?? type }] : []),
    ...(acts ? [{ kind: 'action' as const, type: location.collection?.name ?? '' }] : []),
  ]);
  if (acts && shape.kind === 'action') return actOnAll(views, routed, idempotency, values);
  const context = planContext(views, routed, namedCloud(routed, values));
  const given = shape.kind === 'action' ? {} : values;
  const attribute = template === undefined ? undefined : protocol.catalogue.templateAttribute(type);
  const collection = entryPath(cloudKey, routed.path);
  const merged = attribute === undefined ? {} : await templateOf(context, attribute, template ?? '', given[attribute]);
  const common: Values = Object.fromEntries(Object.entries(given).filter(([name, value]) => name !== attribute && value !== null));
  return retryStale(async () => {
    const planned = await (handler?.create as NonNullable<ResourceHandler['create']>)(context, {
      values: placedBy(merged, common),
      template: merged,
      collection,
    });
    // What the handler has to say of it goes first: it knows what is meant.
    if (shape.kind === 'resource') mustSayAll(protocol.catalogue, type, given);
    const plan = await generated(routed, planned, { action, idempotency });
    const partial = plan.insert?.find(({ path }) => path === plan.location)?.values ?? (template === undefined ? common : {});
    return { kind: 'create', plan, job: await accept(routed, plan, { action, idempotency }), partial };
  }, false);
}

/** An Action that was asked of the collection itself. @throws Refusal 400 */
async function actOnAll(views: Views, routed: Routed, idempotency: Idempotency | undefined, parameters: Values): Promise<Accepted> {
  const { protocol, location, cloudKey } = routed;
  const type = location.collection?.name ?? '';
  const action = protocol.catalogue.collectionAction(type, String(parameters.action));
  const offered = action && collectionActions(routed).includes(action.name);
  const asked = offered ? protocol.handlerOf(location.type)?.actOnAll?.[action.name] : undefined;
  if (!action || !asked)
    throw new Refusal(400, `${shown(String(parameters.action))} is no operation of ${type}`, { at: 'action', kind: 'unsupported' });
  return retryStale(async () => {
    const plan = await asked.plan(planContext(views, routed, undefined, action.name), {
      parameters,
      collection: entryPath(cloudKey, routed.path),
      internal: (uri) => internalUri(uri, protocol.base),
      document: (uri) => documentAt(uri, protocol.base),
    });
    const partial = plan.insert?.find(({ path }) => path === plan.location)?.values ?? {};
    return { kind: 'create', plan, job: await accept(routed, plan, { action: action.uri, idempotency }), partial };
  }, false);
}

/** Path below the public URL, which the base lies below. */
function documentAt(uri: string, base: string): string | undefined {
  const beside = new URL('..', base).href;
  return uri.startsWith(beside) && !uri.startsWith(base) ? uri.slice(beside.length) : undefined;
}

/** Links (capture, snapshot) that lead to the collection posted to, by name. */
function linkActions({ protocol, location }: Routed): Record<string, string> {
  const links: Record<string, string> = {};
  for (const resource of protocol.catalogue.resources) {
    for (const [name, action] of Object.entries(resource.actions ?? {}))
      if (action.performedOn === location.collection?.name) links[name] = resource.name;
  }
  return links;
}

/** The type whose link was followed, when the href's own query says so. */
function linkSource(routed: Routed): string | undefined {
  const from = routed.request.query.find(([name]) => name === 'from')?.[1];
  const links = linkActions(routed);
  return from === undefined ? Object.values(links)[0] : links[from];
}

/** The template's attributes: by value, by reference, or by reference with overrides and erasures. */
async function templateOf(context: PlanContext, attribute: string, type: string, given: Values[string]): Promise<Values> {
  // An empty element is a template by value that says nothing: everything is left to the provider.
  const ref: Ref | undefined = given === null ? {} : asRef(given);
  if (!ref) throw new Refusal(400, `a ${type} is needed, by reference or by value`, { at: attribute });
  if (ref.href === undefined) return mergeTemplate({}, ref);
  const referred = await context.resolve(ref.href, type, attribute);
  return mergeTemplate(referred.values, ref);
}

/** The resource that a change is about, read past every cache where the client named a version. */
async function target(views: Views, routed: Routed): Promise<View> {
  const { headers } = routed.request;
  const view = await views.one(routed, isConditional(headers) ? { maxAgeMs: 0 } : {});
  checkConditions(headers, view.core);
  return view;
}

/** Returns what a change is about, once the policy has let the caller change it. @throws Refusal 403, 405 */
function changeableOf(view: View, routed: Routed, action: string): { found: Changeable; handler: ResourceHandler } {
  const { protocol, principal } = routed;
  const handler = protocol.handlerOf(view.type);
  if (!view.found || !handler) throw notAllowed(routed);
  return { found: permitChange(protocol.policy, principal, view.found, action), handler };
}

/** Lets a create in a nested collection through: it changes the owner. @throws Refusal 403, 404 */
async function permitOwner(views: Views, routed: Routed): Promise<void> {
  const { protocol, principal } = routed;
  const owner = await views.owner(routed);
  const { apart } = protocol.handlerOf(routed.location.type) ?? {};
  if (owner) permitChange(protocol.policy, principal, apart ? { ...owner, cloud: null } : owner, 'edit');
}

/** Refuses what the provider refuses of this very item although its type allows it. */
function mustTake(found: Found, operation: 'edit' | 'delete'): void {
  const reason = found.item?.refuses?.[operation];
  if (reason !== undefined) throw new Refusal(409, `${found.path}: ${reason}`, { kind: 'conflict' });
}

/** Refuses what is not offered, whatever its handler would make of it (4.2). @throws Refusal 400 */
function mustOffer(name: string, found: Found, handler: ResourceHandler, { protocol }: Routed): void {
  if (handler.offered(found, protocol.catalogue).includes(name)) return;
  const who =
    name === 'edit' && found.cloud
      ? `cloud '${found.cloud.key}' does not change what it has of type ${found.type}`
      : 'this is not possible now';
  throw new Refusal(400, `${found.path}: ${who}; ${name} is not among its operations`, { kind: 'unsupported' });
}

/** PUT: full, or partial with $select (4.2.1.3). */
export async function update(views: Views, routed: Routed, idempotency: Idempotency | undefined, action: string): Promise<Accepted> {
  const { location, request } = routed;
  const first = await target(views, routed);
  const { handler } = changeableOf(first, routed, 'edit');
  if (!handler.update) throw notAllowed(routed);
  const { values } = bodyOf(routed, [{ kind: 'resource', type: location.type, purpose: 'update' }], first.values);
  const change = updateRequest(routed, values);
  let view: View | undefined = first;
  return retryStale(async () => {
    view ??= await target(views, routed);
    const { found } = changeableOf(view, routed, 'edit');
    view = undefined;
    if (found.held) throw heldBy(found);
    mustTake(found, 'edit');
    mustKeepAll(routed.protocol.catalogue, found, change);
    const plan = await (handler.update as NonNullable<ResourceHandler['update']>)(planContext(views, routed), found, change);
    mustOffer('edit', found, handler, routed);
    return { kind: 'update', plan, job: await accept(routed, plan, { action, idempotency, found }) };
  }, isConditional(request.headers));
}

/**
 * Computes what a PUT sets and erases. Full: whatever writable attribute is absent goes, but for write-only ones, which no GET
 * could have shown (D157). Partial: only the listed ones, and no other may be in the body (4.2.1.3.1).
 */
export function updateRequest({ protocol, location, request }: Routed, body: Values): UpdateRequest {
  const { select } = parseQuery(request.query, 'resource');
  const declared = protocol.catalogue.attributesOf(location.type);
  const listed = select && !select.includes('*') ? new Set(select) : undefined;
  const set: Values = {};
  const erase: string[] = [];
  const omitted: string[] = [];
  for (const [name, value] of Object.entries(body)) {
    if (listed && !listed.has(name)) throw new BodyError('this attribute is not listed in $select (4.2.1.3.1)', name);
    if (value === null) erase.push(name);
    else if (value !== undefined) set[name] = value;
  }
  for (const [name, attribute] of Object.entries(declared)) {
    if (attribute.consumer.endsWith('read-only') || name in body) continue;
    if (listed?.has(name)) erase.push(name);
    else if (!listed && !attribute.consumer.endsWith('write-only')) omitted.push(name);
  }
  return { set, erase: [...erase, ...omitted], omitted };
}

/** DELETE. */
export async function remove(views: Views, routed: Routed, idempotency: Idempotency | undefined, action: string): Promise<Accepted> {
  return retryStale(async () => {
    const view = await target(views, routed);
    const { found, handler } = changeableOf(view, routed, 'delete');
    if (!handler.remove) throw notAllowed(routed);
    if (found.held?.shows === 'DELETING' || found.row?.internal.shows === 'DELETING') throw heldBy(found);
    if (found.held && !handler.offered(found, routed.protocol.catalogue).includes('delete')) throw heldBy(found);
    mustTake(found, 'delete');
    const plan = await handler.remove(planContext(views, routed), found);
    mustOffer('delete', found, handler, routed);
    return { kind: 'remove', plan, job: await accept(routed, plan, { action, idempotency, found, deletes: true }) };
  }, isConditional(routed.request.headers));
}

/** POST of an Action to a resource (4.2.1.5). */
export async function act(views: Views, routed: Routed, idempotency: Idempotency | undefined): Promise<Accepted> {
  if (!routed.protocol.handlerOf(routed.location.type)?.act) throw notAllowed(routed);
  const { values } = actionOfBody(routed);
  const { catalogue } = routed.protocol;
  return retryStale(async () => {
    const view = await target(views, routed);
    const action = catalogue.action(view.type, String(values.action));
    // Of an action that there is not it is told that, to whoever may see the resource.
    const { found, handler } = changeableOf(view, routed, action?.name ?? READ);
    const planner = action && handler.act?.[action.name];
    if (!action || !planner)
      throw new Refusal(400, `${shown(String(values.action))} is no operation of ${found.type}`, { at: 'action', kind: 'unsupported' });
    if (found.held && !handler.offered(found, catalogue).includes(action.name)) throw heldBy(found);
    const plan = await planner(planContext(views, routed), found, values);
    if (!plan.beyondOffer) mustOffer(action.name, found, handler, routed);
    return { kind: 'act', plan, job: await accept(routed, plan, { action: action.uri, idempotency, found }) };
  }, isConditional(routed.request.headers));
}

/** The Action body of a POST to a resource, or to a collection. */
export function actionOfBody(routed: Routed): { values: Values } {
  const { collection, kind, type } = routed.location;
  const { values } = bodyOf(routed, [{ kind: 'action', type: kind === 'collection' ? (collection?.name ?? '') : type }]);
  if (typeof values.action !== 'string') throw new BodyError('the action is missing', 'action');
  return { values };
}

/** Body of a PUT of something whose rules are not a handler's (Jobs). */
export function updateOfBody(routed: Routed, former: Values): UpdateRequest {
  const { values } = bodyOf(routed, [{ kind: 'resource', type: routed.location.type, purpose: 'update' }], former);
  return updateRequest(routed, values);
}

/** Refusal 405 of a method that the resource does not take from this caller now. */
export function notAllowed(routed: Routed): Refusal {
  const { request, location } = routed;
  const path = shown(request.path, 300);
  const message =
    location.kind === 'collection' && request.method === 'POST'
      ? `nothing can be created in ${path}: ${whyNoCreate(routed)}`
      : `${path} does not support ${shown(request.method, 20)}: the header Allow lists the methods that it does`;
  return new Refusal(405, message, { kind: 'unsupported' });
}

function whyNoCreate({ protocol, principal, location }: Routed): string {
  const needs = protocol.handlerOf(location.type)?.createNeeds;
  if (!needs || !location.collection?.add) return `the gateway creates no ${location.type} on request`;
  if (protocol.policy.cloudsOf(principal.tenant).length === 0) return `no cloud is configured for the tenant '${principal.tenant}'`;
  return `no cloud of this entry point offers ${needs.join('.')}`;
}
