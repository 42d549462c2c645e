import { basic, Client, type Answer } from '../harness/client';
import { simulatedCloud, startTestGateway, type TestGateway } from '../harness/gateway';
import { hashPassword } from '../../src/http/passwords';
import type { Role } from '../../src/store/store';

/** Users and tokens over HTTP, by admins of their tenant. */
let house: TestGateway;
let root: Client;
let admin: Client;

const add = async (name: string, role: Role, tenant: string): Promise<Client> => {
  await house.gateway.store.access.putPrincipal({ name, role, tenant, passwordHash: await hashPassword(`pw-${name}`) });
  return root.as(basic(name, `pw-${name}`));
};
const patch = (client: Client, uri: string, json: unknown): Promise<Answer> => client.send('PATCH', uri, { json });

beforeAll(async () => {
  const clouds = { sim: simulatedCloud({}, { tenants: ['default', 'other'], discoveredTenant: 'default' }) };
  house = await startTestGateway({ config: { tenants: ['default', 'other'], access: { required: true }, clouds } });
  root = new Client(new URL('/', house.base).href);
  admin = await add('boss', 'admin', 'default');
  await add('ben', 'operator', 'other');
});
afterAll(() => house.stop());

test('an admin adds, changes, lists and removes users of its tenant', async () => {
  const made = await admin.post('admin/users', { name: 'ann', role: 'reader', password: 'correct horse' });
  expect([made.status, made.json]).toEqual([
    201,
    expect.objectContaining({ name: 'ann', tenant: 'default', role: 'reader', password: true }),
  ]);
  const ann = root.as(basic('ann', 'correct horse'));
  expect((await ann.get('cimi/clouds')).status).toBe(200);
  expect((await patch(admin, 'admin/users/ann', { role: 'operator' })).json).toMatchObject({ role: 'operator' });
  expect((await patch(admin, 'admin/users/ann', { password: 'battery staple' })).status).toBe(200);
  expect((await root.as(basic('ann', 'battery staple')).get('cimi/clouds')).status).toBe(200);
  const listed = await admin.get('admin/users');
  expect((listed.json.users as unknown as { name: string }[]).map(({ name }) => name)).toEqual(['ann', 'boss']);
  expect(listed.text).not.toMatch(/argon2|hash|horse|staple/);
  expect((await admin.delete('admin/users/ann')).status).toBe(204);
  expect((await admin.get('admin/users/ann')).status).toBe(404);
});

test('tokens are made, shown once, listed and revoked; a service account has no password', async () => {
  expect((await admin.post('admin/users', { name: 'ci', role: 'operator' })).json).toMatchObject({ password: false });
  const made = await admin.post('admin/users/ci/tokens', { name: 'deploy', role: 'reader', expires: '2099-01-01T00:00:00Z' });
  const [id, token] = [String(made.json.id), String(made.json.token)];
  expect([made.status, token]).toEqual([201, expect.stringMatching(/^cimi_/)]);
  const bearer = root.as({ authorization: `Bearer ${token}` });
  expect((await bearer.get('cimi/clouds')).status).toBe(200);
  const listed = await admin.get('admin/users/ci/tokens');
  expect(listed.json.tokens).toMatchObject([{ id, name: 'deploy', role: 'reader', used: expect.any(String) }]);
  expect(listed.text).not.toContain(token);
  expect((await admin.delete(`admin/users/ci/tokens/${id}`)).status).toBe(204);
  expect((await admin.delete(`admin/users/ci/tokens/${id}`)).status).toBe(404);
  expect((await admin.get('admin/users/ci/tokens')).json.tokens).toEqual([]);
});

test('each change is an entry of the audit, with who, and nothing secret', async () => {
  await admin.post('admin/users', { name: 'eve', password: 'MARKER-password' }, { 'x-request-id': 'ignored' });
  const { json } = await admin.post('admin/users/eve/tokens', { name: 'one' });
  await patch(admin, 'admin/users/eve', { role: 'reader' });
  await admin.delete('admin/users/eve');
  const text = JSON.stringify(await house.gateway.store.auditEntries('default', 50));
  for (const words of ['added user eve (operator)', 'added token', 'changed user eve: role operator to reader', 'removed user eve'])
    expect(text).toContain(words);
  expect(text).toContain('boss (admin) from 127.0.0.1');
  for (const secret of ['MARKER', String(json.token)]) expect(text + JSON.stringify(house.logs())).not.toContain(secret);
});

test('nobody else may: strangers, readers, operators, a lesser token of an admin', async () => {
  expect([(await root.get('admin/users')).status, (await root.get('admin/users')).headers.get('www-authenticate')]).toEqual([
    401,
    expect.stringContaining('Basic'),
  ]);
  const made = await admin.post('admin/users/boss/tokens', { role: 'operator' });
  const lesser = root.as({ authorization: `Bearer ${String(made.json.token)}` });
  for (const client of [await add('olga', 'operator', 'default'), await add('rae', 'reader', 'default'), lesser]) {
    expect((await client.get('admin/users')).status).toBe(403);
    expect((await client.post('admin/users', { name: 'mallory', role: 'admin' })).status).toBe(403);
    expect((await patch(client, 'admin/users/olga', { role: 'admin' })).status).toBe(403);
    expect((await client.post('admin/users/boss/tokens', {})).status).toBe(403);
  }
  expect(await house.gateway.store.access.principal('mallory')).toBeUndefined();
});

