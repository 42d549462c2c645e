import { z } from 'zod';
import type { Clouds } from '../clouds/cloud';
import type { Value } from '../model/values';
import { giveWay } from '../model/turns';
import { ALARMS } from '../operations/collecting';
import { alarmEvent, type EventSubject } from '../operations/events';
import { isRecording } from '../operations/meter';
import { codeOf, thresholdsOf, type Thresholds } from '../operations/meter-thresholds';
import type { Condition } from '../store/listing';
import type { AgendaEntry } from '../store/monitoring';
import type { EventRecord } from '../store/event-record';
import type { ResourceRow, Store } from '../store/store';
import { meterFacts, type MeterFacts } from './meter-facts';
import { judge, type Crossing, type Judged } from './thresholds';

/** Most samples of a Meter that are judged in one turn. */
const SAMPLES = 1000;
/** Meters with thresholds, and how many of them are read at once. */
const MOST = 1_000_000;
const AT_ONCE = 500;

const memorySchema = z.record(
  z.string(),
  z.object({
    t: z.number(),
    told: z.enum(['above', 'below']).optional(),
    run: z.object({ side: z.enum(['above', 'below']), since: z.number() }).optional(),
  }),
);

/** Everything that alarms are made from. */
export interface AlarmContext {
  clouds: Pick<Clouds, 'byKey'>;
  store: Store;
}

/** Outcome of a turn. */
export interface AlarmTurn {
  /** Memory for the next turn. */
  memory: Value;
  records: readonly EventRecord[];
  /** Entries of the agenda that are off it from now on: of Meters that have no thresholds any more. */
  off: readonly AgendaEntry[];
}

/**
 * Judges the samples that came since the last turn, of every Meter with thresholds.
 * @returns what to write; undefined where nothing came
 */
export async function alarmTurn(
  { clouds, store }: AlarmContext,
  before: Value | null,
  signal: AbortSignal,
): Promise<AlarmTurn | undefined> {
  const memory = memorySchema.safeParse(before).data ?? {};
  const now = await store.now();
  const judged: Record<string, Judged> = {};
  const records: EventRecord[] = [];
  const off: AgendaEntry[] = [];
  const entries = await store.agenda({ work: ALARMS, upTo: now, limit: MOST });
  for (let from = 0; from < entries.length; from += AT_ONCE) {
    signal.throwIfAborted();
    const some = entries.slice(from, from + AT_ONCE);
    const rows = await store.resources({ type: 'Meter', paths: some.map(({ path }) => path) });
    const limited = rows.filter(({ values }) => thresholdsOf(values) !== undefined);
    const paths = new Set(limited.map(({ path }) => path));
    off.push(...some.filter(({ path }) => !paths.has(path)));
    const recording = limited.filter(({ values }) => isRecording(values, now));
    const newest = await store.newestSamples(recording.map(({ path }) => path));
    for (const row of recording) {
      const last = newest.get(row.path);
      // Of a Meter that has just got a threshold, the newest sample is the first that is held against it.
      const former = memory[row.path] ?? (last && { t: last.t - 1 });
      if (!former) continue;
      if (last && last.t > former.t) {
        const { after, told } = await judgedNow(store, clouds, row, former);
        judged[row.path] = after;
        records.push(...told);
      } else judged[row.path] = former;
    }
    await giveWay();
  }
  const unchanged = records.length === 0 && off.length === 0 && JSON.stringify(judged) === JSON.stringify(memory);
  return unchanged ? undefined : { memory: judged, records, off };
}

/** Judges the samples of one Meter that came after those judged before. */
async function judgedNow(
  store: AlarmContext['store'],
  clouds: AlarmContext['clouds'],
  row: ResourceRow,
  former: Judged,
): Promise<{ after: Judged; told: EventRecord[] }> {
  const limits = thresholdsOf(row.values);
  if (!limits) return { after: former, told: [] };
  const facts = meterFacts(row, clouds);
  const later: Condition = { kind: 'moment', field: 'timestamp', operator: '>', value: former.t * 1000 };
  const samples = await store.samples({ meter: row.path, where: later, limit: SAMPLES });
  const { after, crossings } = judge(
    { ...limits, interval: facts.interval },
    former,
    samples.map(({ t, value }) => [t, value]),
  );
  if (crossings.length === 0) return { after, told: [] };
  const [target] = await store.resources({ type: facts.type, paths: [facts.target] });
  const subject: EventSubject = { tenant: row.tenant, path: facts.target, type: facts.type, name: target?.values.name };
  return { after, told: crossings.map((crossing) => crossed(crossing, subject, row, facts, limits)) };
}

/** Makes the alarm of a threshold that was crossed, or the end of it. */
function crossed(
  { side, t, value, back }: Crossing,
  subject: EventSubject,
  { path, values: { name } }: ResourceRow,
  { aspect, units }: MeterFacts,
  limits: Thresholds,
): EventRecord {
  const which = typeof name === 'string' ? `${path} (${name})` : path;
  const held = limits.forSeconds > 0 ? ` for ${limits.forSeconds} s` : '';
  const bound = `${side} ${limits[side] ?? ''}`.trimEnd();
  return alarmEvent(subject, codeOf(aspect, back ? 'back' : side), {
    at: t * 1000,
    detail: back
      ? `${aspect} is ${value} ${units}, not ${bound} any more, says the Meter ${which}`
      : `${aspect} is ${value} ${units}, ${bound}${held}, says the Meter ${which}`,
    ...(back ? { severity: 'low', outcome: 'Success' } : { severity: 'high', outcome: 'Warning' }),
  });
}
