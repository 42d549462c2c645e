import { sql, type RawBuilder, type SelectQueryBuilder } from 'kysely';
import type { Value } from '../model/values';
import type { ListPlace, PlaceQuery } from './listing';
import type { Sample, SampleBatch, SampleQuery, SampleRetention, SampleWrites, Series } from './monitoring';
import { narrowed, type Listed } from './narrow';
import { decodeColumn, encodeColumn, oneOf, readNow, type Session } from './session';

/** Samples of Meters: a number for each Meter in place of its path, so that a sample is two dozen bytes. */

const listedOf = ({ step = 1 }: SampleQuery): Listed => ({
  key: 't',
  prefix: '',
  fields: { timestamp: sql.ref('t') },
  time: { column: sql.ref('t'), step, ms: 1000 },
});

/** Rows of one statement: each has four parameters, and SQLite takes 32,766. */
const AT_ONCE = 2_000;

export async function readSamples(session: Session, query: SampleQuery): Promise<Sample[]> {
  const { where, order } = narrowed(session.dialect, listedOf(query), query);
  let select = shaped(matching(session, query).where(where), query.step);
  for (const by of order) select = select.orderBy(by);
  if (query.limit !== undefined) select = select.limit(query.limit);
  return select.execute();
}

export async function countSamples(session: Session, query: SampleQuery): Promise<number> {
  const { where } = narrowed(session.dialect, listedOf(query), query);
  const counted = timed(session.db.selectFrom(ofMeter(session, query).select(['samples.t', 'samples.v']).as('samples')), query).where(
    where,
  );
  const amount = query.step === undefined ? sql<number>`count(*)` : sql<number>`count(distinct ${endOf(query.step)})`;
  return (await counted.select(amount.as('n')).executeTakeFirstOrThrow()).n;
}

export async function samplePlace(session: Session, query: SampleQuery & PlaceQuery): Promise<ListPlace | undefined> {
  const { where, order } = narrowed(session.dialect, listedOf(query), query, query.fromEnd);
  let select = shaped(matching(session, query).where(where), query.step);
  for (const by of order) select = select.orderBy(by);
  const row = await select.offset(query.offset).limit(1).executeTakeFirst();
  return row && placeOfSample(query.meter, row.t);
}

/** The samples themselves, or their means over steps; a mean is of the share of members that all its samples are of. */
function shaped(select: SelectQueryBuilder<Shown, 'samples', object>, step: number | undefined) {
  if (step === undefined) return select.select(['t', 'v as value', 'covered']);
  const end = endOf(step);
  const covered = sql<string | null>`case when count(covered) = count(*) and min(covered) = max(covered) then min(covered) end`;
  return select.groupBy(end).select([end.as('t'), ({ fn }) => fn.avg<number>('v').as('value'), covered.as('covered')]);
}

/** End of the step that a sample is in, by division of whole numbers. */
function endOf(step: number): RawBuilder<number> {
  const length = sql.lit(step);
  return sql<number>`((t + ${length} - 1) / ${length}) * ${length}`;
}

/** Position of a sample in lists, and with it its path. */
export function placeOfSample(meter: string, t: number): ListPlace {
  return { created: new Date(t * 1000).toISOString(), path: `${meter}/samples/${t}` };
}

/** The newest sample of each Meter, by one look at the end of each one's part of the key. */
export async function newestSamples({ db, dialect }: Session, meters: readonly string[]): Promise<Map<string, Sample>> {
  if (meters.length === 0) return new Map();
  const rows = await db
    .selectFrom('series')
    .innerJoin('samples', 'samples.meter', 'series.id')
    .leftJoin('shares', (join) => join.onRef('shares.meter', '=', 'samples.meter').onRef('shares.t', '=', 'samples.t'))
    .select(['series.path', 'samples.t', 'v as value', 'covered'])
    .where(oneOf(dialect, 'series.path', meters))
    .where('samples.t', '=', sql<number>`(select max(s.t) from samples s where s.meter = series.id)`)
    .execute();
  return new Map(rows.map(({ path, ...sample }) => [path, sample]));
}

export async function readSeries({ db, dialect }: Session, meters: readonly string[]): Promise<Map<string, Series>> {
  if (meters.length === 0) return new Map();
  const rows = await db
    .selectFrom('series')
    .select(['path', 'reached', 'memory'])
    .where(oneOf(dialect, 'path', meters))
    .execute();
  return new Map(
    rows.map(({ path, reached, memory }) => [path, { meter: path, reached, memory: memory === null ? null : decodeColumn<Value>(memory) }]),
  );
}

