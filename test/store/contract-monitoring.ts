import type { Sample, SampleBatch } from '../../src/store/monitoring';
import { StaleError, type Store } from '../../src/store/store';
import { failure, resourceRow, type Bench } from './fixture';

const METER = 'meters/a';
const at = (t: number, value = t, covered: string | null = null): Sample => ({ t, value, covered });
const batch = (samples: readonly Sample[], more: Partial<SampleBatch> = {}): Omit<SampleBatch, 'builtOn'> => ({
  ...{ meter: METER, samples, reached: 1_000_000_000_000_000, memory: null, ageing: true },
  ...more,
});
const place = (t: number) => ({ created: new Date(t * 1000).toISOString(), path: `${METER}/samples/${t}` });
const moment = (t: number) => new Date(t * 1000).toISOString();

const OPERATORS = [
  ['<', (t: number, than: number) => t < than],
  ['<=', (t: number, than: number) => t <= than],
  ['=', (t: number, than: number) => t === than],
  ['!=', (t: number, than: number) => t !== than],
  ['>=', (t: number, than: number) => t >= than],
  ['>', (t: number, than: number) => t > than],
] as const;

/** Means over steps, put together one sample after the other; of whole numbers, few enough for them to be exact. */
function meansOver(samples: readonly Sample[], step: number): Sample[] {
  const steps = new Map<number, number[]>();
  for (const { t, value } of samples) {
    const end = Math.ceil(t / step) * step;
    steps.set(end, [...(steps.get(end) ?? []), value]);
  }
  return [...steps].map(([end, values]) => at(end, values.reduce((sum, value) => sum + value, 0) / values.length));
}

