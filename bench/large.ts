import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { multiplied, numbered } from './fill';
import { createAsk, type Ask } from './load';
import { createBody, createMachine, ended } from './machines';
import { exactly, interleave, type Line, line, unlessFailed } from './rounds';
import { PAGE_SIZE, type World } from './world';

const STORED = 100_000;
const COMPONENTS = 50;
const MIB = 1024;

/** Large things: a list with what its items lead to, a filter over very many rows, a System of many machines. */
export async function measureLarge(world: World, rounds: number): Promise<Line[]> {
  const { ask, close } = createAsk();
  try {
    return [
      ...(await unlessFailed('list with $expand', () => expandedList(world, ask, rounds))),
      ...(await unlessFailed('$filter over stored templates', () => filtered(world, ask, rounds))),
      ...(await unlessFailed('System of many machines', () => system(world, ask))),
    ];
  } finally {
    close();
  }
}

/** A thousand machines with their disks laid in; the provider is asked for pages of both, never for one of them. */
async function expandedList(world: World, ask: Ask, rounds: number): Promise<Line[]> {
  const plain = `${world.base}clouds/thousand/machines`;
  const before = total(world);
  const first = await ask(`${plain}?$expand=disks`);
  const calls = total(world) - before;
  if (first.status !== 200) throw new Error(`${first.status}: ${first.body.toString().slice(0, 500)}`);
  const figures = await interleave(rounds, {
    plain: async () => (await ask(`${plain}?$first=1`)).ms,
    expanded: async () => (await ask(`${plain}?$expand=disks`)).ms,
  });
  return [
    line(
      { measure: 'list of 1,000 with $expand=disks', reference: 'the same without, encoded anew' },
      'ms',
      figures.expanded,
      figures.plain,
    ),
    exactly('provider calls: list of 1,000 with $expand=disks, 100 a page, machines and disks', 2 * (1_000 / PAGE_SIZE), calls),
  ];
}

function total({ calls }: World): number {
  return [...calls('thousand').values()].reduce((sum, count) => sum + count, 0);
}

/** Measures one stored template many times over; the reference reads and parses the same rows in this process. */
async function filtered(world: World, ask: Ask, rounds: number): Promise<Line[]> {
  const headers = { 'content-type': 'application/json' };
  const template = { resourceURI: 'http://schemas.dmtf.org/cimi/1/MachineTemplate', name: 'stored-0', initialState: 'STOPPED' };
  const made = await ask(`${world.base}machineTemplates`, { method: 'POST', headers, body: JSON.stringify(template) });
  if (made.status !== 201) throw new Error(`${made.status}: ${made.body.toString()}`);
  const database = new Database(join(world.folder, 'cimi.db'));
  try {
    const path = String(made.headers.location).slice(world.base.length);
    const given = {
      path: numbered('machineTemplates'),
      document: "replace(r.document, 'stored-0', 'stored-' || n.i)",
      name: "'stored-' || n.i",
    };
    database.exec(multiplied({ path, from: 1, to: STORED - 1, given }));
    const wanted = `stored-${STORED - 23}`;
    const url = `${world.base}machineTemplates?$filter=${encodeURIComponent(`name='${wanted}'`)}`;
    const peaks: number[] = [];
    const resting = memory(world.pid, 'VmRSS');
    const figures = await interleave(rounds, {
      reference: () => Promise.resolve(scan(database, wanted)),
      ours: async () => {
        const watch = setInterval(() => peaks.push(memory(world.pid, 'VmRSS')), 20);
        const { ms, body } = await ask(url);
        clearInterval(watch);
        if ((JSON.parse(body.toString()) as { count?: number }).count !== 1) throw new Error(body.toString().slice(0, 500));
        return ms;
      },
    });
    const grown = Math.max(...peaks, resting) - resting;
    return [
      line(
        {
          measure: `$filter over ${STORED.toLocaleString('en')} stored templates, one found`,
          reference: 'the rows read and parsed, without HTTP',
          note: `(memory grew by at most ${Math.round(grown / MIB)} MiB)`,
        },
        'ms',
        figures.ours,
        figures.reference,
      ),
    ];
  } finally {
    database.close();
  }
}

/** @returns ms */
function scan(database: Database.Database, wanted: string): number {
  const begun = performance.now();
  const rows = database.prepare("select document from resources where type = 'MachineTemplate'").all() as { document: string }[];
  const found = rows.filter(({ document }) => (JSON.parse(document) as { name?: string }).name === wanted);
  if (found.length !== 1) throw new Error(`${found.length} rows`);
  return performance.now() - begun;
}

/** kB of a process as the kernel counts them. */
function memory(pid: number, what: string): number {
  return Number(new RegExp(`${what}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN);
}

/** Fifty machines as one System against fifty creates, all sent at once. */
async function system(world: World, ask: Ask): Promise<Line[]> {
  const entry = `${world.base}clouds/one/`;
  const { machineTemplate } = JSON.parse(await createBody(ask, entry)) as { machineTemplate: object };
  const body = JSON.stringify({
    resourceURI: 'http://schemas.dmtf.org/cimi/1/SystemCreate',
    name: 'fifty',
    systemTemplate: {
      componentDescriptors: [{ name: 'node', type: 'http://schemas.dmtf.org/cimi/1/Machine', machineTemplate, quantity: COMPONENTS }],
    },
  });
  const accepted: number[] = [];
  const figures = await interleave(
    1,
    {
      reference: async () => {
        const begun = performance.now();
        await Promise.all(Array.from({ length: COMPONENTS }, () => createMachine(ask, entry)));
        return performance.now() - begun;
      },
      ours: async () => {
        const begun = performance.now();
        const answer = await ask(`${world.base}systems`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
        accepted.push(answer.ms);
        if (answer.status >= 300) throw new Error(`${answer.status}: ${answer.body.toString()}`);
        await ended(ask, String(answer.headers['cimi-job-uri']));
        return performance.now() - begun;
      },
    },
    false,
  );
  return [
    line(
      {
        measure: `System of ${COMPONENTS} machines, until all have started`,
        reference: `${COMPONENTS} machines created at once, one request each`,
        note: `(accepted after ${Math.round(accepted[0] ?? Number.NaN)} ms)`,
      },
      'ms',
      figures.ours,
      figures.reference,
    ),
  ];
}
