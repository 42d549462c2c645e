import { Client as Connection } from 'pg';
import { foreignInstance } from '../../drivers/simulator/control';
import { encodeId } from '../../src/clouds/identity';
import { describeWith } from '../backends/need';
import { postgresAvailable, startPostgres, type Postgres } from '../backends/postgres';
import { Client } from '../harness/client';
import { eventually, waitUntil } from '../harness/wait';
import { Hook } from './hook';
import { freePort, Life } from './life';
import { Sampled } from './sampled';
import { Scene } from './scene';

/** Runs two whole gateways over one PostgreSQL: of what goes on by itself one does each turn, and the other follows one that dies. */
let server: Postgres;
let connection: Connection;
let hook: Hook;
let scene: Scene;
let second: Life;
let via: Client;
let meters: Sampled[];

async function rows(query: string): Promise<Record<string, unknown>[]> {
  return (await connection.query<Record<string, unknown>>(query)).rows;
}

/** The gateway that has a piece of recurring work in hand now. */
async function holder(work: string): Promise<Life> {
  const pid = await eventually(async () => {
    const [task] = await rows(`select lease_owner from tasks where name = '${work}'`);
    return typeof task?.lease_owner === 'string' ? Number(task.lease_owner.split(':').at(-2)) : undefined;
  });
  const life = [scene.life, second].find((one) => one.pid === pid);
  if (!life) throw new Error(`the work '${work}' is in the hand of process ${pid}`);
  return life;
}

/** Starts anew whichever was killed. */
async function revive(): Promise<void> {
  if (scene.life.over) await scene.begin();
  if (second.over) second = await beginSecond();
}

let file: string;
const beginSecond = (): Promise<Life> => Life.begin(file);

describeWith('two gateways on one PostgreSQL', postgresAvailable(), () => {
  beforeAll(async () => {
    server = await startPostgres();
    hook = await Hook.start();
    connection = new Connection({ connectionString: server.url });
    await connection.connect();
    scene = await Scene.set({
      clouds: { plain: { meterResolution: 1, meterDelay: 0 } },
      config: {
        store: { kind: 'postgres', url: server.url },
        worker: { leaseMs: 2000, sweepMs: 100 },
        monitoring: { watchMs: 500 },
        ...hook.config,
      },
    });
    const port = await freePort();
    file = scene.configure('second.yaml', port, { server: { port, publicUrl: `http://127.0.0.1:${scene.port}` } });
    second = await beginSecond();
    via = new Client(`http://127.0.0.1:${port}/cimi/`);
    // One that runs already: what is asked of Jobs is asked elsewhere.
    scene.cloud('plain').add([foreignInstance('vm-runs')]);
    const machine = `machines/${encodeId('plain', 'vm-runs')}`;
    scene.machines.found(machine);
    await waitUntil(async () => (await scene.client.get(machine)).status === 200);
    meters = [];
    for (const aspect of ['memory', 'cpu', 'disk']) meters.push(await Sampled.by(scene.client, machine, aspect, rows));
  });
  afterAll(async () => {
    if (!second.over) await second.kill();
    await scene.close();
    await connection.end();
    await hook.close();
    await server.stop();
  });

  test('all Meters of a cloud are asked for once in a round, whichever gateway does it', async () => {
    const [meter] = meters;
    const calls = () => scene.cloud('plain').calls()['meters.sample'] ?? 0;
    const from = await meter?.later();
    const before = calls();
    const to = await meter?.later(8);
    expect(calls() - before).toBeLessThanOrEqual((to?.t ?? 0) - (from?.t ?? 0) + 1);
    for (const each of meters) await each.whole();
  });

  test('one that dies with the lease in hand is followed by the other: each sample once, none missing', async () => {
    const [meter] = meters;
    for (const life of [scene.life, second]) {
      await life.order({ do: 'killSampling', at: 'written' });
      await life.killed();
      await meter?.later();
      for (const each of meters) await each.whole();
      await revive();
    }
  });

  test('a webhook is told each event by one of them; what died with its sender the other tells under the same id', async () => {
    const make = async (client: Client, name: string): Promise<void> => {
      expect((await client.post('machineConfigs', { name, cpu: 1, memory: 1024 })).status).toBe(201);
    };
    await eventually(async () => {
      await make(scene.client, 'first');
      return hook.deliveries[0];
    });
    for (let n = 0; n < 6; n++) await make(n % 2 === 0 ? scene.client : via, `of ${n}`);
    await hook.toldAll(rows);
    expect(new Set(hook.deliveries.map(({ id }) => id)).size).toBe(hook.deliveries.length);
    let killed: Promise<void> | undefined;
    hook.answer = () => void (killed ??= holder('webhook ops').then((life) => life.kill()));
    await make(scene.client, 'lost');
    await waitUntil(() => killed !== undefined);
    const lost = hook.deliveries.at(-1);
    await killed;
    hook.answer = Hook.taken;
    await waitUntil(() => hook.deliveries.filter(({ id }) => id === lost?.id).length > 1);
    await revive();
    await hook.toldAll(rows);
    expect(hook.deliveries.filter(({ id }) => id === lost?.id)).toEqual([lost, lost]);
  });
});