/** Samples of Meters (5.17.3), windows over them, and recurring work. */
export function monitoringContract(bench: () => Bench): void {
  const store = (): Store => bench().store;
  const make = (...paths: string[]): Promise<void> =>
    store().transaction(async (unit) => {
      for (const path of paths) await unit.insertResource(resourceRow(path, { type: 'Meter', cloud: null }));
    });
  /** Writes what was worked out from how things stand now. */
  const put = async (...batches: Omit<SampleBatch, 'builtOn'>[]): Promise<void> => {
    const standings = await store().series(batches.map(({ meter }) => meter));
    const built = batches.map((each) => ({ ...each, builtOn: standings.get(each.meter)?.reached }));
    await store().transaction((unit) => unit.putSamples(built));
  };

  test('a sample of a time that is there replaces it: each Meter has one value of one time', async () => {
    await make(METER, 'meters/b');
    await put(batch([at(60, 1.5), at(120, 2)]), batch([at(60, 7)], { meter: 'meters/b' }));
    await put(batch([at(120, 3, '3/4'), at(180, -1e-7)]));
    expect(await store().samples({ meter: METER })).toEqual([at(60, 1.5), at(120, 3, '3/4'), at(180, -1e-7)]);
    expect(await store().samples({ meter: 'meters/b' })).toEqual([at(60, 7)]);
    expect(await store().newestSamples([METER, 'meters/b', 'meters/none'])).toEqual(
      new Map([
        [METER, at(180, -1e-7)],
        ['meters/b', at(60, 7)],
      ]),
    );
  });

  test('times beyond 2038 are times', async () => {
    await make(METER);
    await put(batch([at(5_000_000_000, 1)]));
    expect(await store().samples({ meter: METER })).toEqual([at(5_000_000_000, 1)]);
  });

  test('the standing of a Meter is kept with its samples', async () => {
    await make(METER);
    expect(await store().series([METER])).toEqual(new Map());
    await put(batch([at(60)], { reached: 60_000, memory: { sum: 1.5, n: 2 } }));
    expect(await store().series([METER])).toEqual(new Map([[METER, { meter: METER, reached: 60_000, memory: { sum: 1.5, n: 2 } }]]));
    await put(batch([], { reached: 90_000 }));
    expect(await store().series([METER])).toEqual(new Map([[METER, { meter: METER, reached: 90_000, memory: null }]]));
  });

  test('of two that worked out from the same standing one writes: nothing is counted twice', async () => {
    await make(METER);
    const write = (builtOn: number | undefined, reached: number, ...samples: Sample[]) =>
      store().transaction((unit) => unit.putSamples([{ ...batch(samples, { reached }), builtOn }]));
    await write(undefined, 60_000, at(60));
    await write(undefined, 90_000, at(90));
    await write(60_000, 120_000, at(120));
    await write(60_000, 150_000, at(150));
    expect((await store().samples({ meter: METER })).map(({ t }) => t)).toEqual([60, 120]);
    expect((await store().series([METER])).get(METER)?.reached).toBe(120_000);
  });

  test('the oldest samples go above the number of their Meter; those that age go after their time', async () => {
    await make(METER, 'meters/b');
    const now = Math.floor((await store().now()) / 1000);
    const young = [30, 20, 10].map((ago) => at(now - ago));
    const shared = young.map((one) => ({ ...one, covered: '1/2' }));
    const others = shared.slice(1);
    await put(batch([at(60), ...young]), batch([at(60, 60, '1/2'), ...shared], { meter: 'meters/b', ageing: false }));
    const left = async () => [await store().countSamples({ meter: METER }), await store().countSamples({ meter: 'meters/b' })];
    const trim = (keepMs: number, perMeter: number) => store().transaction((unit) => unit.trimSamples({ keepMs, perMeter }, 0));
    expect(await trim(3_600_000, 4)).toBeUndefined();
    expect(await left()).toEqual([3, 4]);
    await trim(3_600_000, 3);
    expect(await left()).toEqual([3, 3]);
    await trim(3_600_000, 2);
    expect(await store().samples({ meter: 'meters/b' })).toEqual(others);
    // Nothing of what went is left: what comes at the same time later is of one resource.
    await put(batch([at(60), ...young.slice(0, 1)], { meter: 'meters/b', ageing: false }));
    expect(await store().samples({ meter: 'meters/b' })).toEqual([at(60), ...young.slice(0, 1), ...others]);
  });

  test('R5.17.3-01: samples go with their Meter, and what comes for it later is left out', async () => {
    await make(METER, 'meters/b');
    await put(batch([at(60)]), batch([at(60)], { meter: 'meters/b' }));
    await store().transaction((unit) => unit.deleteResource(METER));
    await put(batch([at(120)]), batch([at(120)], { meter: 'meters/b' }));
    expect(await store().samples({ meter: METER })).toEqual([]);
    await make(METER);
    expect([await store().countSamples({ meter: METER }), await store().countSamples({ meter: 'meters/b' })]).toEqual([0, 2]);
    await store().transaction((unit) => unit.removeSamples('meters/b'));
    expect(await store().countSamples({ meter: 'meters/b' })).toBe(0);
  });

  test('lists are narrowed, ordered, counted and cut by the database', async () => {
    await make(METER, 'meters/b');
    const times = [60, 120, 180, 240, 300];
    await put(batch(times.map((t) => at(t))), batch([at(90)], { meter: 'meters/b' }));
    const read = async (query: object) => (await store().samples({ meter: METER, ...query })).map(({ t }) => t);
    expect(await read({ descending: true, limit: 2 })).toEqual([300, 240]);
    expect(await read({ after: place(120), limit: 2 })).toEqual([180, 240]);
    expect(await read({ after: place(120), descending: true })).toEqual([60]);
    expect(await read({ upTo: place(120) })).toEqual([60, 120]);
    expect(await read({ upTo: place(240), descending: true })).toEqual([300, 240]);
    expect(await read({ times: [300, 60, 61] })).toEqual([60, 300]);
    expect(await read({ times: [] })).toEqual([]);
    expect(await store().samplePlace({ meter: METER, offset: 1 })).toEqual(place(120));
    expect(await store().samplePlace({ meter: METER, offset: 1, fromEnd: true })).toEqual(place(240));
    expect(await store().samplePlace({ meter: METER, offset: 1, descending: true })).toEqual(place(240));
    expect(await store().samplePlace({ meter: METER, offset: 5 })).toBeUndefined();
  });

  test.each([
    ['<', 120, [60]],
    ['<=', 120, [60, 120]],
    ['=', 120, [120]],
    ['!=', 120, [60, 180]],
    ['>=', 120, [120, 180]],
    ['>', 120, [180]],
    ['<', 120.5, [60, 120]],
    ['<=', 119.5, [60]],
    ['=', 120.5, []],
    ['!=', 120.5, [60, 120, 180]],
    ['>=', 119.5, [120, 180]],
    ['>', 120.5, [180]],
  ] as const)('timestamp %s %p', async (operator, t, expected) => {
    await make(METER);
    await put(batch([at(60), at(120), at(180)]));
    const where = { kind: 'moment', field: 'timestamp', operator, value: t * 1000 } as const;
    expect((await store().samples({ meter: METER, where })).map((sample) => sample.t)).toEqual(expected);
    expect(await store().countSamples({ meter: METER, where })).toBe(expected.length);
  });

  test('means over steps are stamped with the end of each step; a step without a sample is left out', async () => {
    await make(METER);
    await put(batch([at(60, 1), at(120, 2), at(180, 4), at(600, 9)]));
    expect(await store().samples({ meter: METER, step: 120 })).toEqual([at(120, 1.5), at(240, 4), at(600, 9)]);
    expect(await store().samples({ meter: METER, step: 120, descending: true, limit: 1 })).toEqual([at(600, 9)]);
    expect(await store().samples({ meter: METER, step: 120, times: [240, 360] })).toEqual([at(240, 4)]);
  });

  test('a mean says of how many members it is where all its samples are of as many', async () => {
    await make(METER);
    await put(batch([at(30, 1, '2/2'), at(60, 2, '2/2'), at(90, 3, '2/2'), at(120, 4, '1/2'), at(150, 5), at(180, 6, '2/2')]));
    expect(await store().samples({ meter: METER, step: 60 })).toEqual([at(60, 1.5, '2/2'), at(120, 3.5), at(180, 5.5)]);
  });

  test('lists of means are the means of all samples, narrowed, ordered, counted and cut', async () => {
    await make(METER);
    const all = Array.from({ length: 40 }, (_, n) => at(1_000 + 37 * n + (n % 5), n % 7));
    await put(batch(all));
    for (const step of [1, 60, 97, 500]) {
      const meansOf = meansOver(all, step);
      const read = (query: object) => store().samples({ meter: METER, step, ...query });
      expect(await read({})).toEqual(meansOf);
      expect(await read({ descending: true })).toEqual(meansOf.toReversed());
      expect(await store().countSamples({ meter: METER, step })).toBe(meansOf.length);
      for (const t of [meansOf[2]?.t ?? 0, (meansOf[2]?.t ?? 0) + 1, 1_700.5]) {
        for (const [operator, holds] of OPERATORS) {
          const where = { kind: 'moment', field: 'timestamp', operator, value: t * 1000 } as const;
          const expected = meansOf.filter((mean) => holds(mean.t, t));
          expect([step, operator, await read({ where })]).toEqual([step, operator, expected]);
          expect(await store().countSamples({ meter: METER, step, where })).toBe(expected.length);
        }
      }
      const [, second, third] = meansOf.map(({ t }) => t);
      if (second === undefined || third === undefined) throw new Error('too few steps');
      expect((await read({ after: place(second), limit: 1 })).map(({ t }) => t)).toEqual([third]);
      expect((await read({ upTo: place(second) })).length).toBe(2);
      expect(await store().samplePlace({ meter: METER, step, offset: 2 })).toMatchObject({ created: moment(third) });
      expect(await store().samplePlace({ meter: METER, step, offset: meansOf.length - 3, fromEnd: true })).toMatchObject({
        created: moment(third),
      });
    }
  });

  describe('the agenda of recurring work', () => {
    const FAR = 10 ** 15;
    const entries = async (work: string, upTo = FAR) => store().agenda({ work, upTo, limit: 10 });
    const paths = async (work: string, upTo = FAR) => (await entries(work, upTo)).map(({ path }) => path);

    test('has what was put there, each work its own, the longest due first; what is deleted goes from it', async () => {
      await make(METER, 'meters/b', 'meters/c');
      await store().transaction(async (unit) => {
        for (const path of [METER, 'meters/b', 'meters/c']) await unit.putOnAgenda(path, 'collect east');
        await unit.putOnAgenda(METER, 'alarms');
      });
      const now = await store().now();
      const dues = new Map([
        [METER, now + 90_000],
        ['meters/b', now + 60_000],
      ]);
      const some = (await entries('collect east'))
        .filter(({ path }) => dues.has(path))
        .map((each) => ({ ...each, due: dues.get(each.path) }));
      await store().transaction((unit) => unit.dateOnAgenda('collect east', some));
      expect(await paths('collect east')).toEqual(['meters/c', 'meters/b', METER]);
      expect(await paths('collect east', now + 60_000)).toEqual(['meters/c', 'meters/b']);
      expect(await store().agendas()).toEqual(['alarms', 'collect east']);
      await store().transaction((unit) => unit.deleteResource('meters/c'));
      expect(await store().nextOnAgenda('collect east')).toBe(now + 60_000);
      expect(await store().nextOnAgenda('collect west')).toBeUndefined();
    });

    test('keeps what was put there once more while it was looked at', async () => {
      await make(METER, 'meters/b');
      const put = (...some: string[]) =>
        store().transaction(async (unit) => Promise.all(some.map((path) => unit.putOnAgenda(path, 'collect'))));
      await put(METER, 'meters/b');
      const looked = await entries('collect');
      await put(METER);
      await store().transaction((unit) =>
        unit.dateOnAgenda(
          'collect',
          looked.map((each) => ({ ...each, due: undefined })),
        ),
      );
      expect(await paths('collect')).toEqual([METER]);
      const [again] = await entries('collect');
      await store().transaction((unit) => unit.dateOnAgenda('collect', again ? [{ ...again, due: undefined }] : []));
      expect(await paths('collect')).toEqual([]);
    });

    test('wakes its work, and is no later than the clock that was set back', async () => {
      await make(METER);
      await store().addTasks(['collect']);
      await store().leaseTask(new Map([['collect', 60_000]]), 'w', 60_000);
      await store().endTask('collect', 1);
      await store().transaction((unit) => unit.putOnAgenda(METER, 'collect'));
      expect(await store().leaseTask(new Map([['collect', 60_000]]), 'w', 60_000)).toMatchObject({ epoch: 2 });
      const [entry] = await entries('collect');
      await store().transaction((unit) => unit.dateOnAgenda('collect', entry ? [{ ...entry, due: FAR }] : []));
      await store().capWaits(60_000);
      expect(await store().nextOnAgenda('collect')).toBeLessThanOrEqual((await store().now()) + 60_000);
    });
  });

  test('nothing is left without its owner: who deletes waits for who gives it something, and the other way round', async () => {
    const other = await bench().another();
    for (let n = 0; n < 12; n++) {
      const [machine, disk] = [`machines/${n}`, `machines/${n}/disks/1`];
      await store().transaction(async (unit) => {
        await unit.insertResource(resourceRow(machine));
        await unit.insertResource(resourceRow(disk, { type: 'Disk', owner: machine }));
      });
      const give = (of: string, path: string) =>
        other.transaction(async (unit) => {
          await unit.insertResource(resourceRow(path, { type: 'Meter', cloud: null, owner: of }));
          await unit.keep(of);
          // Others have their turn: on PostgreSQL they are in the middle of it when this goes on.
          await other.now();
        });
      const remove = store().transaction<unknown>((unit) => (n % 2 ? unit.takeAway(machine, []) : unit.deleteResource(machine)));
      const given = await Promise.allSettled([give(machine, `meters/a${n}`), give(disk, `meters/b${n}`)]);
      await remove;
      for (const each of given) if (each.status === 'rejected') expect(each.reason).toBeInstanceOf(StaleError);
    }
    expect(await store().resources({ type: 'Meter' })).toEqual([]);
    expect(await store().resources({ type: 'Disk' })).toEqual([]);
    expect(await failure(store().transaction((unit) => unit.keep('machines/0')))).toBeInstanceOf(StaleError);
  });

  test('Meters are counted whatever owns them, as they come and go', async () => {
    const count = async (): Promise<number> => (await store().counts('acme')).meters;
    await make(METER);
    await store().transaction(async (unit) => {
      await unit.insertResource(resourceRow('machines/a'));
      for (const path of ['meters/b', 'meters/c'])
        await unit.insertResource(resourceRow(path, { type: 'Meter', cloud: null, owner: 'machines/a' }));
    });
    expect(await count()).toBe(3);
    await store().transaction((unit) => unit.deleteResource('machines/a'));
    expect(await count()).toBe(1);
  });

  const EVERY = new Map([['collect', 60_000]]);

  test('of racing processes exactly one has a turn, and the next is not due before its time', async () => {
    const other = await bench().another();
    for (let n = 1; n <= 10; n++) {
      await Promise.all([store(), other].map((each) => each.addTasks(['collect'])));
      const turns = await Promise.all([store(), other, store(), other].map((each, w) => each.leaseTask(EVERY, `w${w}`, 60_000)));
      expect(turns.filter((turn) => turn !== undefined)).toEqual([expect.objectContaining({ name: 'collect', epoch: n })]);
      await store().endTask('collect', n);
      expect(await other.leaseTask(EVERY, 'w', 60_000)).toBeUndefined();
      await other.transaction((unit) => unit.wakeTask('collect'));
    }
  });

  test('work that is waked during its turn is due once more after it', async () => {
    await store().addTasks(['collect']);
    await store().leaseTask(EVERY, 'w', 60_000);
    await store().transaction((unit) => unit.wakeTask('collect'));
    expect(await store().leaseTask(EVERY, 'v', 60_000)).toBeUndefined();
    await store().endTask('collect', 1);
    expect(await store().leaseTask(EVERY, 'v', 60_000)).toMatchObject({ epoch: 2 });
  });

  test('one that fell silent is followed by another, which knows what it saved; it can write no more', async () => {
    await store().addTasks(['collect', 'other']);
    await make(METER);
    expect(await store().leaseTask(EVERY, 'w', 60_000)).toMatchObject({ epoch: 1, memory: null });
    await store().transaction((unit) => unit.saveTask('collect', 1, { cursor: 'c' }));
    expect(await store().renewTask('collect', 1, -1)).toBe(true);
    expect(await store().leaseTask(EVERY, 'v', 60_000)).toMatchObject({ epoch: 2, memory: { cursor: 'c' } });
    expect(await store().renewTask('collect', 1, 60_000)).toBe(false);
    const late = store().transaction(async (unit) => {
      await unit.putSamples([{ ...batch([at(60)]), builtOn: undefined }]);
      await unit.saveTask('collect', 1, { cursor: 'late' });
    });
    expect(await failure(late)).toBeInstanceOf(StaleError);
    expect(await store().samples({ meter: METER })).toEqual([]);
    await store().endTask('collect', 1, 0);
    expect(await store().leaseTask(EVERY, 'x', 60_000)).toBeUndefined();
  });

  test('a turn that is broken off is due when it says so', async () => {
    await store().addTasks(['collect']);
    await store().leaseTask(EVERY, 'w', 60_000);
    await store().endTask('collect', 1, 0);
    expect(await store().leaseTask(EVERY, 'w', 60_000)).toMatchObject({ epoch: 2 });
  });

  test('what turns have kept can be read without a lease', async () => {
    await store().addTasks(['watch a', 'watch b']);
    const task = await store().leaseTask(new Map([['watch a', 60_000]]), 'one', 60_000);
    await store().transaction((unit) => unit.saveTask('watch a', task?.epoch ?? 0, { known: 1 }));
    expect(await store().taskMemories(['watch a', 'watch b', 'watch c'])).toEqual(
      new Map([
        ['watch a', { known: 1 }],
        ['watch b', null],
      ]),
    );
    expect(await store().taskMemories([])).toEqual(new Map());
  });
}
