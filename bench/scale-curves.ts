import { measureCurve, type Point } from './curves';
import { pathOf } from './fill';
import { postgresPlace, sqlitePlace, type Place } from './places';
import type { Line } from './rounds';
import { besideChanges } from './scale-beside';
import { history } from './scale-history';
import { backlog, elsewhere, foreign } from './scale-lists';
import { posts } from './scale-posts';
import { workers } from './scale-workers';
import { get, spentOn, standing, stageOf, type Caller, type Stage } from './stage';

/**
 * Growth of one thing at a time: processor time for one request, of the gateways' processes and of those that PostgreSQL has for
 * them, against the smallest size of the same run.
 */

export interface Servers {
  postgres: string;
  redis: string;
}

interface Kind {
  sizes: readonly number[];
  /** Set where it needs PostgreSQL and Redis. */
  served?: true;
  measure(sizes: readonly number[], rounds: number, servers: Servers): Promise<Line[]>;
}

/** Requests of one figure. */
const READS = 200;
/** Stored templates of each tenant where tenants are counted. */
const OF_TENANT = 100;
/** Stored templates where gateways are counted. */
const OF_GATEWAYS = 10_000;
/** Machines at each cloud where clouds are counted. */
const OF_CLOUD = 10_000;
const STORED = [1_000, 10_000, 100_000, 1_000_000];
const TENANTS = [10, 100, 1_000];
/** Rows beside a list of a hundred, and Jobs that wait. */
const FOREIGN = [0, 100_000];
const WAITING = [0, 10_000];
/** Largest cost of a list beside so much else, in lists without. */
const ALIKE = { 'list of 100': 1.2 };
/** The same where up to a hundred of the Jobs are read for nothing. */
const NEARLY = { 'list of 100': 1.5 };
const PROCESSES = [1, 2, 4];

const many = (count: number, words: string): string => `${count.toLocaleString('en')} ${words}`;

/** Curves by their names. */
export const CURVES: Readonly<Record<string, Kind>> = {
  stored: { sizes: STORED, measure: curve('stored resources, SQLite', (size) => stored(size, sqlitePlace())) },
  'stored-postgres': {
    ...{ sizes: STORED, served: true },
    measure: curve('stored resources, PostgreSQL', (size, { postgres }) => stored(size, postgresPlace(postgres))),
  },
  tenants: { sizes: TENANTS, measure: curve('tenants, SQLite', (size) => tenants(size, sqlitePlace())) },
  'tenants-postgres': {
    ...{ sizes: TENANTS, served: true },
    measure: curve('tenants, PostgreSQL', (size, { postgres }) => tenants(size, postgresPlace(postgres))),
  },
  history: { sizes: STORED, measure: curve('Jobs that have ended, SQLite', (size) => history(size, sqlitePlace())) },
  'history-postgres': {
    ...{ sizes: STORED, served: true },
    measure: curve('Jobs that have ended, PostgreSQL', (size, { postgres }) => history(size, postgresPlace(postgres))),
  },
  foreign: { sizes: FOREIGN, measure: curve('foreign rows, SQLite', (size) => foreign(size, sqlitePlace()), ALIKE) },
  'foreign-postgres': {
    ...{ sizes: FOREIGN, served: true },
    measure: curve('foreign rows, PostgreSQL', (size, { postgres }) => foreign(size, postgresPlace(postgres)), ALIKE),
  },
  elsewhere: { sizes: FOREIGN, measure: curve('own rows elsewhere, SQLite', (size) => elsewhere(size, sqlitePlace()), ALIKE) },
  'elsewhere-postgres': {
    ...{ sizes: FOREIGN, served: true },
    measure: curve('own rows elsewhere, PostgreSQL', (size, { postgres }) => elsewhere(size, postgresPlace(postgres)), ALIKE),
  },
  backlog: { sizes: WAITING, measure: curve('Jobs waiting, SQLite', (size) => backlog(size, sqlitePlace()), NEARLY) },
  'backlog-postgres': {
    ...{ sizes: WAITING, served: true },
    measure: curve('Jobs waiting, PostgreSQL', (size, { postgres }) => backlog(size, postgresPlace(postgres)), NEARLY),
  },
  clouds: { sizes: [1, 3, 10], measure: curve(`clouds of ${OF_CLOUD.toLocaleString('en')} machines`, clouds) },
  gateways: { ...{ sizes: PROCESSES, served: true }, measure: curve('gateways, PostgreSQL and Redis', gateways) },
  changes: { ...{ sizes: PROCESSES, served: true }, measure: curve('reads beside changes, PostgreSQL and Redis', changing) },
  workers: {
    ...{ sizes: PROCESSES, served: true },
    measure: curve('workers, PostgreSQL and Redis', (size, { postgres, redis }) => workers(size, postgresPlace(postgres), redis)),
  },
};

