import type { Point } from './curves';
import { multiplied, numbered } from './fill';
import type { Place } from './places';
import { get, spentOn, stageOf, tenantOf } from './stage';

/** A tenant's own list of a hundred machines that it has made, and what else there is: rows of others, its own elsewhere, Jobs that wait. */

const LISTS = 100;
/** Clouds of these: the list's, which more than one tenant shares, and another. */
const MACHINES = { hundred: 100, elsewhere: 0 };
const FIRST = 'machines/first';

/** Rows that other tenants have in the list's own cloud. */
export async function foreign(size: number, place: Promise<Place>): Promise<Point> {
  return pointOf(`${size.toLocaleString('en')} foreign rows`, place, (at) => rows(at, size, { tenant: `'${tenantOf(1)}'` }));
}

/** Rows that the tenant has in another cloud. */
export async function elsewhere(size: number, place: Promise<Place>): Promise<Point> {
  return pointOf(`${size.toLocaleString('en')} own rows elsewhere`, place, (at) => rows(at, size, { cloud: "'elsewhere'" }));
}

/** Jobs of another tenant that nobody works on, each of which holds a machine of the list's cloud. */
export async function backlog(size: number, place: Promise<Place>): Promise<Point> {
  return pointOf(`${size.toLocaleString('en')} Jobs waiting`, place, (at) => jobs(at, size));
}

async function pointOf(size: string, place: Promise<Place>, fill: (place: Place) => Promise<void>): Promise<Point> {
  const all = async (at: Place): Promise<void> => {
    await own(at);
    await fill(at);
  };
  const stage = await stageOf(place, { tenants: 2, asking: 1, each: 10, machines: MACHINES, fill: all });
  return {
    size,
    figures: {
      'list of 100': spentOn(
        stage,
        LISTS,
        get(() => 'clouds/hundred/machines'),
      ),
      'GET one': spentOn(
        stage,
        LISTS,
        get(() => FIRST),
      ),
    },
    close: stage.close,
  };
}

/** Makes the hundred machines of the provider's the tenant's own. */
async function own(place: Place): Promise<void> {
  const store = await place.open();
  try {
    await store.transaction((unit) =>
      unit.insertResource({
        ...{ path: FIRST, type: 'Machine', tenant: tenantOf(0), cloud: 'hundred', providerKey: 'i-00000', owner: null, state: 'STARTED' },
        ...{ secrets: null, internal: {}, values: { name: 'made here', description: 'one of a hundred', properties: { tier: 'web' } } },
      }),
    );
  } finally {
    await store.close();
  }
  const key = "'i-' || substr((100000 + n.i) || '', 2)";
  await place.run(multiplied({ path: FIRST, from: 1, to: 99, given: { path: numbered('machines'), provider_key: key } }));
}

async function rows(place: Place, size: number, given: Record<string, string>): Promise<void> {
  if (size === 0) return;
  const all = { path: numbered('machines'), provider_key: "'x-' || n.i", ...given };
  await place.run(multiplied({ path: FIRST, from: 1_000, to: 999 + size, given: all }));
}

async function jobs(place: Place, size: number): Promise<void> {
  const store = await place.open();
  const id = (number: number): string => `waiting${String(number).padStart(19, '0')}`;
  const insert = (number: number): Promise<void> =>
    store.transaction(async (unit) => {
      const path = `machines/${id(number)}`;
      await unit.insertJob({
        ...{ id: id(number), tenant: tenantOf(1), principal: tenantOf(1), workflow: 'machine.create', workflowVersion: 2, input: {} },
        ...{ action: 'http://schemas.dmtf.org/cimi/1/action/add', target: 'machines', affected: [path], statusMessage: 'accepted' },
        holds: [{ path, shows: 'CREATING' }],
      });
    });
  try {
    for (let at = 0; at < size; at += 50)
      await Promise.all(Array.from({ length: Math.min(50, size - at) }, (_, index) => insert(at + index)));
  } finally {
    await store.close();
  }
}