test('users of another tenant, and their tokens, are not there', async () => {
  await house.gateway.store.access.addToken({ id: 'bens', principal: 'ben', hash: 'x', expires: null });
  const answers = [
    await admin.get('admin/users/ben'),
    await patch(admin, 'admin/users/ben', { role: 'admin' }),
    await admin.delete('admin/users/ben'),
    await admin.get('admin/users/ben/tokens'),
    await admin.post('admin/users/ben/tokens', {}),
    await admin.delete('admin/users/ben/tokens/bens'),
    await admin.delete('admin/users/boss/tokens/bens'),
    await admin.get('admin/users/nobody'),
    await admin.get('admin/users/boss/tokens/x/y'),
    await admin.get('admin/users/%E0%A4%A'),
  ];
  expect(answers.map(({ status, json }) => [status, json.problem])).toEqual(answers.map(() => [404, 'there is no such user or token']));
  expect(await house.gateway.store.access.principal('ben')).toMatchObject({ role: 'operator' });
  expect(await house.gateway.store.access.tokens('ben')).toHaveLength(1);
});

test('what is wrong is said, and nothing is half done', async () => {
  const wrong: [Promise<Answer>, number, RegExp][] = [
    [admin.post('admin/users', { name: 'x', tenant: 'other' }), 400, /tenant is not known here; there are name, role, password/],
    [admin.post('admin/users', { role: 'reader' }), 400, /name is missing/],
    [admin.post('admin/users', { name: 'a:b' }), 400, /not a valid user name/],
    [admin.post('admin/users', { name: 'boss' }), 409, /there is a user boss already/],
    [
      admin.post('admin/users/boss/tokens', { name: 'one' }).then(() => admin.post('admin/users/boss/tokens', { name: 'one' })),
      409,
      /boss has a token one already/,
    ],
    [admin.post('admin/users', { name: 'x', password: 'short' }), 400, /too short/],
    [admin.post('admin/users', { name: 7 }), 400, /name must be a text/],
    [admin.post('admin/users', []), 400, /must be a JSON object/],
    [admin.post('admin/users/boss/tokens', { expires: 'yesterday' }), 400, /not a time in the future/],
    [patch(admin, 'admin/users/boss', { password: 'long enough', role: 'root' }), 400, /role must be one of/],
    [patch(admin, 'admin/users/boss', {}), 400, /role or password is missing/],
    [admin.send('PUT', 'admin/users', { json: {} }), 405, /GET, HEAD, POST/],
    [admin.send('POST', 'admin/users', { xml: '<a/>' }), 415, /application\/json/],
    [admin.post('admin/users', { name: 'x'.repeat(9000) }), 413, /larger than 8192/],
  ];
  for (const [asked, status, words] of wrong) {
    const answer = await asked;
    expect([answer.status, answer.json.problem]).toEqual([status, expect.stringMatching(words)]);
  }
  expect((await admin.get('cimi/clouds')).status).toBe(200);
});

test('a name that two tenants take at once is one user, of the tenant that was first', async () => {
  const other = await add('their-boss', 'admin', 'other');
  const made = await Promise.all([admin, other].map((client) => client.post('admin/users', { name: 'twin', password: 'correct horse' })));
  expect(made.map(({ status }) => status).sort()).toEqual([201, 409]);
  const winner = made.find(({ status }) => status === 201);
  expect(await house.gateway.store.access.principal('twin')).toMatchObject({ tenant: winner?.json.tenant });
});

test('a user that is removed while its password is changed stays removed, and a lowered one stays lowered', async () => {
  for (const name of ['gone', 'lowered']) await admin.post('admin/users', { name, role: 'admin', password: 'correct horse' });
  const [, removed, , lowered] = await Promise.all([
    patch(admin, 'admin/users/gone', { password: 'battery staple' }),
    admin.delete('admin/users/gone'),
    patch(admin, 'admin/users/lowered', { password: 'battery staple' }),
    patch(admin, 'admin/users/lowered', { role: 'reader' }),
  ]);
  expect([removed.status, lowered.status]).toEqual([204, 200]);
  expect(await house.gateway.store.access.principal('gone')).toBeUndefined();
  expect(await house.gateway.store.access.principal('lowered')).toMatchObject({ role: 'reader' });
});

