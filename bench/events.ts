import { statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { createAsk, type Ask } from './load';
import { interleave, line, type Line } from './rounds';
import type { World } from './world';

const EVENTS = 1_000_000;
const RESOURCES = 1_000;
const MANY = EVENTS.toLocaleString('en');

/** Room for so many events: as the gateway is delivered, a tenant has 100,000. */
export const KEPT = { retention: { eventsPerTenant: 2 * EVENTS, eventDays: 3_650 } };

/** A million events of a tenant: what they take, and how long their log is waited for. */
export async function measureEvents(world: World, rounds: number): Promise<Line[]> {
  const [perEvent, insertMs] = await filled(world);
  const { ask, close } = createAsk();
  try {
    const list = await ask(`${world.base}eventLogs`);
    const { eventLogs = [] } = JSON.parse(list.body.toString()) as { eventLogs?: { id: string }[] };
    const log = eventLogs[0]?.id ?? '';
    const machine = `${world.base}clouds/hundred/machines?$first=1&$last=1`;
    const query = (text: string) => `${log}/events?${text}`;
    const newest = '$orderby=timestamp:desc&$first=1&$last=100';
    const about = encodeURIComponent(`about='machines/bench-7'`);
    const rare = encodeURIComponent(`severity='critical'`);
    const timed = (url: string) => async () => {
      const { ms, status, body } = await ask(url);
      if (status !== 200) throw new Error(`${status}: ${body.toString().slice(0, 500)}`);
      return ms;
    };
    const figures = await interleave(rounds, {
      reference: timed(machine),
      newest: timed(query(newest)),
      about: timed(query(`$filter=${about}&${newest}`)),
      rare: timed(query(`$filter=${rare}&${newest}`)),
      log: timed(log),
    });
    const reference = 'a list of one Machine';
    const note = `(${perEvent} bytes an event with its indexes; ${Math.round(EVENTS / (insertMs / 1000)).toLocaleString('en')} written a second)`;
    return [
      line({ measure: `newest 100 of ${MANY} events`, reference, note }, 'ms', figures.newest, figures.reference),
      line({ measure: `newest 100 about one resource, of ${MANY}`, reference }, 'ms', figures.about, figures.reference),
      line({ measure: `newest 100 that are critical, of ${MANY}`, reference }, 'ms', figures.rare, figures.reference),
      line({ measure: `log of ${MANY} events with its summary`, reference }, 'ms', figures.log, figures.reference),
    ];
  } finally {
    close();
  }
}

/** Writes the events, on connections of its own: it takes longer than an idle one lives. @returns bytes of each, and ms */
async function filled(world: World): Promise<[number, number]> {
  const { ask, close } = createAsk();
  const file = join(world.folder, 'cimi.db');
  const database = new Database(file);
  database.pragma('busy_timeout = 60000');
  try {
    return fill(database, file, await firstEvent(world, ask, database));
  } finally {
    database.close();
    close();
  }
}

/** Makes one event by a request. @returns the tenant that has it */
async function firstEvent({ base }: World, ask: Ask, database: Database.Database): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ resourceURI: 'http://schemas.dmtf.org/cimi/1/MachineTemplate', name: 'one' });
  await ask(`${base}machineTemplates`, { method: 'POST', headers, body });
  const row = database.prepare('select tenant from events limit 1').get() as { tenant: string } | undefined;
  if (!row) throw new Error('no event was recorded');
  return row.tenant;
}

/** Writes events like those of machines that are started and stopped. @returns bytes of each, and ms */
function fill(database: Database.Database, file: string, tenant: string): [number, number] {
  const size = () => {
    database.pragma('wal_checkpoint(TRUNCATE)');
    return statSync(file).size;
  };
  const before = size();
  const begun = performance.now();
  database
    .prepare(
      `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${EVENTS})
       insert into events (timestamp, recorded, tenant, resource, resource_type, type, content, outcome, severity, job)
       select strftime('%Y-%m-%dT%H:%M:%fZ', 1767225600 + i * 10, 'unixepoch'), strftime('%Y-%m-%dT%H:%M:%fZ', 1767225600 + i * 10, 'unixepoch'),
              ?, 'machines/bench-' || (i % ${RESOURCES}), 'Machine', 'http://schemas.dmtf.org/cimi/1/event/state',
              '{"resName":"bench","state":"STARTED","previous":"STOPPED"}', 'Status',
              case when i % 10000 = 0 then 'critical' else 'low' end, printf('%026d', i) from n`,
    )
    .run(tenant);
  const ms = performance.now() - begun;
  return [Math.round((size() - before) / EVENTS), ms];
}
