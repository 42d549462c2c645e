import fc from 'fast-check';
import type { CimiResponse, Principal } from '../../src/protocol/messages';
import { postgresAvailable, startPostgres } from '../backends/postgres';
import { simulatedCloud, startTestGateway, type TestGateway } from '../harness/gateway';

/**
 * Reads beside changes, in whatever order the event loop gets to them: no answer is older than what was answered to a change that
 * had ended before it was asked for, and none shows what is another tenant's. With kept answers (SQLite), and with reads that
 * travel together (PostgreSQL).
 */
const TENANTS = ['a', 'b'] as const;
type Tenant = (typeof TENANTS)[number];
const admin = (tenant: Tenant): Principal => ({ name: `admin-of-${tenant}`, tenant, role: 'admin' });
const JSON_BODY = { accept: 'application/json', 'content-type': 'application/json' };

/** One thing to do: after some turns of the event loop, with one of the tenants' two resources. */
const doing = fc.record({
  what: fc.constantFrom('read', 'read', 'read', 'list', 'change'),
  whose: fc.constantFrom<Tenant>('a', 'b'),
  which: fc.constantFrom(0, 1),
  turns: fc.integer({ min: 0, max: 6 }),
});

const postgres = postgresAvailable();
const stores = [
  ['SQLite', () => Promise.resolve({ store: {}, stop: () => Promise.resolve() })] as const,
  [
    'PostgreSQL',
    async () => {
      const server = await startPostgres();
      return { store: { kind: 'postgres', url: server.url }, stop: () => server.stop() };
    },
  ] as const,
].filter(([name]) => name === 'SQLite' || postgres === true);

describe.each(stores)('over %s', (_name, open) => {
  let gateway: TestGateway;
  let stop: () => Promise<void>;
  const mine = new Map<Tenant, string[]>();

  beforeAll(async () => {
    const database = await open();
    stop = database.stop;
    const clouds = { sim: { ...simulatedCloud(), tenants: [...TENANTS], discoveredTenant: 'a' } };
    gateway = await startTestGateway({
      config: { clouds, ...(Object.keys(database.store).length > 0 ? { store: database.store } : {}), jobs: { graceMs: 10_000 } },
    });
    for (const tenant of TENANTS) {
      const made = [0, 1].map(() => ask(tenant, 'POST', 'machineTemplates', { name: tenant, description: '0', initialState: 'STOPPED' }));
      const answers = await Promise.all(made);
      mine.set(
        tenant,
        answers.map(({ headers }) => (headers.Location ?? '').replace(/^.*\/cimi\//, '')),
      );
    }
  });
  afterAll(async () => {
    await gateway.stop();
    await stop();
  });

  const ask = (tenant: Tenant, method: string, target: string, body?: object): Promise<CimiResponse> => {
    const [path = '', query = ''] = target.split('?');
    const pairs = query === '' ? [] : [query.split('=') as [string, string]];
    const bytes = body && { body: Buffer.from(JSON.stringify(body)) };
    return gateway.gateway.handle({ method, path, query: pairs, headers: JSON_BODY, principal: admin(tenant), requestId: 'r', ...bytes });
  };
  const shown = ({ status, body = [] }: CimiResponse): Record<string, unknown> => {
    expect(status).toBe(200);
    return JSON.parse(Buffer.concat(body).toString()) as Record<string, unknown>;
  };

  test('no answer is older than a change that had ended, or another tenant’s', async () => {
    const last = new Map<string, Promise<void>>();
    const finished = new Map<string, number>();
    const read = async (tenant: Tenant, path: string): Promise<void> => {
      const least = finished.get(path) ?? 0;
      const { description, name } = shown(await ask(tenant, 'GET', path));
      expect(name).toBe(tenant);
      expect(Number(description)).toBeGreaterThanOrEqual(least);
    };
    const list = async (tenant: Tenant): Promise<void> => {
      const least = new Map(finished);
      const { machineTemplates } = shown(await ask(tenant, 'GET', 'machineTemplates')) as { machineTemplates: Record<string, string>[] };
      expect(machineTemplates.map(({ name }) => name)).toEqual([tenant, tenant]);
      for (const { id = '', description } of machineTemplates)
        expect(Number(description)).toBeGreaterThanOrEqual(least.get(id.replace(/^.*\/cimi\//, '')) ?? 0);
    };
    const write = async (tenant: Tenant, path: string): Promise<void> => {
      const next = (finished.get(path) ?? 0) + 1;
      const { status } = await ask(tenant, 'PUT', `${path}?$select=description`, { description: String(next) });
      expect(status).toBe(200);
      finished.set(path, next);
    };
    // Changes of one resource come one after the other, so that the last of them is known.
    const change = (tenant: Tenant, path: string): Promise<void> => {
      const done = (last.get(path) ?? Promise.resolve()).then(() => write(tenant, path));
      last.set(path, done);
      return done;
    };
    await fc.assert(
      fc.asyncProperty(fc.array(doing, { minLength: 5, maxLength: 40 }), async (all) => {
        await Promise.all(
          all.map(async ({ what, whose, which, turns }) => {
            for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
            const path = mine.get(whose)?.[which] ?? '';
            if (what === 'read') return read(whose, path);
            return what === 'list' ? list(whose) : change(whose, path);
          }),
        );
        // And afterwards everybody sees the last of them.
        for (const tenant of TENANTS) for (const path of mine.get(tenant) ?? []) await read(tenant, path);
      }),
      { numRuns: 60 },
    );
  });

  test('what one tenant has read is not there for the other', async () => {
    const [own = ''] = mine.get('a') ?? [];
    shown(await ask('a', 'GET', own));
    shown(await ask('a', 'GET', own));
    expect((await ask('b', 'GET', own)).status).toBe(404);
  });
});
