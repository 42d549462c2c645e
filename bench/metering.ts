import { join } from 'node:path';
import Database from 'libsql';
import { Client } from 'pg';
import { createAsk, type Ask } from './load';
import { createMachine } from './machines';
import { interleave, line, median, type Line } from './rounds';
import { startWorld, type World } from './world';

/** Meters of a running gateway: reading many samples, and what others feel of a thousand that are collected. */

const CIMI = 'http://schemas.dmtf.org/cimi/1';
const METERS = 1_000;
const SAMPLES = 10_000;
/** Largest cost of the newest hundred, in GETs of one machine. */
const MOST_TIMES = 3;
/** Requests of one figure. */
const REQUESTS = 30;
/** Time over which the event loop is looked at, ms. */
const LOOK_MS = 10_000;
/** Meters that are made at once. */
const AT_ONCE = 10;

/** @param url of PostgreSQL, where that is the database */
export async function measureMeters(name: string, rounds: number, url?: string): Promise<Line[]> {
  const store = url === undefined ? {} : { store: { kind: 'postgres', url } };
  // A cloud that measures every second: its Meters are always collected.
  const world = await startWorld(store, { options: { thousand: { meterResolution: 1 } } });
  const { ask, close } = createAsk();
  try {
    return [...(await reading(world, ask, name, rounds, url)), await collecting(world, ask, name)];
  } finally {
    close();
    await world.stop();
  }
}

async function reading(world: World, ask: Ask, name: string, rounds: number, url: string | undefined): Promise<Line[]> {
  const machine = await createMachine(ask, `${world.base}clouds/one/`);
  const meter = await makeMeter(ask, machine);
  await fill(world, meter.slice(world.base.length), url);
  const figure = (uri: string) => async (): Promise<number> => {
    const times: number[] = [];
    for (let request = 0; request < REQUESTS; request++) {
      const { status, ms, body } = await ask(uri);
      if (status !== 200) throw new Error(`${uri}: ${status} ${body.toString().slice(0, 500)}`);
      times.push(ms);
    }
    return median(times);
  };
  const newest = '$orderby=timestamp:desc&$first=1&$last=100';
  const { reference, ...figures } = await interleave(rounds, {
    reference: figure(machine),
    samples: figure(`${meter}/samples?${newest}`),
    steps: figure(`${meter}/samples?step=3600&${newest}`),
  });
  const of = `of ${SAMPLES.toLocaleString('en')} samples, ${name}`;
  const aim = { most: MOST_TIMES };
  return [
    line({ measure: `newest 100 ${of}`, reference: 'GET one machine', aim }, 'ms', figures.samples, reference),
    line({ measure: `newest 100 hourly means (step=3600) ${of}`, reference: 'GET one machine' }, 'ms', figures.steps, reference),
  ];
}

async function makeMeter(ask: Ask, machine: string): Promise<string> {
  const meterTemplate = { meterConfig: { aspect: `${CIMI}/aspect/cpu` } };
  const body = JSON.stringify({ resourceURI: `${CIMI}/MeterCreate`, meterTemplate });
  const made = await ask(`${machine}/meters`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  if (made.status !== 201) throw new Error(`${made.status}: ${made.body.toString()}`);
  return String(made.headers.location);
}

/** Gives a Meter samples of the last week, one a minute. */
async function fill({ folder }: World, path: string, url: string | undefined): Promise<void> {
  const end = Math.floor(Date.now() / 60_000) * 60;
  const statements = [
    `insert into series (path, reached, ageing) values ('${path}', ${end * 1000}, 1) on conflict do nothing`,
    `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${SAMPLES})
       insert into samples (meter, t, v) select s.id, ${end} - n.i * 60, n.i / 7.0 from n, series s where s.path = '${path}'
       on conflict do nothing`,
  ];
  if (url === undefined) {
    const database = new Database(join(folder, 'cimi.db'));
    database.pragma('busy_timeout = 60000');
    for (const statement of statements) database.exec(statement);
    database.close();
    return;
  }
  const client = new Client({ connectionString: url });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

async function collecting({ base }: World, ask: Ask, name: string): Promise<Line> {
  const { body } = await ask(`${base}clouds/thousand/machines`);
  const { machines } = JSON.parse(body.toString()) as { machines: { id: string; state: string }[] };
  await delayOver(ask, base, 0);
  const idle = await delayOver(ask, base, LOOK_MS);
  // What is stopped has no values.
  const running = machines.findIndex(({ state }) => state === 'STARTED');
  const meters: string[] = [];
  for (let from = 0; from < METERS; from += AT_ONCE) {
    const some = machines.slice(from, from + AT_ONCE);
    meters.push(...(await Promise.all(some.map(({ id }) => makeMeter(ask, id)))));
  }
  const count = async (): Promise<number> => {
    const answer = await ask(`${meters[running]}/samples?$first=1&$last=1`);
    return (JSON.parse(answer.body.toString()) as { count: number }).count;
  };
  while ((await count()) === 0) await passing(100);
  const begun = await count();
  await delayOver(ask, base, 0);
  const busy = await delayOver(ask, base, LOOK_MS);
  const turns = (await count()) - begun;
  if (turns === 0) throw new Error('no sample came: nothing was collected');
  return line(
    {
      measure: `event loop, p99 while ${METERS.toLocaleString('en')} Meters are collected every second, ${name}`,
      reference: 'idle',
      note: `(${turns} samples of each in ${LOOK_MS / 1_000} s)`,
    },
    'ms',
    [busy],
    [idle],
  );
}

const passing = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The gateway's own measure of the event loop, from the last look to one after so many ms; in ms. */
async function delayOver(ask: Ask, base: string, ms: number): Promise<number> {
  await passing(ms);
  const { body } = await ask(new URL('/metrics', base).href);
  const [, seconds] = /^nodejs_eventloop_lag_p99_seconds (\S+)$/m.exec(body.toString()) ?? [];
  if (seconds === undefined) throw new Error(`no lag of the event loop in the metrics: ${body.toString().slice(0, 300)}`);
  return Number(seconds) * 1_000;
}
