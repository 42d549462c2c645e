import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openControl, type SimulatorControl } from '../../drivers/simulator/control';
import { newId } from '../../src/clouds/identity';
import { connectClouds, type ConnectedClouds } from '../../src/clouds/registry';
import { shippedDrivers } from '../../src/gateway';
import { EmbeddedQueue } from '../../src/jobs/queue';
import { createEngine, type Engine } from '../../src/jobs/engine';
import type { EngineOptions } from '../../src/jobs/engine-context';
import { createWorkflowRegistry, type Workflow } from '../../src/jobs/workflow';
import { workflows } from '../../src/operations/handlers';
import { createCipher } from '../../src/store/cipher';
import { openSqliteStore } from '../../src/store/sqlite';
import { isFinished, type JobRow, type NewJob, type Store } from '../../src/store/store';
import { keptLog } from '../jobs/harness';
import { eventually } from '../harness/wait';

/** The real workflows over a simulated cloud and a store, with as many processes as a test wants. */
export interface Ground {
  store: Store;
  cloud: SimulatorControl;
  clouds: ConnectedClouds;
  /** Starts a process. `change` puts another workflow in the place of each. */
  process(
    options?: Partial<EngineOptions>,
    change?: (workflow: Workflow) => Workflow,
  ): Promise<Engine & { log: ReturnType<typeof keptLog> }>;
  /** A machine that is to be made: its row and its Job, nobody told. */
  create(name: string): Promise<{ job: string; path: string }>;
  /** A Job upon a machine, nobody told. */
  accept(workflow: string, path: string, input: object, more?: Partial<NewJob>): Promise<string>;
  job(id: string): Promise<JobRow>;
  end(id: string): Promise<JobRow>;
  /** The one Job of a workflow, as soon as there is one. */
  jobOf(workflow: string): Promise<JobRow>;
  /** A Job that waits for a time is due now. */
  due(id: string): Promise<void>;
  /** Closes everything but a store that was given. */
  close(): Promise<void>;
}

const versionOf = (name: string): number => Math.max(...workflows().flatMap((one) => (one.name === name ? [one.version] : [])));

export async function ground(options: object = {}, { guard = {}, store: given }: { guard?: object; store?: Store } = {}): Promise<Ground> {
  const folder = await mkdtemp(join(tmpdir(), 'cimi-waits-'));
  const dataDir = join(folder, 'sim');
  mkdirSync(dataDir);
  const store = given ?? (await openSqliteStore({ file: join(folder, 'cimi.db'), cipher: createCipher(Buffer.alloc(32, 7)) }));
  const delays = { create: 20, start: 20, stop: 20, pause: 20, suspend: 20, restart: 20, restore: 20, delete: 20, capture: 20 };
  const config = { key: 'sim', name: 'Sim', driver: 'simulator', tenants: ['acme'], discoveredTenant: 'acme', mode: 'manage' as const };
  const clouds = await connectClouds(
    [{ ...config, options: { delays, ...options }, guard: { cacheMs: 50, retries: 0, deadlineMs: 5_000, ...guard } }],
    shippedDrivers(),
    {
      environment: () => ({ dataDir, warn: () => undefined }),
      hooks: { log: { warn: () => undefined, error: () => undefined } },
    },
  );
  const cloud = openControl(join(dataDir, 'simulator.sqlite'));
  const engines: Engine[] = [];
  const job = async (id: string): Promise<JobRow> => {
    const row = await store.job(id);
    if (!row) throw new Error(`no job ${id}`);
    return row;
  };
  const insert = async (workflow: string, path: string, input: object, more: Partial<NewJob> = {}): Promise<string> => {
    const id = newId();
    const [tenant, principal] = ['acme', 'ann'];
    await store.transaction((unit) =>
      unit.insertJob({
        ...{ id, tenant, principal, workflow, workflowVersion: versionOf(workflow), action: 'urn:x', target: path, affected: [path] },
        ...{ statusMessage: 'queued', input: input as NewJob['input'] & object, holds: [{ path, shows: null }], ...more },
      }),
    );
    return id;
  };
  return {
    store,
    cloud,
    clouds,
    job,
    accept: insert,
    async process(more = {}, change = (workflow) => workflow) {
      const log = keptLog();
      const engine = createEngine({
        ...{
          store,
          queue: new EmbeddedQueue(),
          clouds,
          workflows: createWorkflowRegistry(workflows().map(change)),
          log,
          owner: randomUUID(),
        },
        ...{ leaseMs: 2_000, sweepMs: 50, concurrency: 8, random: () => 0, ...more },
      });
      engines.push(engine);
      await engine.start();
      return { ...engine, log };
    },
    async create(name) {
      const path = `machines/${newId()}`;
      await store.transaction((unit) =>
        unit.insertResource({
          ...{ path, type: 'Machine', tenant: 'acme', cloud: 'sim', providerKey: null, owner: null, state: 'CREATING' },
          ...{ values: { name, state: 'CREATING' }, secrets: null, internal: {} },
        }),
      );
      const request = { name, config: 's1.nano', image: 'img-debian-12', tag: `tag-${path.slice(9)}` };
      const input = { cloud: 'sim', group: 'machines', path, request, goal: ['STARTED'] };
      return { path, job: await insert('machine.create', path, input, { holds: [{ path, shows: 'CREATING' }] }) };
    },
    end: (id) =>
      eventually(
        async () => {
          const row = await job(id);
          return isFinished(row) ? row : undefined;
        },
        () => job(id),
      ),
    jobOf: (workflow) =>
      eventually(
        async () => (await store.jobs({})).find((row) => row.workflow === workflow),
        () => `there is no ${workflow}`,
      ),
    async due(id) {
      const { input } = await job(id);
      await store.transaction((unit) => unit.updateJob(id, { dueInMs: 0 }));
      if (input === null) throw new Error(`${id} has ended`);
    },
    async close() {
      await Promise.all(engines.map((engine) => engine.close(2_000)));
      await clouds.close();
      cloud.close();
      if (!given) await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
