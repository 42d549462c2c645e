import { TooManyBytes, type CollectionDocument, type CollectionItem } from '../codec/codec';
import { entryPath } from '../model/cloud-path';
import type { Collection } from '../model/define';
import { eased } from '../model/turns';
import type { Value, Values } from '../model/values';
import { Refusal, type Found } from '../operations/resource-handler';
import { expansionsOf } from '../query/expand';
import { compileFilter } from '../query/filter';
import { compileOrder, compareText } from '../query/order';
import { parseQuery, subset, type Query } from '../query/query';
import { selectResource } from '../query/select';
import { EVENT_STREAM, negotiate } from '../codec/negotiate';
import type { Protocol } from './context';
import { collectionOperations } from './can-add';
import { entityTag, isKnown, listTag } from './conditions';
import { documentOf, formatAsked, selectionOf } from './documents';
import { expand } from './expand';
import type { Encoded } from './encodings';
import { ageSince } from './kept-answers';
import type { CimiResponse } from './messages';
import { sortInTurns } from './in-turns';
import { partWithNews } from './news';
import type { ListScope } from '../reader/reading';
import type { Routed } from './router';
import type { Part } from '../reader/stored-list';
import { narrowedBy } from '../reader/stored-tables';
import type { View } from './view';
import type { ViewList, Views } from './views';
import { isStreamed, streamed } from './stream';
import { windowKey, type Ordered } from './windows';
import { shown } from '../model/shown';
import { steadyTime } from '../model/steady-time';

/** GET of anything. */
export async function read(views: Views, routed: Routed): Promise<CimiResponse> {
  return routed.location.kind === 'collection' ? readCollection(views, routed) : readOne(views, routed);
}

async function readOne(views: Views, routed: Routed): Promise<CimiResponse> {
  const query = parseQuery(routed.request.query, 'resource');
  const view = await views.one(routed);
  const waited = view.job && (await routed.protocol.waiting.preferred(routed.request, view.job));
  if (!waited) return represent(views, routed, view, query, 200);
  const answer = await represent(views, routed, await views.one(routed), query, 200);
  return { ...answer, headers: { ...answer.headers, ...waited.headers } };
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
  const expansions = expansionsOf(query.expand, attributes);
  const [expanded] = await expand(views, routed, [view], expansions);
  const writer = protocol.writers[acceptable(routed)];
  const encode = (): Encoded => {
    const shown = { ...(expanded ?? view), values: { ...(expanded ?? view).values, ...more } };
    const document = documentOf(shown, selectResource(query.select, attributes));
    const bytes = [writer.document(document, { base: protocol.base })];
    return { body: bytes, tag: entityTag(view.core(), bytes) };
  };
  const isItself = expansions.length === 0 && Object.keys(more).length === 0;
  const shape = `${writer.format} ${query.select?.join(',') ?? ''}`;
  const { body, tag } = isItself && isKept(view) ? views.encodings.one(view, shape, encode) : encode();
  const seenAt = view.found?.cloud ? view.found.at : undefined;
  const headers: Record<string, string> = { 'Content-Type': writer.mediaType, ETag: tag, ...ageOf(seenAt) };
  if (request.method === 'GET' && isKnown(request.headers['if-none-match'], tag)) return { status: 304, headers: { ETag: tag } };
  return { status, headers, seenAt, body };
}

/** Tells whether this view can be cached by identity; a read of what the gateway keeps in rows is always new. */
function isKept({ found }: View): boolean {
  return found?.item !== undefined;
}

/** Header with the age of the provider's part of the answer. */
function ageOf(seenAt: number | undefined): Record<string, string> {
  return seenAt === undefined ? {} : { Age: String(ageSince(seenAt, steadyTime())) };
}

