import { hashPassword } from '../../src/http/passwords';
import type { Role } from '../../src/store/store';
import { basic, Client } from '../harness/client';
import { simulatedCloud, startTestGateway, type TestGateway } from '../harness/gateway';

/** Declared rules and scopes of tokens, for those who log in over HTTP. */
let house: TestGateway;
let root: Client;

const add = async (name: string, role: Role): Promise<Client> => {
  await house.gateway.store.access.putPrincipal({ name, role, tenant: 'default', passwordHash: await hashPassword(`pw-${name}`) });
  return root.as(basic(name, `pw-${name}`));
};

beforeAll(async () => {
  const policies = [
    { name: 'only-sim', users: ['ann', 'far-off'], clouds: ['sim'] },
    { name: 'operators', roles: ['operator'], users: ['bob'], clouds: ['sim'] },
    { name: 'quiet', effect: 'deny', users: ['tidy'], actions: ['delete'] },
  ];
  const clouds = { sim: simulatedCloud(), far: simulatedCloud() };
  house = await startTestGateway({ config: { access: { required: true, policies }, clouds, defaultCloud: 'sim' } });
  root = new Client(new URL('/', house.base).href);
});
afterAll(() => house.stop());

test('a token with a scope may that alone, shows it in lists, and no token is for more than its user', async () => {
  const admin = await add('boss', 'admin');
  await add('ann', 'operator');
  const tokens = 'admin/users/ann/tokens';
  const made = await admin.post(tokens, { name: 'images', scope: { collections: ['machineImages'], actions: ['add'] } });
  expect([made.status, made.json.token]).toEqual([201, expect.stringMatching(/^cimi_[A-Za-z0-9_-]{44}$/)]);
  const bearer = root.as({ authorization: `Bearer ${String(made.json.token)}` });
  expect((await bearer.get('cimi/machineImages')).status).toBe(200);
  expect((await bearer.get('cimi/machines')).status).toBe(404);
  expect((await bearer.delete('cimi/machineImages/sim.img-debian-12')).status).toBe(403);
  expect((await admin.get(tokens)).json.tokens).toMatchObject([
    { name: 'images', scope: { collections: ['machineImages'], actions: ['add'] } },
  ]);
  const refused = async (scope: unknown, more: object = {}) => {
    const { status, json } = await admin.post(tokens, { scope, ...more });
    return [status, json.problem];
  };
  expect(await refused({ clouds: ['far'] })).toEqual([
    400,
    expect.stringMatching(/^ann may do nothing of it in cloud 'far': a token can not be for more/),
  ]);
  expect(await refused({ actions: ['add'] }, { role: 'reader' })).toEqual([
    400,
    expect.stringMatching(/^ann \(reader\) may not add there/),
  ]);
  expect(await refused({ collections: ['machine'] })).toEqual([
    400,
    expect.stringMatching(/^there is no collection 'machine'; there are /),
  ]);
  expect(await refused({ clouds: [] })).toEqual([400, expect.stringMatching(/names nothing/)]);
  for (const scope of [{}, [], 'x', { cloud: ['sim'] }, { clouds: 'sim' }, { clouds: [1] }])
    expect(await refused(scope)).toEqual([
      400,
      expect.stringMatching(/^scope must be an object with one or more of collections, clouds, actions/),
    ]);
});

test('a token of a lower role escapes no rule for the role of its user', async () => {
  await add('bob', 'operator');
  const admin = root.as(basic('boss', 'pw-boss'));
  const made = await admin.post('admin/users/bob/tokens', { role: 'reader' });
  const bearer = root.as({ authorization: `Bearer ${String(made.json.token)}` });
  for (const client of [bearer, root.as(basic('bob', 'pw-bob'))]) {
    expect((await client.get('cimi/machineImages/sim.img-debian-12')).status).toBe(200);
    expect((await client.get('cimi/machineImages/far.img-debian-12')).status).toBe(404);
  }
});

test('who is narrowed manages no users, and is told of no metrics and clouds that are hidden', async () => {
  const far = await add('far-off', 'admin');
  const tidy = await add('tidy', 'admin');
  for (const client of [far, tidy]) {
    const answer = await client.get('admin/users');
    expect([answer.status, answer.json.problem]).toEqual([403, expect.stringMatching(/narrowed by a rule/)]);
  }
  expect((await far.get('metrics')).status).toBe(403);
  expect((await far.get('metrics/cloud')).status).toBe(403);
  expect((await tidy.get('metrics')).status).toBe(200);
  expect(Object.keys((await far.get('readyz')).json.clouds ?? {})).toEqual(['sim']);
  expect(Object.keys((await tidy.get('readyz')).json.clouds ?? {})).toEqual(['sim', 'far']);
});