export async function putSamples(session: Session, batches: readonly SampleBatch[]): Promise<void> {
  const ids = await putSeries(session, batches);
  const rows = batches.flatMap(({ meter, samples }) => {
    const id = ids.get(meter);
    return id === undefined ? [] : samples.map(({ t, value, covered }) => ({ meter: id, t, v: value, covered }));
  });
  for (let from = 0; from < rows.length; from += AT_ONCE) {
    const some = rows.slice(from, from + AT_ONCE);
    await session.db
      .insertInto('samples')
      .values(some.map(({ meter, t, v }) => ({ meter, t, v })))
      .onConflict((conflict) => conflict.columns(['meter', 't']).doUpdateSet({ v: sql.ref('excluded.v') }))
      .execute();
    const shares = some.flatMap(({ meter, t, covered }) => (covered === null ? [] : [{ meter, t, covered }]));
    if (shares.length === 0) continue;
    await session.db
      .insertInto('shares')
      .values(shares)
      .onConflict((conflict) => conflict.columns(['meter', 't']).doUpdateSet({ covered: sql.ref('excluded.covered') }))
      .execute();
  }
}

/** Writes the standing of Meters that are still there, and stand as they did. @returns their numbers */
async function putSeries({ db, dialect }: Session, batches: readonly SampleBatch[]): Promise<Map<string, number>> {
  const ids = new Map<string, number>();
  const paths = batches.map(({ meter }) => meter);
  const select = db.selectFrom('resources').select('path').where(dialect.isIn('path', paths));
  const there = new Set((await select.execute()).map(({ path }) => path));
  for (const { meter, reached, memory, ageing, builtOn } of batches) {
    if (!there.has(meter)) continue;
    const facts = { reached, memory: memory === null ? null : encodeColumn(memory), ageing: ageing ? (1 as const) : (0 as const) };
    const insert = db.insertInto('series').values({ path: meter, ...facts });
    const update = db
      .updateTable('series')
      .set(facts)
      .where('path', '=', meter)
      .where('reached', '=', builtOn ?? 0);
    const written =
      builtOn === undefined
        ? await insert
            .onConflict((conflict) => conflict.doNothing())
            .returning('id')
            .executeTakeFirst()
        : await update.returning('id').executeTakeFirst();
    if (written) ids.set(meter, written.id);
  }
  return ids;
}

/** Meters that are looked at in one go, and rows that are removed of each. */
const METERS = 50;
const ROWS = 5_000;

export async function trimSamples(session: Session, { keepMs, perMeter }: SampleRetention, after: number): Promise<number | undefined> {
  const { db } = session;
  const old = Math.floor(((await readNow(session)) - keepMs) / 1000);
  const series = await db.selectFrom('series').select(['id', 'ageing']).where('id', '>', after).orderBy('id').limit(METERS).execute();
  for (const { id, ageing } of series) {
    const own = db.selectFrom('samples').select('t').where('meter', '=', id);
    const edge = await own.orderBy('t', 'desc').offset(perMeter).limit(1).executeTakeFirst();
    const before = Math.max(edge ? edge.t + 1 : Number.NEGATIVE_INFINITY, ageing === 1 ? old : Number.NEGATIVE_INFINITY);
    if (!Number.isFinite(before)) continue;
    const { rows } = await sql<{ t: number }>`delete from samples where meter = ${id} and t in (
        select t from samples where meter = ${id} and t < ${before} order by t limit ${ROWS}) returning t`.execute(db);
    if (rows.length === 0) continue;
    const last = rows.reduce((latest, { t }) => Math.max(latest, t), 0);
    await db.deleteFrom('shares').where('meter', '=', id).where('t', '<=', last).execute();
    if (rows.length === ROWS) return id - 1;
  }
  return series.length < METERS ? undefined : series.at(-1)?.id;
}

export async function removeSamples({ db }: Session, ...[meter]: Parameters<SampleWrites['removeSamples']>): Promise<void> {
  await db.deleteFrom('series').where('path', '=', meter).execute();
}

interface Shown {
  samples: { t: number; v: number; covered: string | null };
}

function ofMeter({ db }: Session, { meter }: SampleQuery) {
  return db.selectFrom('samples').where('samples.meter', '=', db.selectFrom('series').select('id').where('path', '=', meter));
}

/** The Meter's samples with what they are of, of the times that are asked for. */
function matching(session: Session, query: SampleQuery): SelectQueryBuilder<Shown, 'samples', object> {
  const own = ofMeter(session, query)
    .leftJoin('shares', (join) => join.onRef('shares.meter', '=', 'samples.meter').onRef('shares.t', '=', 'samples.t'))
    .select(['samples.t', 'samples.v', 'shares.covered']);
  return timed(session.db.selectFrom(own.as('samples')), query);
}

function timed<T extends object>(select: SelectQueryBuilder<{ samples: T }, 'samples', object>, { times, step }: SampleQuery) {
  return times ? select.where(numberIn(step === undefined ? sql.ref('t') : endOf(step), times)) : select;
}

/** Few times are asked for at once: those of a page. */
function numberIn(column: RawBuilder<unknown>, times: readonly number[]): RawBuilder<boolean> {
  if (times.length === 0) return sql<boolean>`1 = 0`;
  return sql<boolean>`${column} in (${sql.join(times.map((time) => sql`${time}`))})`;
}