async function readCollection(views: Views, routed: Routed): Promise<CimiResponse> {
  const { protocol, request, location } = routed;
  if (!location.collection) throw new Refusal(404, `there is nothing at ${shown(routed.path, 300)}`);
  if (isStreamed(routed)) return streamed(views, routed);
  const writer = protocol.writers[acceptable(routed)];
  const query = parseQuery(request.query, 'collection', location.collection.parameters);
  const stored = await views.stored(routed);
  if (stored) return encodeList(views, routed, query, await partWithNews(routed, query, () => stored.part(query)));
  const expansions = expansionsOf(query.expand, protocol.catalogue.attributesOf(location.type));
  const windowed = query.first !== undefined || query.last !== undefined;
  if (windowed || expansions.length > 0) return encodeList(views, routed, query, windowOf(await orderedList(views, routed, query), query));
  const filter = filterOf(query, routed);
  const all = await views.all(routed, filter);
  const seenAt = oldest(all.views);
  const key = all.unavailable.length === 0 && all.views.every(isKept) ? keyOf(routed, writer.format, await views.owner(routed)) : undefined;
  const known = key === undefined ? undefined : views.encodings.list(key, all.views);
  if (known) return answerList(routed, known, { 'Content-Type': writer.mediaType }, seenAt);
  const window = windowOf(await ordered(all, query, routed, filter), query);
  const former = key === undefined ? undefined : views.encodings.former(key);
  const response = await encodeList(views, routed, query, { ...window, former });
  if (key !== undefined && response.body && response.headers.ETag !== undefined)
    views.encodings.keep(key, all.views, { body: response.body, tag: response.headers.ETag });
  return response;
}

/** The part of a list that is answered. */
interface Window extends Pick<Part<View>, 'count' | 'pages' | 'atOnce'> {
  unavailable?: Ordered['unavailable'];
  /** Time at which the provider of the oldest item was asked. */
  seenAt?: number | undefined;
  /** Body of the same list as it was. */
  former?: readonly Uint8Array[] | undefined;
  /** Headers that tell of a wait. */
  headers?: Record<string, string>;
}

function windowOf({ views: all, unavailable }: Ordered, query: Query): Window {
  const chosen = subset(all, query);
  return {
    count: all.length,
    unavailable,
    seenAt: oldest(all),
    async *pages() {
      yield await Promise.resolve(chosen);
    },
  };
}

/** Writes a window of a list. @throws Refusal 503 where it is longer than answers may be. */
async function encodeList(
  views: Views,
  routed: Routed,
  query: Query,
  { unavailable = [], seenAt, former, headers, ...window }: Window,
): Promise<CimiResponse> {
  const { protocol, location, cloudKey } = routed;
  const collection = location.collection as Collection;
  const writer = protocol.writers[acceptable(routed)];
  const attributes = protocol.catalogue.attributesOf(location.type);
  const selection = selectionOf(query, collection, attributes);
  const expansions = expansionsOf(query.expand, attributes);
  const path = entryPath(cloudKey, routed.path);
  const has = (name: string) => !selection || selection.own.has(name);
  const { count, pages } = selection?.items === null ? window : ((await window.atOnce?.()) ?? window);
  const selected = selection?.items ?? undefined;
  const shape = `${writer.format} ${selected ? [...selected].join(',') : ''}`;
  const written = (view: View): CollectionItem =>
    expansions.length === 0 && isKept(view)
      ? views.encodings.item(view, shape, () => writer.item(documentOf(view, selected), { base: protocol.base }))
      : documentOf(view, selected);
  async function* items(): AsyncGenerator<readonly CollectionItem[]> {
    for await (const page of pages()) yield await eased(await expand(views, routed, page, expansions), routed.principal.tenant, written);
  }
  const document: CollectionDocument = {
    type: collection.name,
    ...(has('id') ? { id: path } : {}),
    ...(has('count') ? { count } : {}),
    items: selection?.items === null ? [] : items(),
    ...(has('operations') ? { operations: collectionOperations(routed, path, await views.owner(routed)) } : {}),
    ...(unavailable.length > 0
      ? { extensions: { unavailableClouds: unavailable.map(({ cloud, message }) => `${cloud}: ${message}`) as Value } }
      : {}),
  };
  const options = { base: protocol.base, maxBytes: protocol.maxListBytes, former };
  const { body, digest } = await writer.collection(document, options).catch(tooLong);
  const type = { 'Content-Type': writer.mediaType, ...headers };
  if (unavailable.length > 0) {
    const away = { 'CIMI-Unavailable-Clouds': unavailable.map(({ cloud }) => cloud).join(', ') };
    return { status: 200, headers: { ...type, ...ageOf(seenAt), ...away }, body };
  }
  return answerList(routed, { body, tag: listTag(digest) }, type, seenAt);
}

