import { EVENT_STREAM, prefersStream } from '../codec/negotiate';
import { wordOf } from '../model/event-types';
import { giveWay } from '../model/turns';
import { Refusal } from '../operations/resource-handler';
import { QueryError } from '../query/errors';
import { parseQuery, type Query } from '../query/query';
import type { FeedPlace } from '../store/audit-store';
import { placeOf } from '../store/feed';
import { StoreUnavailable } from '../store/unavailable';
import type { Protocol } from './context';
import { documentOf, formatAsked, selectionOf } from './documents';
import type { CimiResponse } from './messages';
import type { Routed } from './router';
import { lookUntil } from './seats';
import type { View } from './view';
import type { News, Views } from './views';

/**
 * Events as they happen, as a stream of server-sent events (HTML, 9.2): each in its JSON representation, under the word of its type,
 * with its place in the feed as the id to go on from.
 */

/** Events that are read in one go. */
const AT_ONCE = 100;
/** Time after which a client that was cut comes again, in ms. */
const RETRY_MS = 2_000;
/** Delay that a client is asked to wait for a seat, in seconds. */
const FULL_S = 10;
/** Largest age of what is known of the reader's login when an event is told, in ms. */
const KNOWN_MS = 1_000;
/** Place before all that there is. */
const BEGINNING: FeedPlace = '0-0';
const LAST_ID = 'Last-Event-ID';
/** Found in place of news where the log is there no more. */
const GONE = 'gone';

/** Tells whether a request asks for a stream of what can be read as one. */
export function isStreamed({ location, request }: Routed): boolean {
  return location.collection?.watched === true && prefersStream(request.headers.accept, formatAsked(request));
}

/** Point that a reading has come to, and the events that it still passes over before it tells the first. */
interface Reading {
  place: FeedPlace;
  skip: number;
  /** Number of the watch up to which all is read; undefined where there may be more in any case. */
  seen: number | undefined;
}

/**
 * Answers with what is new in a log: from now on, after the event that Last-Event-ID names, or from `$first` on.
 * @throws Refusal 400, 404, 503 where the tenant reads as many streams as it may; QueryError
 */
