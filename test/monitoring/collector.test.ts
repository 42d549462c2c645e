import { ProviderError } from '../../src/clouds/errors';
import { EVENT_TYPES } from '../../src/model/event-types';
import { readSoon } from '../../src/operations/collecting';
import { MINUTE, scene, T0, type Scene } from './scene';

let house: Scene;
beforeEach(async () => {
  house = await scene();
  await house.row('machines/a', { providerKey: 'a' });
  house.east.machine('a');
});
afterEach(() => house.end());

const minutesOf = async (path: string): Promise<number[]> => (await house.samples(path)).map(([minute]) => minute);

describe('values of one resource (5.17.3)', () => {
  test('the newest value is there at once, and each further one as soon as the cloud can be relied on', async () => {
    await house.meter('meters/m');
    await house.work();
    expect(await minutesOf('meters/m')).toEqual([-3, -2]);
    for (let n = 1; n <= 3; n++) await house.pass(MINUTE);
    expect(await minutesOf('meters/m')).toEqual([-3, -2, -1, 0, 1]);
  });

  test('all Meters of a cloud are read in one call, those of one distance at one moment', async () => {
    for (let n = 0; n < 50; n++) {
      await house.row(`machines/m${n}`, { providerKey: `m${n}` });
      await house.meter(`meters/${n}`, {}, { key: `m${n}` }, `machines/m${n}`);
      if (n % 10 === 0) await house.pass(7_000);
    }
    await house.pass(MINUTE);
    house.east.calls.length = 0;
    await house.pass(MINUTE);
    expect(house.east.calls.map((queries) => queries.length)).toEqual([50]);
  });

  test('a value that comes late or is corrected takes the place of its time; a gap stays one', async () => {
    house.east.valueAt = (_query, at) => (at === T0 ? undefined : 1);
    await house.meter('meters/m');
    await house.work();
    for (let n = 0; n < 2; n++) await house.pass(MINUTE);
    expect(await house.samples('meters/m')).toEqual([-3, -2, -1].map((minute) => [minute, 1]));
    house.east.valueAt = () => 2;
    await house.pass(MINUTE);
    expect((await house.samples('meters/m')).slice(-2)).toEqual([
      [0, 2],
      [1, 2],
    ]);
    const samples = await house.samples('meters/m');
    expect(new Set(samples.map(([minute]) => minute)).size).toBe(samples.length);
  });

  test('after an outage of the cloud all is there that it has kept', async () => {
    await house.meter('meters/m');
    await house.work();
    house.east.failure = new ProviderError('unavailable', 'out of order');
    for (let n = 0; n < 20; n++) await house.pass(MINUTE);
    expect(await minutesOf('meters/m')).toEqual([-3, -2]);
    expect(house.log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
    house.east.failure = undefined;
    await house.pass(2 * MINUTE);
    expect(await minutesOf('meters/m')).toEqual(Array.from({ length: 24 }, (_, n) => n - 3));
  });

  test('R5.17.3-03: nothing is recorded after stopTime', async () => {
    await house.meter('meters/m', { stopTime: new Date(T0 + 90_000).toISOString() });
    for (let n = 0; n < 6; n++) await house.pass(MINUTE);
    expect(Math.max(...(await minutesOf('meters/m')))).toBeLessThanOrEqual(1);
    const calls = house.east.calls.length;
    await house.pass(10 * MINUTE);
    expect(house.east.calls).toHaveLength(calls);
  });

  test('what was measured before stopTime and is told after it is recorded: nothing is lost by a late cloud', async () => {
    await house.meter('meters/m', { stopTime: new Date(T0 + 90_000).toISOString() });
    for (let n = 0; n < 6; n++) await house.pass(MINUTE);
    expect(await minutesOf('meters/m')).toEqual([-3, -2, -1, 0, 1]);
  });

  test('R5.17.3-04: a Meter is deleted, with its samples, after expiresTime, and an event tells it', async () => {
    await house.meter('meters/m', { expiresTime: new Date(T0 + 90_000).toISOString() });
    await house.pass(MINUTE);
    expect(await house.store.resource('meters/m')).toBeDefined();
    await house.pass(MINUTE);
    expect(await house.store.resource('meters/m')).toBeUndefined();
    expect(await house.samples('meters/m')).toEqual([]);
    const events = await house.store.events({ tenant: 'acme', limit: 10 });
    expect(events).toEqual([
      expect.objectContaining({
        type: EVENT_TYPES.model,
        resource: 'meters/m',
        content: expect.objectContaining({ change: 'delete' }) as object,
      }),
    ]);
  });

  test('a turn reads the Meters that are due, however many others there are', async () => {
    for (const n of [1, 2, 3]) await house.meter(`meters/w${n}`, {}, { cloud: 'west', interval: 600 });
    await house.meter('meters/slow', {}, { interval: 600 });
    await house.meter('meters/m');
    await house.work();
    const read = jest.spyOn(house.store, 'resources');
    await house.pass(MINUTE);
    const paths = read.mock.calls.flatMap(([{ type, paths = [] }]) => (type === 'Meter' ? paths : []));
    expect(paths).toEqual(['meters/m']);
  });

  test('nothing is recorded of the time in which a Meter was stopped', async () => {
    await house.meter('meters/m');
    await house.pass(MINUTE);
    const row = await house.store.resource('meters/m');
    const change = (values: object, internal: object = {}) =>
      house.store.transaction(async (unit) => {
        const [kept, more] = [
          { ...row?.values, ...values },
          { ...row?.internal, ...internal },
        ];
        await readSoon(unit, await unit.updateResource('meters/m', undefined, { values: kept, internal: more }));
      });
    await change({ stopTime: new Date(house.now()).toISOString() });
    await house.pass(10 * MINUTE);
    const before = await minutesOf('meters/m');
    expect(before).toEqual([-3, -2, -1, 0]);
    await change({}, { since: house.now() });
    await house.pass(5 * MINUTE);
    expect((await minutesOf('meters/m')).slice(before.length)).toEqual([12, 13, 14]);
  });
});

describe('a reader (collector.fill)', () => {
  test('gets what is due, by one call however many read', async () => {
    house.east.offers = house.east.offers.map((offer) => ({ ...offer, askEvery: 3_600 }));
    const { collector } = house.process();
    await house.meter('meters/m');
    await house.work();
    await house.pass(3 * MINUTE);
    await house.pass(10 * MINUTE);
    expect((await minutesOf('meters/m')).at(-1)).toBe(1);
    const row = await house.store.resource('meters/m');
    if (!row) throw new Error('no meter');
    house.east.calls.length = 0;
    await collector.fill(row);
    await collector.fill(row);
    expect((await minutesOf('meters/m')).at(-1)).toBe(11);
    expect(house.east.calls).toHaveLength(1);
  });

  test('gets what is there where the cloud does not answer', async () => {
    const { collector } = house.process();
    await house.meter('meters/m');
    house.east.failure = new ProviderError('unavailable', 'out of order');
    const row = await house.store.resource('meters/m');
    if (!row) throw new Error('no meter');
    await collector.fill(row);
    expect(await house.samples('meters/m')).toEqual([]);
  });
});

describe('values made of many', () => {
  test('N4: an hourly Meter has one Sample an hour, the mean of all values in it', async () => {
    house.east.valueAt = (_query, at) => ((at - T0) / MINUTE <= 30 ? 10 : 20);
    await house.meter('meters/m', { timeScope: 'Interval', intervalDuration: 'PT1H' });
    for (let n = 0; n < 125; n++) await house.pass(MINUTE);
    expect(await house.samples('meters/m')).toEqual([
      [60, 15],
      [120, 20],
    ]);
    const hourly = house.east.calls.flat().length;
    expect(hourly).toBeLessThanOrEqual(3);
  });

  test('a System has the mean by vCPUs of its Machines and those of its sub-Systems; covered says of how many', async () => {
    house.east.machine('a', 1);
    house.east.machine('b', 3);
    house.west.machine('c', 4);
    await house.row('machines/b', { providerKey: 'b' });
    await house.row('machines/c', { providerKey: 'c', cloud: 'west' });
    for (const system of ['systems/s', 'systems/t']) await house.row(system, { type: 'System', cloud: null });
    const part = (path: string, type: string, values: object) =>
      house.row(path, { type, cloud: null, owner: path.split('/').slice(0, 2).join('/'), values: { ...values } });
    await part('systems/s/machines/a', 'SystemMachine', { machine: { href: 'machines/a' } });
    await part('systems/s/machines/b', 'SystemMachine', { machine: { href: 'machines/b' } });
    await part('systems/s/systems/t', 'SystemSystem', { system: { href: 'systems/t' } });
    await part('systems/t/machines/c', 'SystemMachine', { machine: { href: 'machines/c' } });
    const values: Record<string, number> = { a: 100, b: 20, c: 10 };
    house.east.valueAt = ({ key }, at) => (key === 'b' && at > T0 + MINUTE ? undefined : values[key]);
    house.west.valueAt = ({ key }) => values[key];
    await house.meter('meters/g', {}, { cloud: null, type: 'System', key: null }, 'systems/s');
    for (let n = 0; n < 4; n++) await house.pass(MINUTE);
    expect(await house.store.samples({ meter: 'meters/g' })).toEqual([
      { t: T0 / 1000 + 60, value: 25, covered: '3/3' },
      { t: T0 / 1000 + 120, value: 28, covered: '2/3' },
    ]);
  });

  test('the Cloud Entry Point has the sum of all that the tenant has in its clouds', async () => {
    for (const [cloud, key] of [
      [house.east, 'a'],
      [house.west, 'w'],
      [house.east, 'foreign'],
    ] as const)
      cloud.machine(key);
    await house.row('machines/f', { providerKey: 'foreign', tenant: 'others' });
    for (const cloud of [house.east, house.west]) cloud.valueAt = ({ key }) => (key === 'foreign' ? 1_000 : 2);
    const aspect = 'http://schemas.dmtf.org/cimi/1/aspect/memory';
    await house.meter('meters/all', { aspect }, { cloud: null, type: 'CloudEntryPoint', key: null }, null);
    await house.pass(3 * MINUTE);
    expect(await house.store.samples({ meter: 'meters/all' })).toEqual([{ t: T0 / 1000 + 60, value: 4, covered: '2/2' }]);
  });

  test('waits for a cloud that is away for a while, then goes on without it', async () => {
    house.west.machine('w');
    house.west.failure = new ProviderError('unavailable', 'out of order');
    house.east.valueAt = () => 2;
    const aspect = 'http://schemas.dmtf.org/cimi/1/aspect/memory';
    await house.meter('meters/all', { aspect }, { cloud: null, type: 'CloudEntryPoint', key: null }, null);
    for (let n = 0; n < 10; n++) await house.pass(MINUTE);
    expect(await house.samples('meters/all')).toEqual([]);
    for (let n = 0; n < 10; n++) await house.pass(MINUTE);
    const samples = await house.store.samples({ meter: 'meters/all' });
    expect(samples.length).toBeGreaterThan(10);
    expect(new Set(samples.map(({ covered }) => covered))).toEqual(new Set(['1/2']));
  });
});

describe('several processes', () => {
  test('one that dies in the middle is followed by another: no value twice, none missing', async () => {
    await house.meter('meters/h', { timeScope: 'Interval', intervalDuration: 'PT1H' });
    await house.meter('meters/m');
    house.east.valueAt = () => 1;
    const [first, second] = [house.process(), house.process()];
    for (let n = 0; n < 12; n++) {
      let leave: () => void = () => undefined;
      const stuck = new Promise<void>((done) => (leave = done));
      house.east.gate = () => stuck;
      await first.schedule.look();
      house.east.gate = () => Promise.resolve();
      // Its lease runs out while it waits for the cloud; what it comes back with is another's by then.
      await house.pass(6 * MINUTE);
      await house.work(second.schedule);
      leave();
      await first.schedule.idle();
    }
    await house.pass(3 * MINUTE);
    const minutes = await minutesOf('meters/m');
    expect(minutes).toEqual(Array.from({ length: minutes.length }, (_, n) => n - 3));
    expect(minutes.at(-1)).toBeGreaterThanOrEqual(70);
    expect(await house.samples('meters/h')).toEqual([[60, 1]]);
  });
});
