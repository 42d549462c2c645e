import type { Point } from './curves';
import type { Place } from './places';
import { get, spentOn, standing, stageOf, tenantOf } from './stage';
import { posts } from './scale-posts';

/** Jobs that have ended, each with an event. */

const READS = 200;
const FIRST = 'jobfirst000000000000000000';
/** Nothing of it is removed while it is measured. */
const KEPT = { retention: { eventsPerTenant: 10_000_000, eventDays: 3_650 } };
const LATER = Date.UTC(2100, 0, 1);
const COLUMNS = [
  ...['id', 'tenant', 'principal', 'workflow', 'workflow_version', 'naming', 'state', 'done', 'action', 'target', 'affected'],
  ...['return_code', 'progress', 'status_message', 'created', 'changed', 'undoing', 'attempts', 'due', 'epoch', 'doubtful', 'expires'],
];

export async function history(size: number, place: Promise<Place>): Promise<Point> {
  const stage = await stageOf(place, { tenants: 1, each: 10, more: KEPT, fill: (at) => fill(at, size) });
  const id = (turn: number): string => `job${1_000_000_000 + 1 + (Math.imul(turn, 7_919) % (size - 1))}`;
  return {
    size: `${size.toLocaleString('en')} Jobs`,
    figures: {
      'GET one Job': spentOn(
        stage,
        READS,
        get((_, turn) => `jobs/${id(turn)}`),
      ),
      'first 100 Jobs': spentOn(
        stage,
        READS / 4,
        get(() => 'jobs?$first=1&$last=100'),
      ),
      'newest Jobs that FAILED (at most 100)': spentOn(
        stage,
        READS / 4,
        get(() => `jobs?$filter=state='FAILED'&$orderby=created:desc&$first=1&$last=100`),
      ),
      'POST accepted': await posts(stage),
    },
    standing: standing(stage),
    close: stage.close,
  };
}

async function fill(place: Place, size: number): Promise<void> {
  const store = await place.open();
  const path = 'machines/some';
  try {
    await store.transaction((unit) =>
      unit.insertJob({
        ...{ id: FIRST, tenant: tenantOf(0), principal: tenantOf(0), workflow: null, state: 'FAILED', target: path, affected: [path] },
        ...{ action: 'http://schemas.dmtf.org/cimi/1/action/stop', statusMessage: 'could not be done', returnCode: 10000 },
      }),
    );
  } finally {
    await store.close();
  }
  const given: Record<string, string> = {
    id: "'job' || (1000000000 + n.i)",
    state: "case when n.i % 100 = 0 then 'FAILED' else 'SUCCESS' end",
    // Not as refused requests are, of which few are kept.
    workflow: "'bench'",
    expires: String(LATER),
  };
  const numbers = `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${size - 1})`;
  await place.run(`${numbers} insert into jobs (${COLUMNS.join(', ')})
    select ${COLUMNS.map((column) => given[column] ?? `j.${column}`).join(', ')} from n, jobs j where j.id = '${FIRST}'`);
  await place.run(`${numbers} insert into events (timestamp, recorded, tenant, resource, resource_type, type, content, outcome, severity, job)
    select j.created, j.created, j.tenant, 'machines/bench-' || (n.i % 1000), 'Machine', 'http://schemas.dmtf.org/cimi/1/event/state',
      '{"resName":"bench","state":"STARTED","previous":"STOPPED"}', 'Status', 'low', 'job' || (1000000000 + n.i)
    from n, jobs j where j.id = '${FIRST}'`);
}
