import { randomBytes } from 'node:crypto';
import { createCipher } from '../../src/store/cipher';
import { openPostgresStore } from '../../src/store/postgres';
import { StoreUnavailable } from '../../src/store/unavailable';
import type { Answer } from '../harness/client';
import { startForwarder } from '../backends/forwarder';
import { describeWith } from '../backends/need';
import { postgresAvailable, startPostgres, type Postgres } from '../backends/postgres';
import { redisAvailable, startRedis, type RedisServer } from '../backends/redis';
import { machineCreate } from '../protocol/scene';
import { Folder, type Program } from './program';
import { comesTrue, elapse } from '../harness/wait';

/** Answers of a gateway while the servers that it stands on are away. */
const both = postgresAvailable() === true ? redisAvailable() : postgresAvailable();

describeWith('PostgreSQL and Redis', both, () => {
  let postgres: Postgres;
  let redis: RedisServer;
  const folder = new Folder();
  beforeAll(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
  });
  afterAll(async () => {
    await folder.remove();
    await Promise.all([postgres.stop(), redis.remove()]);
  });

  test('the store away is 503 with Retry-After, Redis away changes nothing but speed, and both come back', async () => {
    const file = folder.write('gateway.yaml', {
      ...{ server: { port: 0 }, data: { dir: 'data' }, access: { required: true }, log: { level: 'error' } },
      ...{ secrets: { key: randomBytes(32).toString('base64') }, worker: { sweepMs: 200 }, jobs: { graceMs: 10_000 } },
      store: { kind: 'postgres', url: postgres.url },
      queue: { kind: 'redis', url: redis.url },
      clouds: { sim: { driver: 'simulator', options: { delays: { create: 20, start: 20 } } } },
    });
    const token = async (name: string, role: string): Promise<{ authorization: string }> => {
      expect(await folder.run(['user', 'add', name, '--role', role, '--token-only', '-c', file])).toMatchObject({ code: 0 });
      return { authorization: `Bearer ${(await folder.run(['token', 'add', name, '-c', file])).stdout.trim()}` };
    };
    const [ann, root] = [await token('ann', 'operator'), await token('root', 'admin')];
    const gateway = await folder.serve(['serve', '-c', file]);
    const { client } = gateway;
    const ready = async (headers: Record<string, string>): Promise<{ status: number; json: unknown }> => at(gateway, '/readyz', headers);
    expect((await client.post('machines', machineCreate(), ann)).status).toBe(201);

    await redis.kill();
    expect((await client.post('machines', machineCreate(), ann)).status).toBe(201);
    expect(await ready({})).toEqual({ status: 200, json: { status: 'ready' } });
    const degraded = {
      status: 'ready',
      clouds: { sim: expect.any(String) as string },
      problems: [expect.stringMatching(/Redis does not answer.*sweep/)],
    };
    expect(await ready(root)).toEqual({ status: 200, json: degraded });
    await redis.start();

    await postgres.kill();
    const away: Answer[] = [
      await client.get('machines', ann),
      await client.post('machines', machineCreate(), ann),
      await client.get('jobs', { authorization: `Basic ${Buffer.from('ann:whatever').toString('base64')}` }),
    ];
    expect(away.map(({ status, headers }) => [status, headers.get('retry-after')])).toEqual(away.map(() => [503, '2']));
    await comesTrue(async () => expect(await ready({})).toEqual({ status: 503, json: { status: 'not ready' } }));
    await postgres.restart();
    // The connections that broke are still in the pool: the first request already gets a new one.
    expect((await client.get('machines', ann)).status).toBe(200);
    expect((await client.post('machines', machineCreate(), ann)).status).toBe(201);
    await comesTrue(async () => expect(await ready({})).toMatchObject({ status: 200 }));
    expect(await gateway.end()).toMatchObject({ code: 0 });
  });

  test('a write whose commit is not answered is not done again by itself', async () => {
    const cut = await startForwarder(Number(new URL(postgres.url).port));
    const url = new URL(postgres.url);
    url.port = String(cut.port);
    const store = await openPostgresStore({ url: url.href, cipher: createCipher(undefined), schema: 'cut' });
    try {
      expect(await store.mark('one')).toBe(1);
      cut.cutAfter(/commit/i);
      await expect(store.mark('one')).rejects.toBeInstanceOf(StoreUnavailable);
      cut.cutAfter(undefined);
      // The server had done it, once.
      expect(await store.mark('one')).toBe(3);
    } finally {
      await store.close();
      cut.close();
    }
  });

  test('a write that could not even begin is tried once more on a fresh connection', async () => {
    const store = await openPostgresStore({ url: postgres.url, cipher: createCipher(undefined), schema: 'fresh', poolSize: 2 });
    try {
      expect(await store.mark('one')).toBe(1);
      await postgres.restart();
      expect(await store.mark('one')).toBe(2);
    } finally {
      await store.close();
    }
  });
});

async function at(gateway: Program, path: string, headers: Record<string, string>): Promise<{ status: number; json: unknown }> {
  // Readiness is examined once a second at most.
  await elapse(1_050);
  const answer = await fetch(new URL(path, gateway.base), { headers });
  return { status: answer.status, json: await answer.json() };
}
