import { elapse, waitUntil } from '../harness/wait';
import { Asker } from './asker';
import { Business } from './business';
import { Expected, KINDS } from './expected';
import { Faults, type Fault } from './faults';
import { Random } from './random';
import { SIMULATED, type CloudKey } from './clouds';
import { Watches } from './watches';
import { World, type StoreKind } from './world';

/** Findings of a run. */
export interface Report {
  seed: number;
  /** Number of times that each fault happened. */
  faults: Record<string, number>;
  /** Changes that clients asked for and that ended well. */
  changes: number;
  /** Jobs that ended STOPPED, as clients had asked. */
  stopped: number;
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
  /** Part of the creates and deletes that are asked to stop; none if absent. */
  stops?: number;
  tell?: (line: string) => void;
}

/**
 * Lets clients go about their business while processes are killed and stand still, Redis forgets, PostgreSQL dies or fails over and providers lose answers.
 * Checked all the time: every change that was accepted ends well, every list has each machine exactly once. Checked at the end: at the providers is
 * what the gateways said, and nothing else; no Job and no hold is left; the store and the clouds agree.
 */
export async function chaos(settings: Settings): Promise<Report> {
  const {
    seed,
    times,
    only,
    clients = 2,
    store = 'postgres',
    clouds = SIMULATED,
    clocks = false,
    stops = 0,
    tell = () => undefined,
  } = settings;
  const world = await World.start(store, clouds, { apart: clocks });
  const faults = new Faults(world, new Random(seed));
  const expected = new Expected();
  const violations: string[] = [];
  let errors: string[] = [];
  const watches = new Watches(
    world.clients,
    stops > 0,
    world.clouds.flatMap(({ comeWith = [] }) => comeWith),
  );
  let over = false;
  try {
    await watches.settleIn();
    const random = new Random(seed + 1);
    const businesses = world.clouds.flatMap((cloud) =>
      Array.from({ length: clients }, () => {
        const own = new Random(Math.floor(random.next() * 2 ** 32));
        const sources = world.clouds.filter((one) => one !== cloud && one.takesUploads);
        return new Business(cloud, new Asker(world, cloud.key, own, expected, stops), own, watches, expected, world.originUrl, sources);
      }),
    );
    const fail = (error: unknown): void => {
      violations.push(error instanceof Error ? error.message : String(error));
      over = true;
    };
    const lives = businesses.map((business) => business.goOn(() => over).catch(fail));
    const looking = watches.look(() => over).catch(fail);
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
    violations.push(...(await watches.findings()), ...(await atTheEnd(world, expected)));
    if (violations.length > 0) errors = world.errors().slice(-ERRORS);
  } finally {
    over = true;
    await world.stop();
  }
  return {
    seed,
    faults: Object.fromEntries(faults.counts),
    changes: expected.changes,
    stopped: expected.stopped,
    refusals: expected.refusals,
    lists: watches.lists,
    violations,
    errors,
  };
}

/** Errors that a report shows. */
const ERRORS = 20;

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
    const { states, counts, keys } = await there();
    compare(
      `machines of ${key}`,
      states,
      expected.of('machines', key).map(({ state }) => String(state)),
    );
    if (keys !== undefined) compare(`key pairs of ${key}`, [String(keys)], [String(expected.keysIn(key))]);
    for (const kind of KINDS) {
      const count = counts[kind];
      if (count !== undefined) compare(`${kind} of ${key}`, [String(count)], [String(expected.of(kind, key).length)]);
    }
  }
  const { stdout, stderr } = await world.doctor();
  found.push(...stdout.split('\n').filter((line) => line !== ''), ...(stderr === '' ? [] : [stderr]));
  found.push(...(await world.leftovers()));
  return found;
}
