import { hashPassword } from '../../src/http/passwords';
import type { Role } from '../../src/store/store';
import { describeWith } from '../backends/need';
import { postgresAvailable, startPostgres } from '../backends/postgres';
import { basic, Client, type Answer, type Json } from '../harness/client';
import { simulatedCloud, startTestGateway, type TestGateway } from '../harness/gateway';

/** Tenants and their quotas over HTTP: by whom they are seen, by whom changed, and that they hold. */
const TENANTS = ['ops', 'lab', 'shop'];
const KEY = Buffer.alloc(32, 7).toString('base64');

interface Database {
  /** Section of the configuration. */
  store: object;
  /** True where several gateways can be over it at once. */
  several: boolean;
  end(): Promise<void>;
}

const config = (more: object = {}) => ({
  tenants: TENANTS,
  secrets: { key: KEY },
  access: { required: true, adminTenant: 'ops' },
  quotas: { resources: 1000, tenants: { lab: { jobs: 900 } } },
  clouds: {
    sim: simulatedCloud({}, { tenants: ['ops', 'lab'], discoveredTenant: 'ops' }),
    far: simulatedCloud({}, { tenants: ['shop'], discoveredTenant: 'shop' }),
  },
  ...more,
});

const namesOf = ({ json }: Answer) => (json.tenants as unknown as Json[]).map(({ name }) => name);
const quotasOf = ({ json }: Answer) => json.quotas as unknown as Record<string, { from: string }>;

