import { makeTag, newId } from '../clouds/identity';
import { BodyError, type Shape } from '../codec/codec';
import { formatOf } from '../codec/negotiate';
import type { Ref, Values } from '../model/values';
import { heldBy, Refusal, type Family, type Found, type Plan, type PlanContext, type UpdateRequest } from '../operations/family';
import { asRef, mergeTemplate } from '../operations/merge';
import { joined } from '../operations/stored';
import { parseQuery } from '../query/query';
import { accept, retryStale } from './accept';
import { checkMatch } from './conditions';
import type { Idempotency } from './idempotency';
import { canAdd } from './read';
import { entryPath, notFound, type Routed } from './router';
import type { View } from './view';
import type { Views } from './views';
import type { JobRow } from '../store/store';

/** A change as it was accepted. */
export interface Accepted {
  kind: 'create' | 'update' | 'remove' | 'act';
  plan: Plan;
  job: JobRow;
}

/** Reads a request body as one of the shapes. @throws Refusal 415, BodyError. */
function bodyOf({ protocol, request }: Routed, shapes: readonly Shape[]): { shape: Shape; values: Values } {
  const type = request.headers['content-type'];
  const format = formatOf(type);
  if (!format) throw new Refusal(415, `bodies are application/json or application/xml in UTF-8, not ${type ?? 'of no type at all'}`);
  if (!request.body || request.body.length === 0) throw new BodyError('the request has no body', '');
  return protocol.readers[format](request.body, shapes, { base: protocol.base, limits: protocol.bodyLimits });
}

function mustNotBeReader({ principal }: Routed): void {
  if (principal.role === 'reader') throw new Refusal(403, `${principal.name} may read only`, { kind: 'forbidden' });
}

/** What a family may use while it plans. */
function planContext(views: Views, routed: Routed): PlanContext {
  const { protocol, principal, cloudKey, request } = routed;
  const { finder, lister } = views;
  return {
    principal,
    catalogue: protocol.catalogue,
    clouds: protocol.clouds,
    store: protocol.store,
    entryCloud: cloudKey,
    defaultCloud: protocol.defaultCloud,
    parameters: Object.fromEntries(request.query.filter(([name]) => !name.startsWith('$'))),
    async resolve(href, type, at) {
      const location = protocol.catalogue.locate(href);
      if (location && location.kind === 'item' && location.type !== type) {
        throw new Refusal(400, `${at}: ${href} is ${withArticle(location.type)}, ${withArticle(type)} is needed`);
      }
      const found = location ? await finder.find(href, principal.tenant) : undefined;
      if (!found || found.type !== type) throw new Refusal(400, `${at}: there is no ${type} at ${href}`);
      if (found.held?.shows === 'DELETING') throw new Refusal(409, `${at}: ${href} is being deleted`, { job: found.held.job });
      return found.row ? { ...found, values: { ...joined(found.values, found.row.secrets) } } : found;
    },
    async list(type, cloud) {
      const family = protocol.familyOf(type);
      if (!family) return [];
      const { founds, unavailable } = await lister.list(family, { tenant: principal.tenant, cloudKey: cloud?.key });
      // What cannot be read now is not missing: nothing may be planned as if it were.
      for (const { error } of unavailable) throw error;
      return founds;
    },
    newId,
    tag: (id) => makeTag(protocol.tagKey, id, principal.tenant),
  };
}

function withArticle(type: string): string {
  return `${/^[AEIOU]/.test(type) ? 'an' : 'a'} ${type}`;
}

