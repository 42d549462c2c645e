import { Client, type Answer } from '../harness/client';
import { simulatedCloud, startTestGateway, type TestGateway } from '../harness/gateway';
import { eventually } from '../harness/wait';
import { newKey, OidcProvider } from '../backends/oidc-provider';
import { hashPassword } from '../../src/http/passwords';
import { loadConfig } from '../../src/config/load';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';

/** Logins by tokens of a real identity provider (oidc-provider), which rotates its keys, is stopped and comes back. */
let provider: OidcProvider;
let house: TestGateway;
const first = newKey();
const CLIENTS = [
  { id: 'ada', groups: ['cimi-admins', 'staff'], name: 'Ada' },
  { id: 'olga', groups: ['staff'] },
  { id: 'rae', groups: ['visitors'] },
  { id: 'nobody', groups: ['others'] },
  { id: 'elsewhere', groups: ['staff'], audience: 'another-service' },
  { id: 'brief', groups: ['staff'], ttl: 1 },
  { id: 'elliptic', groups: ['staff'], alg: 'ES256' },
];
const settings = (issuer: string, more: object = {}) => ({
  issuer,
  audience: ['cimi'],
  addresses: ['127.0.0.0/8'],
  clockToleranceSeconds: 0,
  grants: [
    { group: 'cimi-admins', role: 'admin', tenant: 'default' },
    { group: 'staff', role: 'operator', tenant: 'default' },
    { group: 'visitors', role: 'reader', tenant: 'other' },
  ],
  ...more,
});
const configWith = (oidc: object) => ({
  tenants: ['default', 'other'],
  audit: { reads: true },
  access: { oidc },
  clouds: { sim: simulatedCloud({}, { tenants: ['default', 'other'], discoveredTenant: 'default' }) },
});

beforeAll(async () => {
  provider = await OidcProvider.open(CLIENTS, [first, newKey('ec')]);
  house = await startTestGateway({ config: configWith({ corp: settings(provider.issuer) }) });
  await house.gateway.store.access.putPrincipal({
    ...{ name: 'ada', tenant: 'other', role: 'reader', passwordHash: await hashPassword('a-password') },
  });
});
afterAll(async () => {
  await house.stop();
  await provider.close();
});

const as = (token: string): Client => new Client(house.base, { authorization: `Bearer ${token}` });
const refusal = ({ status, headers, json }: Answer) => [status, headers.get('www-authenticate'), json.statusMessage] as const;

test('groups become role and tenant; a name is never that of a user of the gateway', async () => {
  const ada = as(await provider.token('ada'));
  expect((await ada.get('clouds')).status).toBe(200);
  // Made by an admin of the tenant default, whatever the local user of this name may.
  const made = await ada.post('machineTemplates', { name: 'of ada' });
  expect([201, 202]).toContain(made.status);
  expect((await as(await provider.token('olga')).get('machineTemplates?$filter=name="of ada"')).json.count).toBe(1);
  const rae = as(await provider.token('rae'));
  expect((await rae.get('machineTemplates?$filter=name="of ada"')).json.count).toBe(0);
  expect((await rae.post('machineTemplates', { name: 'x' })).status).toBe(403);
});

test('whose groups have no role is known and refused, with a place in the audit', async () => {
  const answer = await as(await provider.token('nobody')).get('clouds');
  expect([answer.status, answer.json.statusMessage]).toEqual([403, expect.stringContaining('corp:nobody has no role here')]);
  const entries = await house.gateway.store.auditEntries('', 10);
  expect(JSON.stringify(entries)).toContain('corp:nobody has no role here');
});

test('what is for another audience, expired or of nobody known is 401 with words (RFC 6750 3)', async () => {
  const elsewhere = await as(await provider.token('elsewhere')).get('clouds');
  expect(refusal(elsewhere)).toEqual([
    401,
    expect.stringContaining('Bearer realm="cimi", error="invalid_token", error_description="the bearer token is for somebody else (aud)"'),
    'the bearer token is for somebody else (aud)',
  ]);
  const brief = as(await provider.token('brief'));
  const expired = await eventually(async () => {
    const answer = await brief.get('clouds');
    return answer.status === 200 ? undefined : answer;
  });
  expect(refusal(expired)).toEqual([
    401,
    expect.stringContaining('error="invalid_token"'),
    expect.stringMatching(/^the bearer token expired 20/),
  ]);
});

test('algorithms that the configuration does not name are refused, those that it names are taken', async () => {
  expect((await as(await provider.token('elliptic')).get('clouds')).status).toBe(200);
});

test('a changed signature, and a token of a part, are refused; none of it is in log or audit', async () => {
  const token = await provider.token('olga');
  const [head = '', payload = '', signature = ''] = token.split('.');
  const forged = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
  for (const bad of [`${head}.${payload}.${forged}`, `${head}.${payload}.`, `${head}.${payload}`, `${head}.e30.${signature}`])
    expect((await as(bad).get('clouds')).status).toBe(401);
  const written = JSON.stringify([
    house.logs(),
    await house.gateway.store.auditEntries('', 100),
    await house.gateway.store.auditEntries('default', 100),
  ]);
  for (const part of [signature, forged, payload]) expect(written).not.toContain(part);
});

