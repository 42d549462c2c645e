import type { Clouds } from '../clouds/cloud';
import type { JobLog } from '../jobs/engine-context';
import type { Catalogue } from '../model/catalogue';
import type { Store } from '../store/store';
import type { Collector } from './collector';
import { Schedule, type ScheduleOptions } from './schedule';
import { trimming } from './trimming';
import { alarmWork, watchWork } from './watch-work';
import { webhookWork, type Post, type Webhook } from './webhooks';

const DAY_MS = 86_400_000;

/** Everything that what goes on by itself is made from. */
export interface RecurringParts {
  config: { keepDays: number; samplesPerMeter: number; watchMs: number };
  store: Store;
  clouds: Clouds;
  catalogue: Catalogue;
  /** Key of the MAC on identity tags. */
  tagKey: Uint8Array;
  log: JobLog;
  collector: Collector;
  webhooks: readonly Webhook[];
  /** Sends what webhooks are told. */
  post: Post;
  /** Base URI that clients know, where the configuration says it. */
  base: string | undefined;
}

/** Makes the schedule of all that goes on by itself: Meters are read, samples let go of, clouds watched, thresholds kept an eye on, webhooks told. */
export function recurring(
  { config, collector, webhooks, ...parts }: RecurringParts,
  options: Pick<ScheduleOptions, 'owner' | 'leaseMs' | 'lookMs'>,
): Schedule {
  const { store, log } = parts;
  const { keepDays, samplesPerMeter, watchMs } = config;
  const schedule = new Schedule({ ...options, store, log });
  const trim = trimming(store, { keepMs: keepDays * DAY_MS, perMeter: samplesPerMeter });
  for (const work of [...collector.works(), trim, ...watchWork({ ...parts, watchMs }), alarmWork(parts), ...webhookWork(webhooks, parts)])
    schedule.add(work);
  return schedule;
}
