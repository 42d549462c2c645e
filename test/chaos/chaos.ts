import { Watch } from '../crash/watch';
import { elapse, waitUntil } from '../harness/wait';
import { Business, type Expected } from './business';
import { Faults, type Fault } from './faults';
import { Random } from './random';
import { SIMULATED, type CloudKey } from './clouds';
import { World, type StoreKind } from './world';

/** Findings of a run. */
export interface Report {
  seed: number;
  /** Number of times that each fault happened. */
  faults: Record<string, number>;
  /** Changes that clients asked for and that ended well. */
  changes: number;
  /** Answers that asked to come again, by status. */
  refusals: Record<number, number>;
  lists: number;
  /** Violations in words; none where all is well. */
  violations: string[];
  /** Lines of the members' logs that tell of errors, where there is a violation. */
  errors: string[];
}

export interface Settings {
  seed: number;
  /** Processes to kill; with `only`, times that it happens. */
  times: number;
  /** The only fault; all of them if absent. */
  only?: Fault | undefined;
  /** Clients of each cloud. */
  clients?: number;
  /** Two gateways and two workers on PostgreSQL (default), or one process on SQLite. */
  store?: StoreKind;
  /** Clouds in front of which they stand; the simulated ones if absent. */
  clouds?: readonly CloudKey[];
  /** True where each member has a clock of its own, some seconds from the others', which jumps; only in front of clouds that are no simulated ones. */
  clocks?: boolean;
  tell?: (line: string) => void;
}

/**
 * Lets clients go about their business while processes are killed and stand still, Redis forgets, PostgreSQL dies or fails over and providers lose answers.
 * Checked all the time: every change that was accepted ends well, every list has each machine exactly once. Checked at the end: at the providers is
 * what the gateways said, and nothing else; no Job and no hold is left; the store and the clouds agree.
 */
export async function chaos(settings: Settings): Promise<Report> {
  const { seed, times, only, clients = 2, store = 'postgres', clouds = SIMULATED, clocks = false, tell = () => undefined } = settings;
  const world = await World.start(store, clouds, { apart: clocks });
  const faults = new Faults(world, new Random(seed));
  const expected: Expected = { machines: new Map(), images: new Map(), volumes: new Map(), changes: 0, refusals: {} };
  const violations: string[] = [];
  let errors: string[] = [];
  const watches = world.clients.map((client) => new Watch(client, 'machines', 'machines', true));
  const known = { made: each(watches, 'made'), leaving: each(watches, 'leaving'), left: each(watches, 'left') } as unknown as Watch;
  let over = false;
  try {
    const random = new Random(seed + 1);
    const businesses = world.clouds.flatMap((cloud) =>
      Array.from({ length: clients }, () => new Business(world, cloud, new Random(Math.floor(random.next() * 2 ** 32)), known, expected)),
    );
    const fail = (error: unknown): void => {
      violations.push(error instanceof Error ? error.message : String(error));
      over = true;
    };
    const lives = businesses.map((business) => business.goOn(() => over).catch(fail));
    const looking = look(watches, () => over);
    const waits = new Random(seed + 2);
    const counted = only ?? 'kill';
    for (let done = 0; done < times && !over; done = faults.count(counted)) {
      await elapse(100 + waits.next() * 900);
      await faults.one(only);
      if (done > 0 && done % 50 === 0) tell(`${done} times ${counted}, ${expected.changes} changes, seed ${seed}`);
    }
    over = true;
    await faults.settled();
    for (const cloud of world.clouds) cloud.calm();
    await Promise.all([...lives, looking]);
    for (const watch of watches) await watch.once();
    violations.push(...watches.flatMap((watch) => watch.findings()), ...(await atTheEnd(world, expected)));
    if (violations.length > 0) errors = world.errors().slice(-ERRORS);
  } finally {
    over = true;
    await world.stop();
  }
  const lists = watches.reduce((sum, watch) => sum + watch.lists, 0);
  return {
    seed,
    faults: Object.fromEntries(faults.counts),
    changes: expected.changes,
    refusals: expected.refusals,
    lists,
    violations,
    errors,
  };
}

/** Errors that a report shows. */
const ERRORS = 20;

const each =
  (watches: readonly Watch[], name: 'made' | 'leaving' | 'left') =>
  (path: string): void =>
    watches.forEach((watch) => watch[name](path));

/** Looks at the lists all the time; a gateway that is dead is looked at again when it lives. */
async function look(watches: readonly Watch[], isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    for (const watch of watches) watch.resume();
    await elapse(50);
  }
  for (const watch of watches) await watch.stop();
}

/** Compares what is there with what was said. */
async function atTheEnd(world: World, expected: Expected): Promise<string[]> {
  const found: string[] = [];
  const compare = (what: string, is: readonly string[], should: readonly string[]): void => {
    const [one, other] = [[...is].sort().join(' '), [...should].sort().join(' ')];
    if (one !== other) found.push(`${what}: there are [${one}], there should be [${other}]`);
  };
  await waitUntil(async () => {
    const { stdout } = await world.doctor();
    return !stdout.includes('"unknown"');
  });
  for (const { key, there } of world.clouds) {
    const of = <T extends { cloud: string }>(all: ReadonlyMap<string, T>): T[] => [...all.values()].filter(({ cloud }) => cloud === key);
    const { machines, images, volumes } = await there();
    const states = of(expected.machines).map(({ state }) => state);
    compare(`machines of ${key}`, machines, states);
    compare(`images of ${key}`, [String(images)], [String(of(expected.images).length)]);
    compare(`volumes of ${key}`, [String(volumes)], [String(of(expected.volumes).length)]);
  }
  const { stdout, stderr } = await world.doctor();
  found.push(...stdout.split('\n').filter((line) => line !== ''), ...(stderr === '' ? [] : [stderr]));
  found.push(...(await world.leftovers()));
  return found;
}
