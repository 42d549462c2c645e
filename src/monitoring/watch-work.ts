import type { Clouds } from '../clouds/cloud';
import { ALARMS } from '../operations/collecting';
import type { EventRecord } from '../store/event-record';
import type { Store, UnitOfWork } from '../store/store';
import { alarmTurn, type AlarmContext } from './alarms';
import type { RecurringWork } from './schedule';
import { systemTurn } from './system-states';
import { isAsGood, watchName } from './watch-memory';
import { occurredSince, Watcher, type WatchContext } from './watcher';

/** Everything that watching needs. */
export interface WatchParts extends Omit<WatchContext, 'store'> {
  store: Store;
  clouds: Clouds;
  /** Distance of two looks at a cloud, in ms; 0: none is looked at. */
  watchMs: number;
}

/** Name of the recurring work that tells the states of Systems. */
const SYSTEMS = 'states of Systems';

/** Recurring work of watching each cloud, and the Systems that are made of what is in them. */
export function watchWork({ clouds, watchMs, ...context }: WatchParts): RecurringWork[] {
  if (watchMs === 0) return [];
  const systems: RecurringWork = {
    name: SYSTEMS,
    everyMs: watchMs,
    async run(memory, _signal, save) {
      const turn = await systemTurn({ ...context, clouds }, memory);
      if (turn) await save(turn.memory, async (unit) => recordAll(unit, await stillNews(unit, turn.records, turn.began)));
    },
  };
  const watchers = clouds.all().map((cloud): RecurringWork => {
    const watcher = new Watcher(context, cloud);
    return {
      name: watchName(cloud.key),
      everyMs: watchMs,
      async run(memory, signal, save) {
        const { memory: after, records, seen, began, lookedUpTo } = await watcher.round(memory, signal);
        if (records.length === 0 && seen.length === 0 && isAsGood(memory, after)) return;
        await save(after, async (unit) => {
          await recordAll(unit, [...records, ...(await stillNews(unit, seen, began, lookedUpTo))]);
          if (seen.length > 0) await unit.wakeTask(SYSTEMS);
        });
      },
    };
  });
  return [...watchers, systems];
}

/** Leaves out what others have told while the cloud was asked: the next look has it. */
async function stillNews(unit: UnitOfWork, seen: readonly EventRecord[], began: number, lookedUpTo = 0): Promise<EventRecord[]> {
  const told = new Set<string>();
  for (const resourceType of new Set(seen.map((record) => record.resourceType)))
    for (const { resource } of occurredSince(await unit.recentEvents({ resourceType, since: began }), lookedUpTo)) told.add(resource);
  return seen.filter(({ resource }) => !told.has(resource));
}

async function recordAll(unit: UnitOfWork, records: readonly EventRecord[]): Promise<void> {
  for (const record of records) await unit.recordEvent(record);
}

/** Distance of two looks at the samples that came, in ms. */
const ALARM_MS = 15_000;

/** Recurring work of judging samples by the thresholds of their Meters. */
export function alarmWork(context: AlarmContext): RecurringWork {
  return {
    name: ALARMS,
    everyMs: ALARM_MS,
    async run(memory, signal, save) {
      const turn = await alarmTurn(context, memory, signal);
      if (!turn) return;
      await save(turn.memory, async (unit) => {
        await recordAll(unit, turn.records);
        const off = turn.off.map((entry) => ({ ...entry, due: undefined }));
        await unit.dateOnAgenda(ALARMS, off);
      });
    },
  };
}
