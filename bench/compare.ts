import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createAsk, type Ask } from './load';
import { createBody, createMachine, ended } from './machines';
import { processorMs } from './processor';
import { interleave, type Line, line, unlessFailed } from './rounds';
import { startWorld, type World } from './world';

/**
 * This checkout against an earlier one (its folder, installed), both running at the same time and asked in turn. The
 * figure is the processor time that a gateway's process takes, which other programs on the machine change little.
 */

/** One kind of request, sent `times` a round to each gateway. */
interface Work {
  measure: string;
  times: number;
  run(side: Side): Promise<unknown>;
}

interface Side {
  ask: Ask;
  /** Gateway with a worker, and one that only accepts. */
  world: World;
  accepting: World;
  machine: string;
  etag: string;
  /** Body of a create in each of the two. */
  bodies: ReadonlyMap<World, string>;
}

const JSON_BODY = { 'content-type': 'application/json' };
/**
 * Configuration that an earlier checkout knows too; nothing here comes near a quota. What a gateway does by itself (looking at clouds)
 * is no part of a request.
 */
const eitherOf = (root: string | undefined): Record<string, unknown> => ({
  quotas: undefined,
  ...(root !== undefined && !existsSync(join(root, 'src', 'monitoring')) ? { monitoring: undefined } : {}),
});
const XML = { headers: { accept: 'application/xml' } };

const WORKS: readonly Work[] = [
  { measure: 'GET one machine, JSON', times: 400, run: ({ ask, machine }) => ask(machine) },
  { measure: 'GET one machine, XML', times: 400, run: ({ ask, machine }) => ask(machine, XML) },
  {
    measure: 'GET with If-None-Match, 304',
    times: 400,
    run: ({ ask, machine, etag }) => ask(machine, { headers: { 'if-none-match': etag } }),
  },
  { measure: 'list of 100, JSON', times: 100, run: ({ ask, world }) => ask(`${world.base}clouds/hundred/machines`) },
  { measure: 'list of 100 ($first=1), JSON', times: 60, run: ({ ask, world }) => ask(`${world.base}clouds/hundred/machines?$first=1`) },
  { measure: 'list of 100 ($first=1), XML', times: 60, run: ({ ask, world }) => ask(`${world.base}clouds/hundred/machines?$first=1`, XML) },
  { measure: 'list of 10,000, JSON', times: 4, run: ({ ask, world }) => ask(`${world.base}clouds/many/machines`) },
  { measure: 'POST /machines accepted, SQLite', times: 60, run: (side) => post(side, side.accepting) },
  {
    measure: 'POST /machines until its Job has ended',
    times: 30,
    run: async (side) => ended(side.ask, await post(side, side.world), 250),
  },
];

async function post({ ask, bodies }: Side, world: World): Promise<string> {
  const body = bodies.get(world) ?? '';
  const { status, headers } = await ask(`${world.base}clouds/one/machines`, { method: 'POST', headers: JSON_BODY, body });
  if (status !== 202 && status !== 201) throw new Error(`POST answered ${status}`);
  return String(headers['cimi-job-uri']);
}

/**
 * @param before folder of the other checkout
 * @param only words that are in what is measured
 */
export async function measureCompare(before: string, rounds: number, only = ''): Promise<Line[]> {
  const sides = [await open(resolve(before)), await open(undefined)] as const;
  try {
    const lines: Line[] = [];
    for (const work of WORKS.filter(({ measure }) => measure.includes(only))) {
      const measured = async (): Promise<Line[]> => {
        const { before: reference, now } = await interleave(rounds, {
          before: () => spent(sides[0], work),
          now: () => spent(sides[1], work),
        });
        return [line({ measure: `${work.measure}: processor time`, reference: 'before' }, 'ms', now, reference)];
      };
      lines.push(...(await unlessFailed(work.measure, measured)));
    }
    return lines;
  } finally {
    for (const { close } of sides) await close();
  }
}

async function open(root: string | undefined): Promise<Side & { close(): Promise<void> }> {
  const { ask, close } = createAsk();
  const either = eitherOf(root);
  const world = await startWorld(either, { root });
  const accepting = await startWorld({ ...either, jobs: { graceMs: 0 }, worker: { inProcess: false } }, { root });
  const entry = `${world.base}clouds/one/`;
  const machine = await createMachine(ask, entry);
  const etag = String((await ask(machine)).headers.etag);
  const bodies = new Map<World, string>();
  for (const each of [world, accepting]) bodies.set(each, await createBody(ask, `${each.base}clouds/one/`));
  const stop = async () => {
    close();
    await world.stop();
    await accepting.stop();
  };
  return { ask, world, accepting, machine, etag, bodies, close: stop };
}

/** Processor time of a side's gateways for one request of the work, in ms. */
const spent = (side: Side, { times, run }: Work): Promise<number> =>
  processorMs([side.world.pid, side.accepting.pid], times, () => run(side));