/** POST to a collection: creates (4.2.1.1). */
export async function create(views: Views, routed: Routed, idempotency: Idempotency | undefined, action: string): Promise<Accepted> {
  mustNotBeReader(routed);
  const { protocol, location, cloudKey } = routed;
  const family = protocol.familyOf(location.type);
  if (!family?.create || !canAdd(routed)) throw notAllowed(routed);
  if (location.owner && !(await views.finder.find(location.owner.path, routed.principal.tenant))) throw notFound(routed.request.path);
  const { type } = location;
  const template = protocol.catalogue.resource(type).create?.template;
  const shapes: Shape[] = template === undefined ? [{ kind: 'resource', type, purpose: 'create' }] : [{ kind: 'create', type }];
  const linked = Object.values(linkActions(routed)).length > 0;
  const { shape, values } = bodyOf(routed, linked ? [...shapes, { kind: 'action', type: linkSource(routed) ?? type }] : shapes);
  const context = planContext(views, routed);
  const given = shape.kind === 'action' ? {} : values;
  const attribute = template === undefined ? undefined : protocol.catalogue.templateAttribute(type);
  const collection = entryPath(cloudKey, routed.path);
  const merged = attribute === undefined ? {} : await templateOf(context, attribute, template ?? '', given[attribute]);
  const common: Values = Object.fromEntries(Object.entries(given).filter(([name, value]) => name !== attribute && value !== null));
  return retryStale(async () => {
    const plan = await (family.create as NonNullable<Family['create']>)(context, { values: common, template: merged, collection });
    return { kind: 'create', plan, job: await accept(routed, plan, { action, idempotency }) };
  }, false);
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
  if (!ref) throw new Refusal(400, `${attribute}: a ${type} is needed, by reference or by value`);
  if (ref.href === undefined) return mergeTemplate({}, ref);
  const referred = await context.resolve(ref.href, type, attribute);
  return mergeTemplate(referred.values, ref);
}

/** The resource that a change is about, read past every cache where the client named a version. */
async function target(views: Views, routed: Routed): Promise<View> {
  const condition = routed.request.headers['if-match'];
  const view = await views.one(routed, condition === undefined ? {} : { maxAgeMs: 0 });
  checkMatch(condition, view.core);
  return view;
}

function foundOf(view: View, routed: Routed): { found: Found; family: Family } {
  const family = routed.protocol.familyOf(view.type);
  if (!view.found || !family) throw notAllowed(routed);
  if (view.found.cloud?.mode === 'observe')
    throw new Refusal(403, `cloud '${view.found.cloud.key}' is only observed: no change is accepted`, { kind: 'forbidden' });
  return { found: view.found, family };
}

/** A shared resource belongs to another tenant or to the account: whoever sees it may not change it. */
function mustBeOwn(found: Found, { principal }: Routed): void {
  if (found.tenant !== principal.tenant)
    throw new Refusal(403, `${found.path} is shared with tenant '${principal.tenant}', not its own`, { kind: 'forbidden' });
}

/** What the provider refuses of this very item although its type allows it. */
function mustTake(found: Found, operation: 'edit' | 'delete'): void {
  const reason = found.item?.refuses?.[operation];
  if (reason !== undefined) throw new Refusal(409, `${found.path}: ${reason}`, { kind: 'conflict' });
}

/** What `edit` is not offered of takes no PUT: its cloud has no way to change it. */
function mustOfferEdit(found: Found, family: Family, { protocol }: Routed): void {
  if (family.offered(found, protocol.catalogue).includes('edit')) return;
  const who = found.cloud ? `cloud '${found.cloud.key}' does not change what it has of type ${found.type}` : 'it cannot be changed now';
  throw new Refusal(400, `${found.path}: ${who}; edit is not among its operations`, { kind: 'unsupported' });
}

/** PUT: full, or partial with $select (4.2.1.3). */
export async function update(views: Views, routed: Routed, idempotency: Idempotency | undefined, action: string): Promise<Accepted> {
  mustNotBeReader(routed);
  const { location, request } = routed;
  const first = await target(views, routed);
  const { family } = foundOf(first, routed);
  if (!family.update) throw notAllowed(routed);
  const { values } = bodyOf(routed, [{ kind: 'resource', type: location.type, purpose: 'update' }]);
  const change = updateRequest(routed, values);
  let view: View | undefined = first;
  return retryStale(async () => {
    view ??= await target(views, routed);
    const { found } = foundOf(view, routed);
    view = undefined;
    mustBeOwn(found, routed);
    if (found.held) throw heldBy(found);
    mustTake(found, 'edit');
    const plan = await (family.update as NonNullable<Family['update']>)(planContext(views, routed), found, change);
    mustOfferEdit(found, family, routed);
    return { kind: 'update', plan, job: await accept(routed, plan, { action, idempotency, found }) };
  }, request.headers['if-match'] !== undefined);
}

