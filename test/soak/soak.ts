import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '../chaos/random';
import { SIMULATED } from '../chaos/clouds';
import { World, type Member, type StoreKind } from '../chaos/world';
import { startOrigin } from '../fetch/origin';
import { elapse, eventually } from '../harness/wait';
import { CHANGES, measuredMachines } from './changes';
import { COMINGS } from './comings';
import { wordsOf, type Verdict } from './flat';
import { Measures } from './measures';
import { OPEN, snapshot } from './probe';
import { READS } from './reads';
import { Scene } from './scene';

export interface Settings {
  seed: number;
  /** Two gateways and two workers on PostgreSQL and Redis (default), or one process on SQLite. */
  store?: StoreKind;
  /** True as long as another round is to be done. */
  goesOn: (rounds: number) => boolean;
  /** Clients that do all acts in each round, in an order of their own. */
  clients?: number;
  /** Least time of a round, ms: a steady load is one whose pace a quick machine does not change. */
  paceMs?: number;
  /** Rounds from one measurement to the next. */
  every?: number;
  /** Folder for heap snapshots of each process at the end. */
  snapshots?: string | undefined;
  tell?: (line: string) => void;
}

/** Findings of a run. */
export interface Report {
  seed: number;
  rounds: number;
  acts: number;
  verdicts: Verdict[];
  /** Words about what grew, and what else was wrong, in words; none where all is well. */
  violations: string[];
}

const ACTS = [...CHANGES, ...READS, ...COMINGS];

/** Sections by which everything that is kept for a time is kept for the shortest: what then still grows is kept by nobody's will. */
const KEPT_SHORT = {
  jobs: { graceMs: 0, retentionMinutes: 1, refusedPerTenant: 0 },
  retention: { eventDays: 1, eventsPerTenant: 500, goneDays: 1, idDays: 1 },
  audit: { perTenant: 500 },
  monitoring: { watchMs: 5_000, samplesPerMeter: 10 },
  console: { idleMinutes: 1, longestMinutes: 1 },
  access: { required: true },
  fetch: { schemes: ['http'], addresses: ['127.0.0.0/8'] },
};

/**
 * Lets clients do all there is to do, round after round, and measures between the rounds what each process and the store hold. Told at
 * the end: what grew; whether Jobs, holds or things at the clouds were left; whether what is kept for a time goes when nothing more happens.
 */
export async function soak(settings: Settings): Promise<Report> {
  const { seed, store = 'postgres', goesOn, clients = 4, paceMs = 0, every = 1, snapshots, tell = () => undefined } = settings;
  if (snapshots !== undefined) mkdirSync(snapshots, { recursive: true });
  const origin = await startOrigin({
    '/hook': (request, response) => void request.resume().on('end', () => response.writeHead(204).end()),
  });
  const secret = randomBytes(24).toString('hex');
  const sections = (role: Member['role']) => ({
    ...KEPT_SHORT,
    worker: { leaseMs: 30_000, sweepMs: 500, concurrency: 16, inProcess: store === 'sqlite' },
    webhooks: [{ name: 'soak', url: `${origin.url}hook`, secret, types: ['model'] }],
    // A worker says in a line of its log that it is ready; those of each request would fill this process.
    log: { level: role === 'worker' ? 'info' : 'warn' },
  });
  const furnishing = { sections, env: OPEN, smallDisk: false };
  const world = await World.start(store, SIMULATED, furnishing).catch(async (error: unknown) => {
    await origin.close();
    throw error;
  });
  const measures = new Measures(world);
  let rounds = 0;
  let acts = 0;
  try {
    const random = new Random(seed);
    const scene = await Scene.open(world, random);
    const removeMachines = await measuredMachines(scene);
    const one = async (): Promise<void> => {
      for (const act of shuffled(ACTS, random)) {
        await act(scene).catch((error: unknown) => {
          throw new Error(`${act.name}: ${error instanceof Error ? error.message : String(error)}`);
        });
        acts += 1;
      }
    };
    while (goesOn(rounds)) {
      await Promise.all([elapse(paceMs), ...Array.from({ length: clients }, one)]);
      rounds += 1;
      if (rounds % every !== 0) continue;
      await measures.take();
      tell(lineOf(world, measures, rounds));
    }
    for (const { name, program } of snapshots === undefined ? [] : world.members)
      await snapshot(program, join(snapshots ?? '', `${name}.heapsnapshot`));
    await removeMachines();
    const verdicts = measures.verdicts();
    const violations = [...verdicts.filter(({ flat }) => !flat).map(wordsOf), ...(await left(world, measures))];
    return { seed, rounds, acts, verdicts, violations };
  } finally {
    measures.close();
    await world.stop();
    await origin.close();
  }
}

/** Looks what is left when nothing more happens: Jobs are kept for a minute. */
async function left(world: World, measures: Measures): Promise<string[]> {
  const found = [...(await world.leftovers()), ...world.errors()];
  for (const { key, there } of world.clouds) {
    const { counts } = await there();
    const present = Object.entries(counts).filter(([, count]) => count !== 0);
    if (present.length > 0) found.push(`${key} has ${present.map(([kind, count]) => `${count} ${kind}`).join(', ')} left`);
  }
  const { stdout, stderr } = await world.doctor();
  found.push(...`${stdout}\n${stderr}`.split('\n').filter((line) => line !== ''));
  // Whatever is kept for a time goes: this fails by its patience, with words.
  await eventually(
    async () => ((await measures.rows()).get('jobs') === 0 ? true : undefined),
    () => 'ended Jobs go by jobs.retentionMinutes',
  );
  return found;
}

function lineOf(world: World, measures: Measures, rounds: number): string {
  const of = (name: string): string => String(Math.round(measures.latest(name) * 10) / 10);
  const members = world.members.map(
    ({ name }) => `${name} ${of(`live of ${name}`)} MiB live, ${of(`resident of ${name}`)} resident, ${of(`sockets of ${name}`)} sockets`,
  );
  return [`round ${rounds}`, ...members, `${of('rows of jobs')} Jobs`].join('; ');
}

/** The same in another order. */
const shuffled = <T>(all: readonly T[], random: Random): T[] =>
  all
    .map((one) => ({ one, at: random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one);
