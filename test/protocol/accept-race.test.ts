import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { foreignInstance, openControl } from '../../drivers/simulator/control';
import type { CimiResponse } from '../../src/protocol/messages';
import { postgresAvailable, startPostgres, type Postgres } from '../backends/postgres';
import { startTestGateway, type TestGateway } from '../harness/gateway';

/** Changes that are accepted at the same time, by one gateway over SQLite and by two over PostgreSQL: none twice, none in part. */
const MOST = 400;
const KEY = randomBytes(32).toString('base64');
const AT_ONCE = 24;
const tenant = 'default';
const JOB_STATES = ['QUEUED', 'RUNNING', 'FAILED', 'SUCCESS', 'STOPPING', 'STOPPED'] as const;
const stores = ['SQLite', ...(postgresAvailable() === true ? ['PostgreSQL'] : [])];

describe.each(stores)('over %s', (name) => {
  let server: Postgres | undefined;
  let gateways: TestGateway[] = [];

  beforeAll(async () => {
    server = name === 'PostgreSQL' ? await startPostgres() : undefined;
    const store = server ? { store: { kind: 'postgres', url: server.url } } : {};
    const config = {
      ...store,
      worker: { inProcess: false },
      jobs: { graceMs: 10_000 },
      quotas: { resources: MOST },
      secrets: { key: KEY },
    };
    for (let count = server ? 2 : 1; count > 0; count -= 1) gateways.push(await startTestGateway({ config }));
    for (const { dataDir } of gateways) {
      const control = openControl(join(dataDir, 'clouds/sim/simulator.sqlite'));
      control.add([foreignInstance('vm-first')]);
      control.close();
    }
  });
  afterAll(async () => {
    for (const gateway of gateways) await gateway.stop();
    await server?.stop();
    gateways = [];
  });

  const store = () => (gateways[0] as TestGateway).gateway.store;
  const ask = (n: number, method: string, path: string, body: object, headers = {}): Promise<CimiResponse> => {
    const { gateway } = gateways[n % gateways.length] as TestGateway;
    const principal = { name: 'ann', tenant, role: 'admin' as const };
    const given = { accept: 'application/json', 'content-type': 'application/json', ...headers };
    return gateway.handle({
      method,
      path,
      query: [],
      headers: given,
      principal,
      requestId: `r${n}`,
      body: Buffer.from(JSON.stringify(body)),
    });
  };
  const atOnce = (count: number, one: (n: number) => Promise<CimiResponse>): Promise<CimiResponse[]> =>
    Promise.all(Array.from({ length: count }, (_, n) => one(n)));
  const told = (answers: readonly CimiResponse[]): Record<number, number> => {
    const count: Record<number, number> = {};
    for (const { status } of answers) count[status] = (count[status] ?? 0) + 1;
    return count;
  };
  const template = (more: object = {}) => ({ name: 'one', initialState: 'STOPPED', ...more });

  /** Checks that what is counted is what is there, and that the audit is whole. */
  const isWhole = async (): Promise<void> => {
    const { jobs, resources } = await store().counts(tenant);
    for (const state of JOB_STATES)
      expect([state, jobs.get(state) ?? 0]).toEqual([state, await store().countJobs({ tenants: [tenant], states: [state] })]);
    const templates = await store().resources({ type: 'MachineTemplate', tenants: [tenant] });
    expect(resources.get('MachineTemplate') ?? 0).toBe(templates.length);
    expect((await store().checkAudit()).faults).toEqual([]);
  };

  test('one key, many times at once: one is made, and all are told of it; another request with that key is refused', async () => {
    const answers = await atOnce(AT_ONCE, (n) => ask(n, 'POST', 'machineTemplates', template(), { 'idempotency-key': 'k' }));
    expect(new Set(answers.map(({ headers }) => (headers.Location ?? '').replace(/^.*\/cimi\//, ''))).size).toBe(1);
    expect(await store().countResources({ type: 'MachineTemplate', tenants: [tenant] })).toBe(1);
    const mixed = await atOnce(AT_ONCE, (n) =>
      ask(n, 'POST', 'machineTemplates', template({ description: String(Math.floor(n / 2) % 2) }), { 'idempotency-key': 'other' }),
    );
    expect(Object.values(told(mixed)).sort()).toEqual([AT_ONCE / 2, AT_ONCE / 2]);
    expect(await store().countResources({ type: 'MachineTemplate', tenants: [tenant] })).toBe(2);
    await isWhole();
  });

  test('the first change of a discovered machine, many times at once: it gets one row, and one Job holds it', async () => {
    const act = (n: number) =>
      ask(n, 'POST', 'machines/sim.vm-first', {
        resourceURI: 'http://schemas.dmtf.org/cimi/1/Action',
        action: 'http://schemas.dmtf.org/cimi/1/action/stop',
      });
    const answers = await atOnce(AT_ONCE, act);
    // The same once more, while it is at work, is accepted and holds nothing (5.14.1.2).
    const { 202: accepted = 0, 409: held = 0 } = told(answers);
    expect([accepted > 0, accepted + held]).toEqual([true, AT_ONCE]);
    expect((await store().jobs({ tenants: [tenant] })).filter(({ holds }) => holds.length > 0)).toHaveLength(1);
    expect(await store().countResources({ type: 'Machine' })).toBe(1);
    expect([...(await store().holds()).keys()]).toEqual(['machines/sim.vm-first']);
    await isWhole();
  });

  test('up to a quota, many at once: as many as there is room for', async () => {
    const answers: CimiResponse[] = [];
    for (let made = 0; made < MOST + 2 * AT_ONCE; made += 2 * AT_ONCE)
      answers.push(...(await atOnce(2 * AT_ONCE, (n) => ask(n, 'POST', 'machineTemplates', template({ description: String(made + n) })))));
    expect(told(answers)).toEqual({ 201: MOST - 2, 403: answers.length - MOST + 2 });
    expect(await store().countResources({ type: 'MachineTemplate', tenants: [tenant] })).toBe(MOST);
    await isWhole();
  });
});