test('log and audit name the user, the issuer and the subject', async () => {
  const made = await as(await provider.token('olga')).post('machineTemplates', { name: 'traced' }, { 'x-request-id': 'traced-1' });
  expect([201, 202]).toContain(made.status);
  expect(house.logs()).toContainEqual(
    expect.objectContaining({ requestId: 'traced-1', principal: 'corp:olga', issuer: provider.issuer, subject: 'olga', tenant: 'default' }),
  );
  expect(JSON.stringify(await house.gateway.store.auditEntries('default', 20))).toContain(
    `corp:olga (operator, subject olga of ${provider.issuer}) from`,
  );
});

test('a session of the console is for users of the gateway', async () => {
  const root = new URL('/console/session', house.base);
  const headers = { 'content-type': 'application/json', 'x-cimi-console': '1', origin: root.origin };
  const answer = await fetch(root, { method: 'POST', headers, body: JSON.stringify({ token: await provider.token('olga') }) });
  expect([answer.status, answer.headers.get('set-cookie')]).toEqual([403, null]);
});

test('new keys are taken when the first token comes that is signed by one; while the provider is away its known keys go on', async () => {
  const second = newKey();
  const before = as(await provider.token('olga'));
  await provider.stop();
  expect((await before.get('clouds')).status).toBe(200);
  await provider.start([second]);
  const after = as(await provider.token('olga'));
  expect((await after.get('clouds')).status).toBe(200);
  // The old key is not there any more: what it signed is not good any more, either.
  expect((await before.get('clouds')).status).toBe(401);
});

test('without keys its tokens are 503 with Retry-After, other logins go on, and it comes back by itself', async () => {
  const token = await provider.token('olga');
  await provider.stop();
  const fresh = await startTestGateway({ config: configWith({ corp: settings(provider.issuer) }) });
  try {
    await fresh.gateway.store.access.putPrincipal({
      ...{ name: 'ben', tenant: 'default', role: 'reader', passwordHash: await hashPassword('a-password') },
    });
    const client = new Client(fresh.base, { authorization: `Bearer ${token}` });
    const away = await client.get('clouds');
    expect([away.status, Number(away.headers.get('retry-after')) > 0]).toEqual([503, true]);
    expect(away.json.statusMessage).toMatch(
      /^the keys of the token's issuer can not be read now \(127\.0\.0\.1:\d+ refused the connection\)/,
    );
    const basic = `Basic ${Buffer.from('ben:a-password').toString('base64')}`;
    expect((await new Client(fresh.base, { authorization: basic }).get('clouds')).status).toBe(200);
    expect(fresh.logs()).toContainEqual(expect.objectContaining({ level: 'warn', msg: 'the keys of an issuer of tokens can not be read' }));
    await provider.start([first]);
    await eventually(async () => ((await client.get('clouds')).status === 503 ? undefined : true));
    expect(fresh.logs()).toContainEqual(expect.objectContaining({ msg: 'the keys of an issuer of tokens can be read again' }));
    const again = new Client(fresh.base, { authorization: `Bearer ${await provider.token('olga')}` });
    expect((await again.get('clouds')).status).toBe(200);
  } finally {
    await fresh.stop();
  }
});

test('failures of tokens lock nobody out: neither the user nor passwords from the same place', async () => {
  for (let left = 150; left > 0; left -= 1) await as('a.b.c').get('clouds');
  expect((await as(await provider.token('ada')).get('clouds')).status).not.toBe(429);
  const basic = `Basic ${Buffer.from('ada:a-password').toString('base64')}`;
  expect((await new Client(house.base, { authorization: basic }).get('clouds')).status).toBe(200);
});

test('SIGHUP takes other grants, and withdraws issuers', async () => {
  const load = async (oidc: object, more: object = {}) => {
    const file = join(house.dataDir, 'gateway.yaml');
    await writeFile(file, stringify({ server: { port: 0, shutdownMs: 2000 }, data: { dir: house.dataDir }, ...configWith(oidc), ...more }));
    return loadConfig({ file, env: {}, cwd: house.dataDir });
  };
  const fresh = await startTestGateway({ config: configWith({ corp: settings(provider.issuer) }) });
  try {
    const client = new Client(fresh.base, { authorization: `Bearer ${await provider.token('olga')}` });
    expect((await client.post('machineTemplates', { name: 'before' })).status).toBeLessThan(300);
    const grants = [{ role: 'reader', tenant: 'default' }];
    await fresh.gateway.reload(await load({ corp: settings(provider.issuer, { grants }) }));
    expect((await client.post('machineTemplates', { name: 'after' })).status).toBe(403);
    expect((await client.get('clouds')).status).toBe(200);
    expect(fresh.logs()).toContainEqual(expect.objectContaining({ taken: ['access.oidc'], msg: 'the configuration was read again' }));
    // A tenant comes with a start only: nobody is of it before.
    const third = { tenants: ['default', 'other', 'third'] };
    const elsewhere = settings(provider.issuer, { grants: [{ role: 'admin', tenant: 'third' }] });
    await fresh.gateway.reload(await load({ corp: elsewhere }, third));
    expect((await client.get('clouds')).status).toBe(403);
    await fresh.gateway.reload(await load({}));
    expect((await client.get('clouds')).status).toBe(401);
  } finally {
    await fresh.stop();
  }
});
