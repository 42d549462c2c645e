import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { loadConfig } from './load';
import { ConfigError } from './problems';
import { redact } from './redact';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cimi-config-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const good = {
  issuer: 'https://login.example.org/',
  audience: ['cimi'],
  grants: [{ group: 'staff', role: 'operator', tenant: 'default' }],
};
async function load(access: object) {
  const clouds = { sim: { driver: 'simulator' } };
  await writeFile(join(folder, 'gateway.yaml'), stringify({ access, clouds }));
  return loadConfig({ file: 'gateway.yaml', env: {}, cwd: folder });
}
async function problems(access: object): Promise<string> {
  const outcome = await load(access).catch((error: unknown) => error);
  if (outcome instanceof ConfigError) return outcome.message;
  throw new Error('accepted');
}

test('an issuer has its defaults, and is printed whole whatever its key', async () => {
  const config = await load({ oidc: { auth: good } });
  expect(config.access.oidc['auth']).toMatchObject({
    algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'],
    claims: { user: 'sub', groups: 'groups' },
    keepKeysMinutes: 240,
  });
  expect(redact(config)['access']).toMatchObject({ oidc: { auth: { issuer: 'https://login.example.org/' } } });
});

test('the tenant whose admins reach all must be one', async () => {
  expect((await load({ adminTenant: 'default' })).access.adminTenant).toBe('default');
  expect(await problems({ adminTenant: 'nowhere' })).toMatch(/access\.adminTenant: there is no tenant nowhere; there are default/);
});

test.each<[string, object, RegExp]>([
  ['an algorithm with a secret', { ...good, algorithms: ['HS256'] }, /algorithms/],
  ['none for an algorithm', { ...good, algorithms: ['none'] }, /algorithms/],
  ['no algorithm at all', { ...good, algorithms: [] }, /algorithms/],
  ['no audience', { ...good, audience: [] }, /audience/],
  ['http elsewhere than here', { ...good, issuer: 'http://login.example.org' }, /must begin with https/],
  ['a query in the issuer', { ...good, issuer: 'https://login.example.org/?a=b' }, /no user, query or fragment/],
  ['a file for its keys', { ...good, discoveryUrl: 'file:///etc/passwd' }, /discoveryUrl/],
  ['a grant without a tenant', { ...good, grants: [{ role: 'reader' }] }, /each grant must name a tenant/],
  [
    'a tenant that there is not',
    { ...good, grants: [{ role: 'reader', tenant: 'nowhere' }] },
    /there is no tenant nowhere; there are default/,
  ],
  ['a role that there is not', { ...good, grants: [{ role: 'root', tenant: 'default' }] }, /role/],
  ['no grants', { ...good, grants: [] }, /grants/],
  ['a subnet that is none', { ...good, addresses: ['10.0.0.0'] }, /subnet/],
])('%s is refused in words', async (_what, issuer, expected) => {
  expect(await problems({ oidc: { corp: issuer } })).toMatch(expected);
});

test('an issuer twice, and issuers where nobody logs in, are refused in words', async () => {
  expect(await problems({ oidc: { one: good, two: good } })).toMatch(/access\.oidc\.two\.issuer.* is that of another entry, too/);
  expect(await problems({ required: false, oidc: { corp: good } })).toMatch(/is of no use where access\.required is false/);
});
