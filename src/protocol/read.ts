import type { CollectionDocument, Document } from '../codec/codec';
import type { Collection } from '../model/define';
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
import type { Encoded } from './encodings';
import type { CimiResponse } from './messages';
import { entryPath, type Routed } from './router';
import type { View } from './view';
import type { ViewList, Views } from './views';
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
  const names = expandNames(query.expand, attributes);
  const [expanded] = await expand(views, routed, [view], names);
  const writer = protocol.writers[acceptable(routed)];
  const encode = (): Encoded => {
    const shown = { ...(expanded ?? view), values: { ...(expanded ?? view).values, ...more } };
    const document = documentOf(shown, selectResource(query.select, attributes));
    const bytes = [writer.document(document, { base: protocol.base })];
    return { body: bytes, tag: entityTag(view.core(), bytes) };
  };
  const isItself = names.length === 0 && Object.keys(more).length === 0;
  const shape = `${writer.format} ${query.select?.join(',') ?? ''}`;
  const { body, tag } = isItself && isKept(view) ? views.encodings.one(view, shape, encode) : encode();
  const headers: Record<string, string> = { 'Content-Type': writer.mediaType, ETag: tag, ...ageOf(view) };
  if (request.method === 'GET' && isKnown(request.headers['if-none-match'], tag)) return { status: 304, headers: { ETag: tag } };
  return { status, headers, body };
}

/** Whether the same state will be the same view again; of what the gateway keeps in rows each reading is new. */
function isKept({ found }: View): boolean {
  return found?.item !== undefined;
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
  const { protocol, request, location } = routed;
  if (!location.collection) throw new Refusal(404, `there is nothing at ${routed.path}`);
  const writer = protocol.writers[acceptable(routed)];
  const query = parseQuery(request.query);
  const names = expandNames(query.expand, protocol.catalogue.attributesOf(location.type));
  const windowed = query.first !== undefined || query.last !== undefined;
  if (windowed || names.length > 0) return encodeList(views, routed, query, await orderedList(views, routed, query));
  const matches = matcher(query, routed);
  const all = await views.all(routed, matches);
  const headers = { 'Content-Type': writer.mediaType, ...oldest(all.views) };
  const key = all.unavailable.length === 0 && all.views.every(isKept) ? keyOf(routed, writer.format) : undefined;
  const known = key === undefined ? undefined : views.encodings.list(key, all.views);
  if (known) return answerList(routed, known, headers);
  const response = await encodeList(views, routed, query, ordered(all, query, routed, matches));
  if (key !== undefined && response.body && response.headers.ETag !== undefined)
    views.encodings.keep(key, all.views, { body: response.body, tag: response.headers.ETag });
  return response;
}

/** Writes the window of an ordered list that the query asks for. */
async function encodeList(views: Views, routed: Routed, query: Query, { views: all, unavailable }: Ordered): Promise<CimiResponse> {
  const { protocol, location, cloudKey } = routed;
  const collection = location.collection as Collection;
  const writer = protocol.writers[acceptable(routed)];
  const attributes = protocol.catalogue.attributesOf(location.type);
  const chosen = subset(all, query);
  const selection = selectCollection(query.select, collection.json, attributes, query.filter !== undefined);
  const items = selection?.items === null ? [] : await expand(views, routed, chosen, expandNames(query.expand, attributes));
  const path = entryPath(cloudKey, routed.path);
  const has = (name: string) => !selection || selection.own.has(name);
  const document: CollectionDocument = {
    type: collection.name,
    ...(has('id') ? { id: path } : {}),
    ...(has('count') ? { count: all.length } : {}),
    items: items.map((view) => documentOf(view, selection?.items ?? undefined)),
    ...(has('operations') ? { operations: addOf(routed, path) } : {}),
    ...(unavailable.length > 0
      ? { extensions: { unavailableClouds: unavailable.map(({ cloud, words }) => `${cloud}: ${words}`) as Value } }
      : {}),
  };
  const body = await writer.collection(document, { base: protocol.base });
  const headers: Record<string, string> = { 'Content-Type': writer.mediaType, ...oldest(all) };
  if (unavailable.length > 0) {
    return { status: 200, headers: { ...headers, 'CIMI-Unavailable-Clouds': unavailable.map(({ cloud }) => cloud).join(', ') }, body };
  }
  return answerList(routed, { body, tag: entityTag('list', body) }, headers);
}

function answerList({ request }: Routed, { body, tag }: Encoded, headers: Record<string, string>): CimiResponse {
  if (isKnown(request.headers['if-none-match'], tag)) return { status: 304, headers: { ETag: tag } };
  return { status: 200, headers: { ...headers, ETag: tag }, body };
}

/** All that shapes the bytes of a list beside the items themselves. */
function keyOf({ principal, cloudKey, path, request }: Routed, format: string): string {
  const shaping = request.query.filter(([name]) => name.startsWith('$'));
  return JSON.stringify([principal.tenant, principal.role, cloudKey ?? '', path, format, shaping]);
}

/** The whole list that the query's window is cut from. */
async function orderedList(views: Views, routed: Routed, query: Query): Promise<Ordered> {
  const windowed = query.first !== undefined || query.last !== undefined;
  const key = windowed ? windowKey(routed) : '';
  const earlier = views.windows.earlier(key, query.first);
  if (earlier) return earlier;
  const matches = matcher(query, routed);
  const list = ordered(await views.all(routed, matches), query, routed, matches);
  if (windowed) views.windows.keep(key, list);
  return list;
}

function ordered(
  { views: all, unavailable }: ViewList,
  query: Query,
  { protocol, location }: Routed,
  matches: Matches | undefined,
): Ordered {
  return { views: order(matches ? all.filter(({ values }) => matches(values)) : all, query, protocol, location.type), unavailable };
}

type Matches = (values: Values) => boolean;

function matcher({ filter }: Query, { protocol, location }: Routed): Matches | undefined {
  return filter && compileFilter(filter, protocol.catalogue.attributesOf(location.type), { base: protocol.base });
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