function tooLong(error: unknown): never {
  if (!(error instanceof TooManyBytes)) throw error;
  throw new Refusal(
    503,
    `the list is longer than the ${error.maxBytes} bytes that this gateway answers at once (lists.maxBytes): ask for a window with $first and $last, narrow it down with $filter, or ask for less of each item with $select`,
  );
}

function answerList({ request }: Routed, { body, tag }: Encoded, type: Record<string, string>, seenAt: number | undefined): CimiResponse {
  if (isKnown(request.headers['if-none-match'], tag)) return { status: 304, headers: { ETag: tag } };
  return { status: 200, headers: { ...type, ...ageOf(seenAt), ETag: tag }, seenAt, body };
}

/** All that shapes the bytes of a list beside the items themselves. */
function keyOf(routed: Routed, format: string, owner: Found | undefined): string {
  const { principal, cloudKey, path, request, protocol } = routed;
  const shaping = request.query.filter(([name]) => name.startsWith('$'));
  return JSON.stringify([
    principal.tenant,
    principal.role,
    cloudKey ?? '',
    path,
    format,
    shaping,
    collectionOperations(routed, path, owner).length,
    protocol.policy.rights?.key,
  ]);
}

/** The whole list that the query's window is cut from. */
async function orderedList(views: Views, routed: Routed, query: Query): Promise<Ordered> {
  const windowed = query.first !== undefined || query.last !== undefined;
  // A window may be of a list that was put together earlier, and its list is kept for the windows after it.
  if (windowed) routed.protocol.ledger?.readUntold();
  const key = windowed ? windowKey(routed) : '';
  const earlier = views.windows.earlier(key, query.first);
  if (earlier) return earlier;
  const filter = filterOf(query, routed);
  const list = await ordered(await views.all(routed, filter), query, routed, filter);
  if (windowed) views.windows.keep(key, list);
  return list;
}

async function ordered(
  { views: all, unavailable }: ViewList,
  query: Query,
  { protocol, location, principal: { tenant } }: Routed,
  { matches }: ListFilter,
): Promise<Ordered> {
  const chosen = matches ? (await eased(all, tenant, (view) => (matches(view.values) ? [view] : []))).flat() : all;
  return { views: await sortInTurns(chosen, order(query, protocol, location.type), tenant), unavailable };
}

type ListFilter = Pick<ListScope, 'matches' | 'where'>;

/** The filter, and what the database can tell of it where rows of our own are among the items. */
function filterOf({ filter }: Query, { protocol: { catalogue, base }, location }: Routed): ListFilter {
  if (!filter) return {};
  const attributes = catalogue.attributesOf(location.type);
  return { matches: compileFilter(filter, attributes, { base }), where: narrowedBy(filter, attributes, base) };
}

/** The order asked for, then created and id, so that successive windows see one list. */
function order(query: Query, protocol: Protocol, type: string): (a: View, b: View) => number {
  const asked = query.orderBy.length > 0 ? compileOrder(query.orderBy, protocol.catalogue.attributesOf(type)) : undefined;
  return (a, b) => asked?.(a.values, b.values) || compareText(a.created, b.created) || compareText(a.path, b.path);
}

/** Time at which the provider of the oldest of these was asked; undefined where none is at a provider. */
function oldest(views: readonly View[]): number | undefined {
  let time: number | undefined;
  for (const { found } of views) if (found?.cloud && !(found.at >= (time ?? Number.POSITIVE_INFINITY))) time = found.at;
  return time;
}

/** @throws Refusal 406 where nothing that the client accepts can be made. */
export function acceptable({ request, location }: Pick<Routed, 'request' | 'location'>): 'json' | 'xml' {
  const format = negotiate(request.headers.accept, formatAsked(request));
  const also = location.kind === 'collection' && location.collection?.watched ? `, and of what is new ${EVENT_STREAM}` : '';
  if (!format) throw new Refusal(406, `representations are application/json and application/xml${also}`);
  return format;
}