/**
 * What a PUT sets and erases. Full: whatever writable attribute is absent goes, but for write-only ones, which no
 * GET could have shown (D157). Partial: only the listed ones, and no other may be in the body (4.2.1.3.1).
 */
export function updateRequest({ protocol, location, request }: Routed, body: Values): UpdateRequest {
  const { select } = parseQuery(request.query, 'resource');
  const declared = protocol.catalogue.attributesOf(location.type);
  const listed = select && !select.includes('*') ? new Set(select) : undefined;
  const set: Values = {};
  const erase: string[] = [];
  for (const [name, value] of Object.entries(body)) {
    if (listed && !listed.has(name)) throw new BodyError('this attribute is not listed in $select (4.2.1.3.1)', name);
    if (value === null) erase.push(name);
    else if (value !== undefined) set[name] = value;
  }
  for (const [name, attribute] of Object.entries(declared)) {
    if (attribute.consumer.endsWith('read-only') || name in body) continue;
    if (listed ? listed.has(name) : !attribute.consumer.endsWith('write-only')) erase.push(name);
  }
  return { set, erase };
}

/** DELETE. */
export async function remove(views: Views, routed: Routed, idempotency: Idempotency | undefined, action: string): Promise<Accepted> {
  mustNotBeReader(routed);
  return retryStale(async () => {
    const view = await target(views, routed);
    const { found, family } = foundOf(view, routed);
    if (!family.remove) throw notAllowed(routed);
    mustBeOwn(found, routed);
    if (found.held?.shows === 'DELETING' || found.row?.internal.shows === 'DELETING') throw heldBy(found);
    if (found.held && !family.offered(found, routed.protocol.catalogue).includes('delete')) throw heldBy(found);
    mustTake(found, 'delete');
    const plan = await family.remove(planContext(views, routed), found);
    return { kind: 'remove', plan, job: await accept(routed, plan, { action, idempotency, found }) };
  }, routed.request.headers['if-match'] !== undefined);
}

/** POST of an Action to a resource (4.2.1.5). */
export async function act(views: Views, routed: Routed, idempotency: Idempotency | undefined): Promise<Accepted> {
  mustNotBeReader(routed);
  if (!routed.protocol.familyOf(routed.location.type)?.act) throw notAllowed(routed);
  const { values } = actionOfBody(routed);
  const { catalogue } = routed.protocol;
  return retryStale(async () => {
    const view = await target(views, routed);
    const { found, family } = foundOf(view, routed);
    const action = catalogue.action(found.type, String(values.action));
    const planner = action && family.act?.[action.name];
    if (!action || !planner)
      throw new Refusal(400, `action: ${String(values.action)} is no operation of ${found.type}`, { kind: 'unsupported' });
    mustBeOwn(found, routed);
    if (found.held && !family.offered(found, catalogue).includes(action.name)) throw heldBy(found);
    const plan = await planner(planContext(views, routed), found, values);
    return { kind: 'act', plan, job: await accept(routed, plan, { action: action.uri, idempotency, found }) };
  }, routed.request.headers['if-match'] !== undefined);
}

/** The Action body of a POST to a resource. */
export function actionOfBody(routed: Routed): { values: Values } {
  const { values } = bodyOf(routed, [{ kind: 'action', type: routed.location.type }]);
  if (typeof values.action !== 'string') throw new BodyError('the action is missing', 'action');
  return { values };
}

/** Body of a PUT of something whose rules are not a family's (Jobs). */
export function updateOfBody(routed: Routed): UpdateRequest {
  const { values } = bodyOf(routed, [{ kind: 'resource', type: routed.location.type, purpose: 'update' }]);
  return updateRequest(routed, values);
}

/** 405 for a method that the resource does not take from this caller now. */
export function notAllowed({ request }: Routed): Refusal {
  return new Refusal(405, `${request.method} is not possible on ${request.path}`, { kind: 'unsupported' });
}
