import type { Cloud } from '../clouds/cloud';
import type { ProviderEvent } from '../clouds/monitoring';
import type { EventRecord } from '../store/event-record';
import type { ResourcePath } from '../store/store';
import type { Told } from './looks';
import type { Overlaid, PathOf } from './news';
import { recordOf } from './records';
import type { Standing } from './standing';

/** Events of one type's resources as the provider tells them, and what is known before them. */
export interface ProviderNews {
  type: string;
  cloud: Pick<Cloud, 'key' | 'discoveredTenant'>;
  /** Events with a key, oldest first. */
  events: readonly (ProviderEvent & { key: string })[];
  /** Knowledge that is brought up to date with what is told. */
  overlaid: Overlaid;
  pathOf: PathOf;
  /** Resources of things that are not known. */
  standings: ReadonlyMap<string, Standing>;
  /** True of a path that a Job holds: what happens to it is told at the Job's end. */
  held: (path: ResourcePath) => boolean;
  /** True of the first look: only alarms are news then. */
  first: boolean;
}

/**
 * Makes the records of what the provider tells. What the gateway does itself is told by its Jobs, and a state that was told is not
 * told again; alarms always are.
 */
export function providerRecords(news: ProviderNews): EventRecord[] {
  const { type, cloud, overlaid, standings, pathOf } = news;
  const records: EventRecord[] = [];
  for (const event of news.events) {
    const told = overlaid.known.get(event.key);
    const standing = standings.get(event.key);
    const path = told ? pathOf(event.key, told) : (standing?.path ?? pathOf(event.key, {}));
    const tenant = (told ?? standing)?.tenant ?? cloud.discoveredTenant;
    const subject = { path, tenant, type, name: told?.name ?? standing?.name };
    if (event.kind === 'alarm') records.push(recordOf(event, subject, cloud));
    else if (news.first || news.held(path) || overlaid.fresh.has(path)) continue;
    else if (event.kind === 'state' ? turns(event, told) : changes(event, path, overlaid, standing)) {
      records.push(recordOf(event, subject, cloud, told?.state));
      applied(event, path, overlaid, told);
    }
  }
  return records;
}

function turns({ state }: ProviderEvent, told: Told | undefined): boolean {
  return state !== undefined && told?.state !== state;
}

/** Tells whether a change of the model is news: not one that was recorded, nor that of a create under way. */
function changes({ change = 'update' }: ProviderEvent, path: ResourcePath, { changed }: Overlaid, standing: Standing | undefined): boolean {
  return changed.get(path) !== change && !(change === 'create' && standing?.made === true);
}

function applied(event: ProviderEvent & { key: string }, path: ResourcePath, { known, changed }: Overlaid, told: Told | undefined): void {
  if (event.kind === 'model') changed.set(path, event.change ?? 'update');
  else if (told) known.set(event.key, { ...told, state: event.state });
}
