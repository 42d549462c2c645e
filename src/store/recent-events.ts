import { EVENT_TYPES } from '../model/event-types';
import type { EventRow } from './event-record';
import { eventFromRow } from './events';
import type { Session } from './session';
import type { StoreReads } from './store';

/** Rows of a step back through the newest events, and the most that are gone through. */
const STEP = 500;
const FURTHEST = 20_000;
/** Types of what is told of a resource's state and being. */
const TOLD: readonly string[] = [EVENT_TYPES.state, EVENT_TYPES.model];

/** Reads the states and changes of the model that were recorded lately, oldest first: back by their numbers, which are in order of time. */
export async function recentEvents(
  { db }: Session,
  { resourceType, since }: Parameters<StoreReads['recentEvents']>[0],
): Promise<EventRow[]> {
  const from = new Date(since).toISOString();
  const found: EventRow[] = [];
  let before: number | undefined;
  for (let seen = 0; seen < FURTHEST; seen += STEP) {
    let select = db.selectFrom('events').selectAll().orderBy('seq', 'desc').limit(STEP);
    if (before !== undefined) select = select.where('seq', '<', before);
    const rows = await select.execute();
    const recent = rows.filter(({ recorded }) => recorded >= from);
    found.push(...recent.filter((row) => row.resource_type === resourceType && TOLD.includes(row.type)).map(eventFromRow));
    before = rows.at(-1)?.seq;
    if (recent.length < STEP) break;
  }
  return found.reverse();
}