export async function streamed(views: Views, routed: Routed): Promise<CimiResponse> {
  const { protocol, request } = routed;
  const query = streamQuery(routed);
  const read = await views.feed(routed, query.filter);
  const reading = await begin(routed, query);
  const seat = protocol.streaming.take(request);
  if (!seat) throw full(protocol);
  request.client?.idle();
  const told = tell({ routed, read, reading, signal: seat.signal, blockOf: blocks(routed, query) });
  // Reverse proxies are to hand on each event as it comes, and nobody is to keep any.
  const headers = { 'Content-Type': EVENT_STREAM, 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' };
  return { status: 200, headers, stream: { [Symbol.asyncIterator]: () => told, signal: seat.signal, close: seat.leave } };
}

function full({ streaming, streams }: Protocol): Refusal {
  const reason = streaming.areEnding ? 'the gateway stops' : `a tenant may read ${streams.perTenant} streams at once (streams.perTenant)`;
  return new Refusal(503, `${reason}: come again later, or wait for news with Prefer: wait`, { retryAfterS: FULL_S });
}

/** @throws QueryError for what a stream cannot do */
function streamQuery({ request }: Routed): Query {
  const query = parseQuery(request.query);
  if (query.last !== undefined) throw new QueryError('a stream has no last event: leave it out', '$last');
  if (query.orderBy.length > 0) throw new QueryError('a stream is in the order in which events become known: leave it out', '$orderby');
  if (query.expand) throw new QueryError('a stream shows references as they are: leave it out', '$expand');
  return query;
}

async function begin({ protocol, request, principal }: Routed, { first }: Query): Promise<Reading> {
  const last = request.headers[LAST_ID.toLowerCase()] ?? '';
  if (last !== '') {
    if (!placeOf(last)) throw new Refusal(400, 'is no id of an event in such a stream: leave it out to begin anew', { at: LAST_ID });
    return { place: last, skip: 0, seen: undefined };
  }
  if (first !== undefined) return { place: BEGINNING, skip: Math.max(0, first - 1), seen: undefined };
  return { place: await protocol.store.feedEnd(principal.tenant), skip: 0, seen: undefined };
}

interface Telling {
  routed: Routed;
  read: (after: FeedPlace, limit: number) => Promise<News | undefined>;
  reading: Reading;
  signal: AbortSignal;
  blockOf: (view: View, place: FeedPlace) => Uint8Array;
}

/** Tells one event after the other, each when the one before was taken. */
async function* tell(telling: Telling): AsyncGenerator<Uint8Array> {
  const { routed, reading, signal, blockOf } = telling;
  const isIn = stillIn(routed);
  const isOver = async (found?: unknown): Promise<string | undefined> => {
    if (signal.aborted) return 'the gateway stops';
    if (found === GONE) return 'the log is gone';
    return (await isIn()) ? undefined : 'the login holds no longer';
  };
  yield Buffer.from(`retry: ${RETRY_MS}\n${whereIs(reading)}\n`);
  for (;;) {
    const found = await lookUntil(() => unlessAway(() => look(telling)), routed.protocol.streams.keepAliveMs, signal);
    const over = await isOver(found);
    if (over !== undefined) return yield Buffer.from(`: ${over}\n\n`);
    if (!found || found === GONE) {
      // With its place: who is told little of much goes on from here, and need not have all of it looked through again.
      yield Buffer.from(`:\n${whereIs(reading)}\n`);
      // A log can be gone without an event that tells of it.
      reading.seen = undefined;
      continue;
    }
    for (const { view, place } of found) {
      const ended = await isOver();
      if (ended !== undefined) return yield Buffer.from(`: ${ended}\n\n`);
      yield blockOf(view, place);
    }
  }
}

/** The field that says where a reading is; none where events are still to be passed over, which the place does not say. */
function whereIs({ place, skip }: Reading): string {
  return skip === 0 ? `id: ${place}\n` : '';
}

/** Reads on where something may be new. */
async function look(telling: Telling): ReturnType<typeof next> {
  const { routed, reading } = telling;
  const count = await routed.protocol.watch.count(routed.principal.tenant);
  if (count === reading.seen) return undefined;
  const found = await next(telling);
  reading.seen = found ? undefined : count;
  return found;
}

/** Reads on up to the next events that are to be told; undefined where there are none as yet. */
async function next({ routed, read, reading, signal }: Telling): Promise<News['told'] | typeof GONE | undefined> {
  while (!signal.aborted) {
    const news = await read(reading.place, AT_ONCE);
    if (!news) return GONE;
    const told = news.told.slice(reading.skip);
    const moved = news.place !== reading.place;
    reading.skip -= news.told.length - told.length;
    reading.place = news.place;
    if (told.length > 0) return told;
    if (!moved) return undefined;
    await giveWay(routed.principal.tenant);
  }
  return undefined;
}

/** A database that is away for a while brings nothing new, and takes nobody's rights away. */
async function unlessAway<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    return undefined;
  }
}

/** Tells whether the reader may still be in, asked again once what is known is too old. */
function stillIn({ request, protocol, principal }: Routed): () => Promise<boolean> {
  let known = performance.now();
  return async () => {
    if (!protocol.isCurrent(principal)) return false;
    const { client } = request;
    if (!client || performance.now() - known < KNOWN_MS) return true;
    const still = (await unlessAway(() => client.isStillIn())) ?? true;
    known = performance.now();
    return still;
  };
}

/** Makes the block that tells an event. */
function blocks({ protocol, location }: Routed, query: Query): Telling['blockOf'] {
  const { catalogue, writers, base } = protocol;
  const selection = location.collection && selectionOf(query, location.collection, catalogue.attributesOf(location.type));
  return (view, place) => {
    const event = wordOf(String(view.values.type)).replace(/\s/g, '');
    const data = writers.json.document(documentOf(view, selection?.items ?? undefined), { base });
    return Buffer.concat([Buffer.from(`id: ${place}\nevent: ${event}\ndata: `), data, Buffer.from('\n\n')]);
  };
}
