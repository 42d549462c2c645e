import type { Catalogue } from '../model/catalogue';
import { isEvidence } from '../model/event-types';
import type { Value, Values } from '../model/values';
import { EVENT, viewOf } from '../operations/event-log';
import { jobPath } from '../operations/job';
import type { Found } from '../operations/resource-handler';
import type { EventRow } from '../store/event-record';
import { permitRead } from './policy';
import type { ReadableFound, Reading, ReadStrategy } from './reading';
import { steadyTime } from '../model/steady-time';

/** Events as they stand in a log: its path leads to them, and what it does not show is not there. */
export const eventRows: ReadStrategy = {
  async one(reading, { id, owner: log }) {
    const { store } = reading.context;
    if (!log?.row || !/^[1-9]\d{0,15}$/.test(id)) return undefined;
    const rows = await store.eventList({ view: viewOf(log.row, await store.now(), reading.seesAudit), ids: [id] });
    return showEvents(reading, log, reading.sight?.hides ? await reading.sight.events(rows) : rows)[0];
  },
};

/** Shows events of a log, in their order. */
export function showEvents(
  { context, tenant, seesAudit }: Reading,
  log: ReadableFound,
  rows: readonly EventRow[],
): readonly ReadableFound[] {
  return rows.flatMap((row) => {
    if (!seesAudit && isEvidence(row.type)) return [];
    const found: Found = {
      path: `${log.path}/events/${row.id}`,
      type: EVENT,
      tenant: row.tenant,
      cloud: null,
      row: undefined,
      item: undefined,
      key: undefined,
      values: eventValues(context.catalogue, row),
      held: undefined,
      at: steadyTime(),
      derived: true,
    };
    const subject = { type: EVENT, tenant: row.tenant, cloud: null, discovered: false, owner: log };
    return permitRead(context.policy, tenant, found, subject) ?? [];
  });
}

/** Attributes of an Event (Table 56), without its id. */
export function eventValues(catalogue: Catalogue, row: EventRow): Values {
  const { naming, recorded, updated, timestamp, type, outcome, severity, contact, resource, job } = row;
  return {
    ...(naming as Values),
    created: recorded,
    ...(updated === null ? {} : { updated }),
    timestamp,
    type,
    content: contentOf(catalogue, row) as Value,
    outcome,
    severity,
    contact,
    about: { href: resource },
    job: job === undefined ? undefined : { href: jobPath(job) },
  };
}

/** Content in the order of its declaration, with the resource laid in; of types that are not declared it is told as it was written. */
function contentOf(catalogue: Catalogue, { type, content, resource, resourceType }: EventRow): Values {
  const href = { href: resource };
  const declared = catalogue.eventType(type);
  if (!declared) return isEvidence(type) ? content : { resource: href, ...content };
  const resType = catalogue.has(resourceType) ? catalogue.resource(resourceType).typeURI : undefined;
  const whole: Values = { ...content, resource: href, resType };
  return Object.fromEntries(Object.keys(declared.content).map((name) => [name, whole[name]]));
}
