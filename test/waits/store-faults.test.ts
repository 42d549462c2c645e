import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { createCipher } from '../../src/store/cipher';
import { openPostgresStore } from '../../src/store/postgres';
import { StepFailure, type Step, type Workflow } from '../../src/jobs/workflow';
import type { Store, UnitOfWork } from '../../src/store/store';
import { StoreUnavailable } from '../../src/store/unavailable';
import { Random } from '../chaos/random';
import { describeWith } from '../backends/need';
import { postgresAvailable, startPostgres, type Postgres } from '../backends/postgres';
import { ground, type Ground } from './ground';
import { comesTrue, elapse } from '../harness/wait';

/** A store of which each call may fail, before it has done anything or (a commit whose answer is lost) after. */
function faulty(store: Store, rate: number, random: Random): Store & { faults: () => number } {
  let faults = 0;
  const trip = (): void => {
    if (random.next() >= rate) return;
    faults++;
    throw new StoreUnavailable(new Error('the connection was cut'));
  };
  const wrapped = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(of, name) {
        const member: unknown = Reflect.get(of, name);
        if (typeof member !== 'function') return member;
        return async (...args: unknown[]) => {
          trip();
          const faultyWork = (work: unknown) => (unit: UnitOfWork) => (work as (unit: UnitOfWork) => Promise<unknown>)(wrapped(unit));
          const given =
            name === 'transaction'
              ? [faultyWork(args[0])]
              : name === 'advanceAtOnce'
                ? [args[0], faultyWork(args[1]), ...args.slice(2)]
                : args;
          const result: unknown = await Reflect.apply(member, of, given);
          trip();
          return result;
        };
      },
    });
  return Object.assign(Object.create(wrapped(store)) as Store, { faults: () => faults }) as Store & {
    faults: () => number;
  };
}

const call = (path: string, key: string, method: string, goal: string, args: unknown[] = []) => ({
  ...{ cloud: 'sim', group: 'machines', path, key },
  calls: [{ method, args, shows: null, goal: [goal] }],
});

/** Machines are made, stopped, and some deleted, whatever the store does; then everything is as it was asked for. */
async function work(at: Ground, count: number): Promise<void> {
  const made = await Promise.all(Array.from({ length: count }, (_, n) => at.create(`m${n}`)));
  for (const { job } of made) expect(await at.end(job)).toMatchObject({ state: 'SUCCESS' });
  const keys = await Promise.all(made.map(async ({ path }) => (await at.store.resource(path))?.providerKey ?? ''));
  expect(
    at.cloud
      .instances()
      .map(({ id }) => id)
      .sort(),
  ).toEqual([...keys].sort());
  const stops = await Promise.all(
    made.map(({ path }, n) => at.accept('provider.act', path, call(path, keys[n] ?? '', 'stop', 'STOPPED', [{}]))),
  );
  for (const job of stops) expect(await at.end(job)).toMatchObject({ state: 'SUCCESS', statusMessage: 'The state is STOPPED' });
  const half = made.slice(0, count / 2);
  const removes = await Promise.all(
    half.map(({ path }, n) => at.accept('provider.delete', path, { cloud: 'sim', group: 'machines', path, key: keys[n] })),
  );
  for (const job of removes) expect(await at.end(job)).toMatchObject({ state: 'SUCCESS' });
  for (const { path } of half) expect(await at.store.resource(path)).toBeUndefined();
  expect(at.cloud.instances().map(({ id, phase }) => [id, phase])).toEqual(
    expect.arrayContaining(keys.slice(count / 2).map((key) => [key, 'stopped'])),
  );
  expect(at.cloud.instances()).toHaveLength(count - count / 2);
  expect((await at.store.holds()).size).toBe(0);
}

test.each([1, 2, 3])('a store that fails at random (seed %i): nothing is lost, doubled or undone', async (seed) => {
  const at = await ground({ ignoreTokens: true, settleMs: 30 });
  try {
    const store = faulty(at.store, 0.06, new Random(seed));
    await at.process({ store, leaseMs: 500, sweepMs: 100 });
    await work(at, 6);
    expect(store.faults()).toBeGreaterThan(20);
  } finally {
    await at.close();
  }
});

describeWith('PostgreSQL', postgresAvailable(), () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  async function cut(): Promise<number> {
    const admin = new Client({ connectionString: server.url });
    admin.on('error', () => undefined);
    await admin.connect();
    try {
      const { rowCount } = await admin.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'cimi-gateway'",
      );
      return rowCount ?? 0;
    } finally {
      await admin.end();
    }
  }

  test('connections cut all the time, and one crash of the server, fail no job', async () => {
    const options = { url: server.url, poolSize: 8, cipher: createCipher(randomBytes(32)) };
    const worker = await openPostgresStore({ ...options, schema: 'cut' });
    const at = await ground({ ignoreTokens: true, settleMs: 30 }, { store: patient(worker) });
    let cuts = 0;
    let over = false;
    const cutting = (async () => {
      for (let turn = 0; !over; turn++) {
        await elapse(150);
        if (turn === 8) await server.restart();
        else cuts += await cut();
      }
    })();
    try {
      const process = await at.process({ store: worker, leaseMs: 700, sweepMs: 100 });
      await work(at, 8);
      expect(process.log.lines.filter(({ words }) => words === 'a step of a job failed unexpectedly')).toEqual([]);
      expect(cuts).toBeGreaterThan(5);
    } finally {
      over = true;
      await cutting;
      await at.close();
      await worker.close();
    }
  });

  test.each(['run', 'undo'] as const)('a connection cut inside the %s of a step is no bug', async (where) => {
    const store = await openPostgresStore({ url: server.url, schema: `in_${where}`, poolSize: 4, cipher: createCipher(randomBytes(32)) });
    const at = await ground({}, { store: patient(store) });
    let cuts = 0;
    const cutting =
      (inside: NonNullable<Step['undo']>): NonNullable<Step['undo']> =>
      async (context) => {
        await store.transaction(async (unit) => {
          if (cuts++ < 2) await cut();
          return unit.now();
        });
        return inside(context);
      };
    const change = (workflow: Workflow): Workflow => ({
      ...workflow,
      steps: workflow.steps.map((step) => {
        if (workflow.name !== 'machine.create') return step;
        if (step.name === 'create') return { ...step, [where]: cutting((where === 'run' ? step.run : step.undo) ?? step.run) };
        if (step.name === 'ready' && where === 'undo')
          return { ...step, run: () => Promise.reject(new StepFailure('not wanted any more')) };
        return step;
      }),
    });
    try {
      const process = await at.process({}, change);
      const { job } = await at.create('web');
      await process.notify([job]);
      const row = await at.end(job);
      const end = where === 'run' ? { state: 'SUCCESS' } : { state: 'FAILED', statusMessage: 'not wanted any more' };
      expect(row).toMatchObject(end);
      expect(cuts).toBe(3);
      await comesTrue(() => expect(at.cloud.instances()).toHaveLength(where === 'run' ? 1 : 0));
    } finally {
      await at.close();
      await store.close();
    }
  });
});

/** The test's own look at a store whose connections are being cut: asks again. */
function patient(store: Store): Store {
  return new Proxy(store, {
    get(target, name: keyof Store) {
      const member = target[name];
      if (typeof member !== 'function' || name === 'close') return member;
      return async (...args: unknown[]) => {
        for (let left = 100; ; left--) {
          try {
            return (await Reflect.apply(member, target, args)) as unknown;
          } catch (error) {
            if (left === 0 || !(error instanceof StoreUnavailable)) throw error;
            await elapse(20);
          }
        }
      };
    },
  });
}
