import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineContext, Moment } from '../../src/jobs/engine-context';
import { Lease } from '../../src/jobs/lease';
import { runJob } from '../../src/jobs/step-runner';
import { createWorkflowRegistry, type Workflow } from '../../src/jobs/workflow';
import { createCipher } from '../../src/store/cipher';
import { openSqliteStore } from '../../src/store/sqlite';
import type { JobRow, NewJob, Store } from '../../src/store/store';
import { keptLog, noClouds } from './harness';

export const LEASE_MS = 30_000;
export const RETENTION_MS = 86_400_000;

/** The step runner by itself, over a store: no queue, no sweep, and a clock that only the test moves. */
export interface RunnerScene {
  store: Store;
  log: ReturnType<typeof keptLog>;
  /** Notifications of the queue, newest last: the Job's id and the delay, ms. */
  notified: [string, number][];
  /** Moments passed, as `step/moment`; those of one Job after the other. */
  moments: string[];
  /** Ids of the Jobs that the process was told have ended. */
  ended: string[];
  /** Called at each moment; a test replaces it. */
  onMoment(step: string, moment: Moment, job: string): Promise<void> | void;
  /** True once the process shuts down. */
  closing: boolean;
  /** Thrown by the queue's notify, where there is one. */
  queueError: Error | undefined;
  /** Puts this in the place of parts of the store, for the worker only. */
  faults: Partial<Store>;
  /** Counts the worker's writes from now on but for leases: each is a transaction, or part of one with others of its moment. */
  counted(): () => number;
  now(): number;
  /** Moves the clock of process and database. */
  pass(ms: number): void;
  accept(workflow: Workflow, more?: Partial<NewJob>): Promise<string>;
  /** Leases the Job and runs it as far as it goes; undefined where it is not due or another has it. */
  work(id: string): Promise<JobRow | undefined>;
  /** Works as `work` does, once the Job is due. */
  workWhenDue(id: string): Promise<JobRow>;
  row(id: string): Promise<JobRow>;
  stop(id: string): Promise<void>;
  /** Lets another worker take the Job after the lease of this one has run out. */
  steal(id: string): Promise<JobRow>;
  lease(): Lease;
}

/** Opens a scene per test file; `jest` fakes the clocks but no timers, so that the store goes on working. */
export function runnerScene(): RunnerScene {
  let folder: string;
  let store: Store;
  let lease: Lease;
  const known = new Map<string, Workflow>();
  const log = keptLog();

  const scene: RunnerScene = {
    get store() {
      return store;
    },
    log,
    notified: [],
    moments: [],
    ended: [],
    onMoment: () => undefined,
    closing: false,
    queueError: undefined,
    faults: {},
    counted() {
      let count = 0;
      scene.faults = {
        transaction: (work) => ((count += 1), store.transaction(work)),
        advanceJob: (...args) => ((count += 1), store.advanceJob(...args)),
        async advanceAtOnce(...args) {
          const row = await store.advanceAtOnce(...args);
          if (row) count += 1;
          return row;
        },
      };
      return () => count;
    },
    now: () => Date.now(),
    pass: (ms) => jest.advanceTimersByTime(ms),
    async accept(made, more = {}) {
      known.set(made.name, made);
      const id = more.id ?? randomUUID();
      const job = { tenant: 'acme', principal: 'ann', action: 'urn:start', target: 'machines/a', affected: [], statusMessage: 'queued' };
      await store.transaction((unit) => unit.insertJob({ ...job, workflow: made.name, ...more, id }));
      return id;
    },
    async work(id) {
      const row = await store.leaseJob(id, 'worker-1', LEASE_MS);
      if (!row) return undefined;
      const workflow = known.get(row.workflow ?? '');
      if (!workflow) throw new Error(`no workflow ${row.workflow ?? ''}`);
      lease = new Lease(row, store, LEASE_MS, log);
      try {
        await runJob({ engine: context(), lease, workflow });
      } finally {
        lease.end();
      }
      return scene.row(id);
    },
    async workWhenDue(id) {
      scene.pass(Math.max(0, (await scene.row(id)).due - scene.now()));
      const row = await scene.work(id);
      if (!row) throw new Error(`the job ${id} is leased`);
      return row;
    },
    async row(id) {
      const row = await store.job(id);
      if (!row) throw new Error(`no job ${id}`);
      return row;
    },
    async stop(id) {
      await store.transaction((unit) => unit.updateJob(id, { state: 'STOPPING', dueInMs: 0 }));
    },
    async steal(id) {
      scene.pass(LEASE_MS);
      const row = await store.leaseJob(id, 'worker-2', LEASE_MS);
      if (!row) throw new Error(`the job ${id} could not be taken over`);
      return row;
    },
    lease: () => lease,
  };

  function context(): EngineContext {
    return {
      store: { ...store, ...scene.faults },
      queue: {
        notify: async (id, delayMs = 0) => {
          if (scene.queueError) throw scene.queueError;
          scene.notified.push([id, delayMs]);
        },
        start: async () => undefined,
        hasHandedOut: () => false,
        close: async () => undefined,
        trouble: () => undefined,
      },
      clouds: noClouds,
      workflows: createWorkflowRegistry([...known.values()]),
      log,
      owner: 'worker-1',
      leaseMs: LEASE_MS,
      sweepMs: 3_000,
      concurrency: 1,
      retentionMs: RETENTION_MS,
      refusedPerTenant: 1_000,
      retention: { events: { keepMs: 1, perTenant: 1 }, audit: { keepMs: 1, perTenant: 1 }, retired: { remainsMs: 1, idMs: 1 } },
      secretNames: new Set(['password']),
      restoreDetector: { begin: async () => undefined, raise: async () => undefined },
      alone: true,
      random: () => 0,
      closing: () => scene.closing,
      ended: (row) => void scene.ended.push(row.id),
      boundary: async (row, step, moment) => {
        scene.moments.push(`${step}/${moment}`);
        await scene.onMoment(step, moment, row.id);
      },
    };
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cimi-runner-'));
    const clock = (): number => Date.now();
    store = await openSqliteStore({ file: join(folder, 'data.sqlite'), cipher: createCipher(Buffer.alloc(32, 7)), clock });
  });
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: NOT_FAKED, now: Date.UTC(2026, 0, 1) });
    for (const list of [scene.notified, scene.moments, scene.ended, log.lines]) list.length = 0;
    Object.assign(scene, { onMoment: () => undefined, closing: false, queueError: undefined, faults: {} });
    known.clear();
  });
  afterEach(() => jest.useRealTimers());
  afterAll(async () => {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  });
  return scene;
}

const NOT_FAKED = [
  ...(['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate', 'clearImmediate'] as const),
  ...(['nextTick', 'queueMicrotask', 'hrtime'] as const),
];