function suite(open: () => Promise<Database>): void {
  let database: Database;
  let gateway: TestGateway;
  let root: Client;

  const start = (dataDir?: string) => startTestGateway({ config: config(database.store), ...(dataDir === undefined ? {} : { dataDir }) });
  const at = ({ base }: TestGateway) => new Client(new URL('/', base).href);
  const login = (name: string, of = gateway) => at(of).as(basic(name, `pw-${name}`));
  const patch = (client: Client, tenant: string, json: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    client.send('PATCH', `admin/tenants/${tenant}/quotas`, { json, headers });
  const template = (client: Client): Promise<Answer> => client.post('cimi/machineTemplates', { name: 't' });

  beforeAll(async () => {
    database = await open();
    gateway = await start();
    const users: [string, Role, string][] = [
      ['chief', 'admin', 'ops'],
      ['hand', 'operator', 'ops'],
      ['boss', 'admin', 'lab'],
      ['olga', 'operator', 'lab'],
      ['rae', 'reader', 'lab'],
      ['keeper', 'admin', 'shop'],
    ];
    for (const [name, role, tenant] of users)
      await gateway.gateway.store.access.putPrincipal({ name, role, tenant, passwordHash: await hashPassword(`pw-${name}`) });
    root = at(gateway);
  }, 60_000);
  afterAll(async () => {
    await gateway.stop();
    await database.end();
  });

  test('an admin who reaches all sees every tenant: users, clouds, resources, quotas and which of them counts', async () => {
    expect((await template(login('olga'))).status).toBe(201);
    const all = await login('chief').get('admin/tenants');
    expect([all.status, namesOf(all)]).toEqual([200, [...TENANTS].sort()]);
    const lab = (await login('chief').get('admin/tenants/lab')).json;
    expect(lab).toMatchObject({ name: 'lab', configured: true, users: 3, clouds: ['sim'], resources: { MachineTemplate: 1 } });
    expect(lab.quotas).toMatchObject({
      resources: { limit: 1000, from: 'quotas.resources', configured: 1000, used: 1 },
      jobs: { limit: 900, from: 'quotas.tenants.lab.jobs', configured: 900, used: 1 },
    });
  });

  test('an admin of another tenant sees its own alone, and lifts no bound that is its own', async () => {
    const boss = login('boss');
    expect(namesOf(await boss.get('admin/tenants'))).toEqual(['lab']);
    expect((await boss.get('admin/tenants/lab/quotas')).json).toMatchObject({ tenant: 'lab', quotas: { jobs: { limit: 900 } } });
    const hidden = [
      await boss.get('admin/tenants/shop'),
      await boss.get('admin/tenants/shop/quotas'),
      await patch(boss, 'shop', { jobs: 5 }),
    ];
    expect(hidden.map(({ status, json }) => [status, json.problem])).toEqual(hidden.map(() => [404, 'there is no such tenant']));
    for (const answer of [await patch(boss, 'lab', { jobs: 5 }), await boss.delete('admin/tenants/lab/quotas')])
      expect([answer.status, answer.json.problem]).toEqual([403, expect.stringContaining('by admins of tenant ops')]);
    expect((await gateway.gateway.store.counts('lab')).quotas.size).toBe(0);
    expect(JSON.stringify(await gateway.gateway.store.auditEntries('lab', 5))).toContain('the quotas of a tenant are changed by command');
  });

  test('readers, operators, lesser tokens and strangers see and change nothing, also of the tenant that reaches all', async () => {
    expect((await root.get('admin/tenants')).status).toBe(401);
    const { json } = await login('chief').post('admin/users/chief/tokens', { role: 'operator' });
    const lesser = at(gateway).as({ authorization: `Bearer ${String(json.token)}` });
    for (const client of [login('olga'), login('rae'), login('hand'), lesser]) {
      expect((await client.get('admin/tenants')).status).toBe(403);
      expect((await client.get('admin/tenants/lab/quotas')).status).toBe(403);
      expect((await patch(client, 'lab', { resources: 1 })).status).toBe(403);
      expect((await client.delete('admin/tenants/lab/quotas')).status).toBe(403);
    }
  });

  test('a quota that is set counts at once in every gateway, over restarts, until it is taken away; each change is in the audit', async () => {
    const second = database.several ? await start() : undefined;
    try {
      const set = await patch(login('chief'), 'lab', { resources: 1, bytes: 5_000_000 });
      expect([set.status, quotasOf(set).resources]).toEqual([200, { limit: 1, from: 'stored', configured: 1000, used: 1 }]);
      for (const of of second ? [gateway, second] : [gateway]) {
        const refused = await template(login('olga', of));
        const words = "the tenant 'lab' may have 1 resources that the gateway keeps (quotas.resources, set at runtime)";
        expect([refused.status, refused.json.statusMessage]).toEqual([403, expect.stringContaining(words)]);
      }
      expect((await template(login('keeper'))).status).toBe(201);
    } finally {
      await second?.stop();
    }
    await gateway.stop({ keepData: true });
    gateway = await start(gateway.dataDir);
    root = at(gateway);
    expect((await template(login('olga'))).status).toBe(403);
    const raised = await patch(login('chief'), 'lab', { resources: null });
    expect(raised.json.quotas).toMatchObject({ resources: { limit: 1000, from: 'quotas.resources' }, bytes: { from: 'stored' } });
    expect((await template(login('olga'))).status).toBe(201);
    const cleared = await login('chief').delete('admin/tenants/lab/quotas');
    expect([cleared.status, quotasOf(cleared).bytes?.from]).toEqual([200, 'quotas.bytes']);
    const text = JSON.stringify(await gateway.gateway.store.auditEntries('lab', 50));
    expect(text).toContain('changed quotas of tenant lab: resources 1 (stored), was 1000 (quotas.resources); bytes 5000000 (stored), was');
    expect(text).toContain('changed quotas of tenant lab: resources 1000 (quotas.resources), was 1 (stored)');
    expect(text).toContain('chief (admin) from 127.0.0.1');
  }, 60_000);

  test('of two admins who read the same, the second is told that the first was before', async () => {
    const chief = login('chief');
    const etag = (await chief.get('admin/tenants/shop/quotas')).headers.get('etag') ?? '';
    const first = await patch(chief, 'shop', { jobs: 50 }, { 'if-match': etag });
    expect([first.status, first.headers.get('etag')]).toEqual([200, expect.not.stringMatching(etag)]);
    for (const late of [
      await patch(chief, 'shop', { jobs: 60 }, { 'if-match': etag }),
      await chief.delete('admin/tenants/shop/quotas', { 'if-match': etag }),
    ])
      expect([late.status, late.json.problem]).toEqual([412, expect.stringContaining('another changed them')]);
    const now = first.headers.get('etag') ?? '';
    expect((await patch(chief, 'shop', { jobs: 60 }, { 'if-match': `W/${now}` })).status).toBe(412);
    expect(
      (await patch(chief, 'shop', { jobs: 60 }, { 'if-match': `"another", ${now}`, 'content-type': 'application/merge-patch+json' }))
        .status,
    ).toBe(200);
    const entries = (await gateway.gateway.store.auditEntries('shop', 50)).length;
    // Nothing changes, and nothing is written of it.
    expect((await patch(chief, 'shop', { jobs: 60 })).status).toBe(200);
    expect(await gateway.gateway.store.auditEntries('shop', 50)).toHaveLength(entries);
  });

  test('what is wrong is said, and nothing is half done', async () => {
    const chief = login('chief');
    const before = (await chief.get('admin/tenants/lab/quotas')).text;
    const wrong: [Promise<Answer>, number, RegExp][] = [
      [patch(chief, 'lab', { jobs: 5, machines: 1 }), 400, /there is no quota machines; there are resources, meters, jobs/],
      [patch(chief, 'lab', { resources: 5, jobs: 0 }), 400, /jobs must be a whole number from 1 to 1000000000/],
      [patch(chief, 'lab', { bytes: '5' }), 400, /bytes must be a whole number/],
      [patch(chief, 'lab', { bytes: 1.5 }), 400, /bytes must be a whole number/],
      [patch(chief, 'lab', { jobs: 5 }, { 'content-type': 'text/plain' }), 415, /application\/json/],
      [
        chief.send('POST', 'admin/users', { json: {}, headers: { 'content-type': 'application/merge-patch+json' } }),
        415,
        /application\/json/,
      ],
      [patch(chief, 'lab', {}), 400, /no quota is named/],
      [patch(chief, 'lab', []), 400, /must be a JSON object/],
      [patch(chief, 'nowhere', { jobs: 5 }), 404, /no such tenant/],
      [patch(chief, '__proto__', { jobs: 5 }), 404, /no such tenant/],
      [chief.get('admin/tenants/lab/users'), 404, /no such tenant/],
      [chief.get('admin/tenants/lab/quotas/jobs'), 404, /no such tenant/],
      [chief.post('admin/tenants', {}), 405, /possible here: GET, HEAD/],
      [chief.delete('admin/tenants/lab'), 405, /possible here: GET, HEAD/],
      [chief.put('admin/tenants/lab/quotas', {}), 405, /GET, HEAD, PATCH, DELETE/],
    ];
    for (const [asked, status, words] of wrong) {
      const answer = await asked;
      expect([answer.status, answer.json.problem]).toEqual([status, expect.stringMatching(words)]);
    }
    expect((await chief.get('admin/tenants/lab/quotas')).text).toBe(before);
  });
}

describe('over SQLite', () => suite(() => Promise.resolve({ store: {}, several: false, end: () => Promise.resolve() })));

describeWith('over PostgreSQL', postgresAvailable(), () => {
  suite(async () => {
    const server = await startPostgres();
    return { store: { store: { kind: 'postgres', url: server.url } }, several: true, end: () => server.stop() };
  });
});

test('where no tenant reaches all, nobody changes a quota over HTTP', async () => {
  const alone = await startTestGateway({ config: { access: { required: true }, clouds: { sim: simulatedCloud() } } });
  try {
    await alone.gateway.store.access.putPrincipal({
      name: 'boss',
      role: 'admin',
      tenant: 'default',
      passwordHash: await hashPassword('pw'),
    });
    const boss = new Client(new URL('/', alone.base).href).as(basic('boss', 'pw'));
    const answer = await boss.send('PATCH', 'admin/tenants/default/quotas', { json: { jobs: 5 } });
    expect([answer.status, answer.json.problem]).toEqual([403, 'the quotas of a tenant are changed by command (cimi-gateway quota)']);
    expect((await boss.get('admin/tenants')).json.tenants).toHaveLength(1);
  } finally {
    await alone.stop();
  }
});
