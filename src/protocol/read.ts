import type { CollectionDocument, Document } from '../codec/codec';
import type { Value, Values } from '../model/values';
import { Refusal } from '../operations/family';
import { expandNames } from '../query/expand';
import { compileFilter } from '../query/filter';
import { compileOrder, compareText } from '../query/order';
import { parseQuery, subset, type Query } from '../query/query';
import { selectCollection, selectResource } from '../query/select';
import { negotiate } from '../codec/negotiate';
import type { Protocol } from './context';
import { entityTag, isKnown } from './conditions';
import { expand } from './expand';
import type { CimiResponse } from './messages';
import { entryPath, type Routed } from './router';
import type { View } from './view';
import type { Views } from './views';
import { windowKey, type Ordered } from './windows';

/** GET of anything. */
export async function read(views: Views, routed: Routed): Promise<CimiResponse> {
  return routed.location.kind === 'collection' ? readCollection(views, routed) : readOne(views, routed);
}

async function readOne(views: Views, routed: Routed): Promise<CimiResponse> {
  const query = parseQuery(routed.request.query, 'resource');
  const view = await views.one(routed);
  return represent(views, routed, view, query, 200);
}

/** Answers with one resource. */
export async function represent(
  views: Views,
  routed: Routed,
  view: View,
  query: Query,
  status: number,
  more: Values = {},
): Promise<CimiResponse> {
  const { protocol, request } = routed;
  const attributes = protocol.catalogue.attributesOf(view.type);
  const [expanded] = await expand(views, routed, [view], expandNames(query.expand, attributes));
  const document = documentOf(
    { ...(expanded ?? view), values: { ...(expanded ?? view).values, ...more } },
    selectResource(query.select, attributes),
  );
  const writer = protocol.writers[acceptable(routed)];
  const body = [writer.document(document, { base: protocol.base })];
  const tag = entityTag(view.core(), body);
  const headers: Record<string, string> = { 'Content-Type': writer.mediaType, ETag: tag, ...ageOf(view) };
  if (request.method === 'GET' && isKnown(request.headers['if-none-match'], tag)) return { status: 304, headers: { ETag: tag } };
  return { status, headers, body };
}

/** How old the provider's part of the answer is. */
function ageOf(view: View): Record<string, string> {
  if (!view.found?.cloud) return {};
  return { Age: String(Math.max(0, Math.floor((Date.now() - view.found.at) / 1000))) };
}

function documentOf(view: View, selected: ReadonlySet<string> | undefined): Document {
  if (!selected) return { type: view.type, values: view.values, operations: view.operations };
  const values: Values = {};
  for (const name of selected) if (view.values[name] !== undefined) values[name] = view.values[name];
  return { type: view.type, values, ...(selected.has('operations') ? { operations: view.operations } : {}) };
}

async function readCollection(views: Views, routed: Routed): Promise<CimiResponse> {
  const { protocol, request, location, cloudKey } = routed;
  const collection = location.collection;
  if (!collection) throw new Refusal(404, `there is nothing at ${routed.path}`);
  const writer = protocol.writers[acceptable(routed)];
  const query = parseQuery(request.query);
  const attributes = protocol.catalogue.attributesOf(location.type);
  const { views: ordered, unavailable } = await orderedList(views, routed, query);
  const chosen = subset(ordered, query);
  const selection = selectCollection(query.select, collection.json, attributes, query.filter !== undefined);
  const items = selection?.items === null ? [] : await expand(views, routed, chosen, expandNames(query.expand, attributes));
  const path = entryPath(cloudKey, routed.path);
  const has = (name: string) => !selection || selection.own.has(name);
  const document: CollectionDocument = {
    type: collection.name,
    ...(has('id') ? { id: path } : {}),
    ...(has('count') ? { count: ordered.length } : {}),
    items: items.map((view) => documentOf(view, selection?.items ?? undefined)),
    ...(has('operations') ? { operations: addOf(routed, path) } : {}),
    ...(unavailable.length > 0
      ? { extensions: { unavailableClouds: unavailable.map(({ cloud, words }) => `${cloud}: ${words}`) as Value } }
      : {}),
  };
  const body = await writer.collection(document, { base: protocol.base });
  const headers: Record<string, string> = { 'Content-Type': writer.mediaType, ...oldest(ordered) };
  if (unavailable.length > 0) {
    return { status: 200, headers: { ...headers, 'CIMI-Unavailable-Clouds': unavailable.map(({ cloud }) => cloud).join(', ') }, body };
  }
  const tag = entityTag('list', body);
  if (isKnown(request.headers['if-none-match'], tag)) return { status: 304, headers: { ETag: tag } };
  return { status: 200, headers: { ...headers, ETag: tag }, body };
}

/** The whole list that the query's window is cut from. */
async function orderedList(views: Views, routed: Routed, query: Query): Promise<Ordered> {
  const { protocol, location } = routed;
  const windowed = query.first !== undefined || query.last !== undefined;
  const key = windowed ? windowKey(routed) : '';
  const earlier = views.windows.earlier(key, query.first);
  if (earlier) return earlier;
  const { views: all, unavailable } = await views.all(routed);
  const list = {
    views: order(query.filter ? filter(all, query, protocol, location.type) : all, query, protocol, location.type),
    unavailable,
  };
  if (windowed) views.windows.keep(key, list);
  return list;
}

function filter(all: readonly View[], query: Query, protocol: Protocol, type: string): View[] {
  if (!query.filter) return [...all];
  const matches = compileFilter(query.filter, protocol.catalogue.attributesOf(type), { base: protocol.base });
  return all.filter((view) => matches(view.values));
}

/** The order asked for, then created and id, so that successive windows see one list. */
function order(views: readonly View[], query: Query, protocol: Protocol, type: string): View[] {
  const asked = query.orderBy.length > 0 ? compileOrder(query.orderBy, protocol.catalogue.attributesOf(type)) : undefined;
  return [...views].sort((a, b) => asked?.(a.values, b.values) || compareText(a.created, b.created) || compareText(a.path, b.path));
}

function oldest(views: readonly View[]): Record<string, string> {
  const times = views.flatMap((view) => (view.found?.cloud ? [view.found.at] : []));
  if (times.length === 0) return {};
  return { Age: String(Math.max(0, Math.floor((Date.now() - times.reduce((a, b) => Math.min(a, b))) / 1000))) };
}

/** `add`, where this caller's create could work here. */
function addOf(routed: Routed, path: string): { rel: string; href: string }[] {
  return canAdd(routed) ? [{ rel: 'add', href: path }] : [];
}

export function canAdd({ protocol, principal, location, cloudKey }: Routed): boolean {
  const family = protocol.familyOf(location.type);
  if (!family?.create || principal.role === 'reader' || !location.collection?.add) return false;
  const needs = family.createNeeds;
  if (!needs) return true;
  return protocol.clouds
    .forTenant(principal.tenant)
    .some((cloud) => (cloudKey ?? cloud.key) === cloud.key && cloud.offers(needs[0], needs[1]));
}

/** @throws Refusal 406 where nothing that the client accepts can be made. */
export function acceptable({ request }: Pick<Routed, 'request'>): 'json' | 'xml' {
  const asked = request.query.find(([name]) => name === '$format')?.[1];
  const format = negotiate(request.headers.accept, asked);
  if (!format) throw new Refusal(406, 'representations are application/json and application/xml');
  return format;
}