test('the last admin of a tenant is neither removed nor lowered here', async () => {
  const last = await add('last', 'admin', 'third');
  for (const answer of [await last.delete('admin/users/last'), await patch(last, 'admin/users/last', { role: 'reader' })])
    expect([answer.status, answer.json.problem]).toEqual([409, expect.stringContaining('last is the last admin of its tenant')]);
  expect((await patch(last, 'admin/users/last', { password: 'battery staple' })).status).toBe(200);
  await add('next', 'admin', 'third');
  const again = root.as(basic('last', 'battery staple'));
  expect((await patch(again, 'admin/users/last', { role: 'reader' })).status).toBe(200);
});

test('admins who lower or remove each other at the same moment leave one', async () => {
  for (const [index, change] of [
    (client: Client, name: string) => patch(client, `admin/users/${name}`, { role: 'reader' }),
    (client: Client, name: string) => client.delete(`admin/users/${name}`),
  ].entries())
    for (let times = 0; times < 5; times += 1) {
      const tenant = `pair-${index}-${times}`;
      const names = [`one-${tenant}`, `two-${tenant}`] as const;
      const [one, two] = [await add(names[0], 'admin', tenant), await add(names[1], 'admin', tenant)];
      await Promise.all([one.get('admin/users'), two.get('admin/users')]);
      await Promise.all([change(one, names[1]), change(two, names[0])]);
      const rows = await house.gateway.store.access.principals();
      expect(rows.filter((row) => row.tenant === tenant && row.role === 'admin')).toHaveLength(1);
    }
});

test.each(['2027', 'Fri Jan 1 2027', '2099-01-01', '2099-01-01T00:00:00', '+275760-09-13T00:00:00Z', '2099-02-30T00:00:00Z', '0', ''])(
  'a token does not end at %j: that is no time by RFC 3339',
  async (expires) => {
    const answer = await admin.post('admin/users/boss/tokens', { expires });
    expect([answer.status, answer.json.problem]).toEqual([400, expect.stringContaining('is not a time in the future')]);
  },
);

test.each(['2099-01-01T00:00:00.5z', '2099-01-01T02:00:00+02:00'])('a token ends at %s', async (expires) => {
  expect((await admin.post('admin/users/boss/tokens', { expires })).status).toBe(201);
});

test('an empty segment is no user: nothing is removed by a path that was put together wrongly', async () => {
  await admin.post('admin/users', { name: 'tokens', role: 'reader' });
  for (const path of ['admin/users//tokens', 'admin/users/tokens//', 'admin/users/%2ftokens', 'admin/users/..%2ftokens'])
    expect((await admin.delete(path)).status).toBe(404);
  expect(await house.gateway.store.access.principal('tokens')).toBeDefined();
});

test('who tries passwords here is in the log, and who may not and tries a change is in the audit', async () => {
  const eve = root.as(basic('boss', 'MARKER-wrong'));
  expect((await eve.get('admin/users')).status).toBe(401);
  expect(house.logs()).toContainEqual(
    expect.objectContaining({
      ...{ level: 'warn', msg: 'a login was refused', tried: 'boss', address: '127.0.0.1' },
      requestId: expect.any(String) as string,
    }),
  );
  const otto = await add('otto', 'operator', 'default');
  expect((await otto.post('admin/users', { name: 'mallory', role: 'admin', password: 'MARKER-long' })).status).toBe(403);
  const text = JSON.stringify(await house.gateway.store.auditEntries('default', 20));
  expect(text).toContain('users are managed by admins: otto is operator');
  expect(text + JSON.stringify(house.logs())).not.toContain('MARKER');
});

test('where nobody logs in, nobody plants an admin for later', async () => {
  const open = await startTestGateway({ config: { clouds: { sim: simulatedCloud({}) } } });
  try {
    const anyone = new Client(new URL('/', open.base).href);
    expect((await anyone.get('cimi/clouds')).status).toBe(200);
    for (const answer of [await anyone.get('admin/users'), await anyone.post('admin/users', { name: 'mallory', role: 'admin' })])
      expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(await open.gateway.store.access.principals()).toEqual([]);
  } finally {
    await open.stop();
  }
});

test.each<[string, Record<string, string>]>([
  ['without its header', {}],
  ['of another origin', { 'x-cimi-console': '1', origin: 'https://evil.example.org', 'sec-fetch-site': 'cross-site' }],
  ['without an origin', { 'x-cimi-console': '1' }],
])('the cookie of a session of the console %s changes no user', async (_what, headers) => {
  const own = new URL(house.base).origin;
  const page = { 'x-cimi-console': '1', origin: own, 'content-type': 'application/json' };
  const begun = await fetch(new URL('/console/session', own), {
    ...{ method: 'POST', headers: page, body: JSON.stringify({ user: 'boss', password: 'pw-boss' }) },
  });
  const cookie = begun.headers.get('set-cookie')?.split(';')[0] ?? '';
  const ask = async (more: Record<string, string>) => {
    const answer = await root.as({ cookie, ...more }).send('PATCH', 'admin/users/boss', { json: { role: 'admin' } });
    return answer.status;
  };
  expect([begun.status, await ask(page), await ask(headers)]).toEqual([200, 200, 401]);
});
