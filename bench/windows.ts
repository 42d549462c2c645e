import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { createAsk, type Ask } from './load';
import { interleave, line, median, type Line } from './rounds';
import type { World } from './world';

/** Windows of lists that are rows: whatever the length of the list, one window costs about what one resource does. */

const SIZES = [300_000, 1_000_000];
/** Requests of one figure. */
const REQUESTS = 30;
const MIB = 1024;
/** Largest cost of a window, in GETs of one Job; and largest growth of the process, as a part of its size. */
const MOST_TIMES = 3;
const MOST_GROWTH = 1.2;

/** Queries that are held to the aim, and those that look through every row, told for information. */
const HELD = [
  '$first=1&$last=1',
  "$filter=state='FAILED'&$first=1&$last=1",
  '$orderby=created:desc&$first=1&$last=1',
  "$filter=state='FAILED'&$orderby=created:desc&$first=1&$last=1",
];
/** Stands for the last twenty. */
const END = '(the last 20)';
const TOLD = [END, '$filter=returnCode=7&$first=1&$last=1', "$filter=name='job 77'&$first=1&$last=1", '$orderby=name&$first=1&$last=1'];

export async function measureWindows(world: World, rounds: number): Promise<Line[]> {
  const { ask, close } = createAsk();
  try {
    const lines: Line[] = [];
    const one = await someJob(world, ask);
    for (const jobs of SIZES) {
      multiply(world, one.slice(`${world.base}jobs/`.length), jobs);
      lines.push(...(await measured(world, ask, one, jobs, rounds)));
    }
    return lines;
  } finally {
    close();
  }
}

/** URI of a Job that has ended. */
async function someJob({ base }: World, ask: Ask): Promise<string> {
  const body = JSON.stringify({ resourceURI: 'http://schemas.dmtf.org/cimi/1/MachineTemplate', name: 'template', initialState: 'STOPPED' });
  const made = await ask(`${base}machineTemplates`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  if (made.status !== 201) throw new Error(`${made.status}: ${made.body.toString()}`);
  return String(made.headers['cimi-job-uri']);
}

/** Fills the table up to so many Jobs, a second apart; one in a hundred has FAILED. */
function multiply({ folder }: World, id: string, jobs: number): void {
  const database = new Database(join(folder, 'cimi.db'));
  try {
    database.exec('pragma busy_timeout = 60000');
    const columns = (database.prepare('select name from pragma_table_info(?)').all('jobs') as { name: string }[]).map(({ name }) => name);
    const given: Record<string, string> = {
      id: "printf('%026d', n.i)",
      state: "case when n.i % 100 = 0 then 'FAILED' else 'SUCCESS' end",
      naming: `'{"name":"job ' || n.i || '"}'`,
      return_code: 'n.i % 1000',
      created: "strftime('%Y-%m-%dT%H:%M:%fZ', 1700000000 + n.i, 'unixepoch')",
      changed: "strftime('%Y-%m-%dT%H:%M:%fZ', 1700000000 + n.i, 'unixepoch')",
      // Not as refused requests are, of which few are kept.
      workflow: "'bench'",
      idempotency_key: 'null',
    };
    const { have } = database.prepare('select count(*) as have from jobs').get() as { have: number };
    database
      .prepare(
        `with recursive n(i) as (select ${have} union all select i + 1 from n where i < ${jobs - 1})
         insert into jobs (${columns.join(', ')}) select ${columns.map((name) => given[name] ?? `jobs.${name}`).join(', ')}
         from n, jobs where jobs.id = ?`,
      )
      .run(id);
    database.exec('pragma wal_checkpoint(truncate)');
  } finally {
    database.close();
  }
}

async function measured(world: World, ask: Ask, one: string, jobs: number, rounds: number): Promise<Line[]> {
  const size = jobs.toLocaleString('en');
  const figure = (url: string, requests: number) => async (): Promise<number> => {
    const times: number[] = [];
    for (let request = 0; request < requests; request++) {
      const { status, ms, body } = await ask(url);
      if (status !== 200) throw new Error(`${url}: ${status} ${body.toString().slice(0, 500)}`);
      times.push(ms);
    }
    return median(times);
  };
  const uri = (query: string): string => `${world.base}jobs?${encodeURI(query.replace(END, `$first=${jobs - 19}&$last=${jobs}`))}`;
  const before = memory(world.pid);
  const held = await interleave(rounds, {
    one: figure(one, REQUESTS),
    ...Object.fromEntries(HELD.map((query) => [query, figure(uri(query), REQUESTS)])),
  });
  const after = memory(world.pid);
  const told = await interleave(rounds, {
    one: figure(one, REQUESTS),
    ...Object.fromEntries(TOLD.map((query) => [query, figure(uri(query), 1)])),
  });
  const reference = 'GET of one Job';
  const of = (figures: Record<string, number[]>, query: string, aim?: Line['aim']): Line =>
    line(
      { measure: `GET /jobs?${query}, ${size} Jobs`, reference, ...(aim ? { aim } : {}) },
      'ms',
      figures[query] ?? [],
      figures.one ?? [],
    );
  return [
    ...HELD.map((query) => of(held, query, { most: MOST_TIMES })),
    line(
      { measure: `memory of the process after these windows, ${size} Jobs`, reference: 'before', aim: { most: MOST_GROWTH } },
      'MiB',
      [after / MIB],
      [before / MIB],
    ),
    ...TOLD.map((query) => of(told, query)),
  ];
}

/** kB that the process has in memory, as the kernel counts them. */
function memory(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN);
}