function curve(
  name: string,
  point: (size: number, servers: Servers) => Promise<Point>,
  aims: Record<string, number> = {},
): Kind['measure'] {
  return (sizes, rounds, servers) => measureCurve({ name, aims, points: sizes.map((size) => () => point(size, servers)) }, rounds);
}

async function stored(size: number, place: Promise<Place>): Promise<Point> {
  return pointOf(many(size, 'resources'), await stageOf(place, { tenants: 1, each: size }), size);
}

async function tenants(size: number, place: Promise<Place>): Promise<Point> {
  return pointOf(many(size, 'tenants'), await stageOf(place, { tenants: size, each: OF_TENANT }), size * OF_TENANT);
}

async function gateways(size: number, { postgres, redis }: Servers): Promise<Point> {
  const more = { queue: { kind: 'redis', url: redis } };
  const stage = await stageOf(postgresPlace(postgres), { tenants: 1, each: OF_GATEWAYS, gateways: size, more });
  return pointOf(many(size, size === 1 ? 'gateway' : 'gateways'), stage, OF_GATEWAYS);
}

/** The same gateways while a hundred changes a second are made by any of them. */
async function changing(size: number, { postgres, redis }: Servers): Promise<Point> {
  const more = { queue: { kind: 'redis', url: redis } };
  const stage = await stageOf(postgresPlace(postgres), { tenants: 1, each: OF_GATEWAYS, gateways: size, more });
  const one = (turn: number): string => pathOf('machineTemplates', 1 + (Math.imul(turn, 7_919) % (OF_GATEWAYS - 1)));
  return {
    size: many(size, size === 1 ? 'gateway' : 'gateways'),
    figures: {
      'GET one': spentOn(
        stage,
        READS,
        get((_, turn) => one(turn)),
      ),
      'GET one, beside 100 changes a second': besideChanges(stage, one),
      'list of 100, beside 100 changes a second': besideChanges(stage, () => 'machineTemplates?$first=1&$last=100'),
    },
    close: stage.close,
  };
}

/** Machines that nobody has made: what is measured is putting together what clouds have. */
async function clouds(size: number): Promise<Point> {
  const keys = Array.from({ length: size }, (_, index) => `c${index}`);
  const machines = Object.fromEntries(keys.map((key) => [key, OF_CLOUD]));
  const stage = await stageOf(sqlitePlace(), { tenants: 1, each: 10, machines, more: { lists: { maxItems: 1_000_000 } } });
  const number = (turn: number): string => String(Math.imul(turn, 7_919) % OF_CLOUD).padStart(5, '0');
  const named = (turn: number): string => `?$filter=${encodeURIComponent(`name='machine ${number(turn)}'`)}`;
  return {
    size: many(size, size === 1 ? 'cloud' : 'clouds'),
    figures: {
      'GET one': spentOn(
        stage,
        READS,
        get((_, turn) => `machines/c0.i-${number(turn)}`),
      ),
      'first 100 of one cloud': spentOn(
        stage,
        10,
        get(() => 'clouds/c0/machines?$first=1&$last=100'),
      ),
      'first 100 of all clouds': spentOn(
        stage,
        10,
        get(() => 'machines?$first=1&$last=100'),
      ),
      'filter by name over all clouds': spentOn(
        stage,
        10,
        get((_, turn) => `machines${named(turn)}`),
      ),
    },
    standing: standing(stage),
    close: stage.close,
  };
}

/** @param total stored templates of all tenants */
async function pointOf(size: string, stage: Stage, total: number): Promise<Point> {
  const each = total / stage.tenants;
  // Some number of the caller's own, never the first, which is another path's.
  const some = ({ tenant }: Caller, turn: number): number => tenant + stage.tenants * (1 + (Math.imul(turn, 7_919) % (each - 1)));
  const named = (number: number): string => `machineTemplates?$filter=${encodeURIComponent(`name='stored-${number}'`)}`;
  return {
    size,
    figures: {
      'GET one': spentOn(
        stage,
        READS,
        get((caller, turn) => pathOf('machineTemplates', some(caller, turn))),
      ),
      'list of 100': spentOn(
        stage,
        READS / 2,
        get(() => 'machineTemplates?$first=1&$last=100'),
      ),
      'filter by name': spentOn(
        stage,
        READS,
        get((caller, turn) => named(some(caller, turn))),
      ),
      'filter by a property': spentOn(
        stage,
        2,
        get((_, turn) => `machineTemplates?$filter=${encodeURIComponent(`property['rack']='r${turn % 7}'`)}&$first=1&$last=1`),
        1,
      ),
      'POST accepted': await posts(stage),
    },
    standing: standing(stage),
    close: stage.close,
  };
}
