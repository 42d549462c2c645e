import fc from 'fast-check';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { holderOf } from '../../src/cli/policy';
import { loadConfig } from '../../src/config/load';
import type { Config } from '../../src/config/config';
import { addToken } from '../../src/http/principals';
import { hashPassword } from '../../src/http/passwords';
import { gatewayCatalogue } from '../../src/model/catalogue';
import { explain, type Explanation } from '../../src/rights/explain';
import { actionsOf } from '../../src/rights/rule-problems';
import { READ, type Holder, type Rule } from '../../src/rights/rule';
import { newKey, OidcProvider } from '../backends/oidc-provider';
import { basic, Client, type Answer } from '../harness/client';
import { simulatedCloud, startTestGateway, type TestGateway } from '../harness/gateway';

/** Holds what `policy explain` says against what the gateway does: random rules, users and requests over HTTP. */

interface Person {
  client: Client;
  holder: Holder;
}

/** A request, and the question whether it may be made. */
interface Asked {
  action: string;
  collection: string;
  cloud: string | null;
}

const catalogue = gatewayCatalogue();
const COLLECTIONS = ['machines', 'volumes', 'machineImages', 'machineTemplates', 'credentials'];
const GROUPS = ['team-a', 'team-b'];
const NANO = (cloud: string) => ({
  machineConfig: { href: `machineConfigs/${cloud}.s1_2enano` },
  machineImage: { href: `machineImages/${cloud}.img-debian-12` },
});
const DELAYS = Object.fromEntries(['create', 'start', 'stop', 'restart', 'delete'].map((action) => [action, 1]));

let provider: OidcProvider;
let house: TestGateway;
let content: { access: object; [section: string]: unknown };
const people = new Map<string, Person>();
/** Resources of the tenant `default` by collection and cloud. */
const things = new Map<string, string>();

beforeAll(async () => {
  provider = await OidcProvider.open(
    [
      { id: 'ann', groups: ['staff', 'team-a'] },
      { id: 'bea', groups: ['staff', 'team-b', 'team-a'] },
    ],
    [newKey()],
  );
  const grants = [{ group: 'staff', role: 'operator', tenant: 'default' }];
  const corp = { issuer: provider.issuer, audience: ['cimi'], addresses: ['127.0.0.0/8'], grants };
  const quick = (more: object = {}) =>
    simulatedCloud({ delays: DELAYS, lingerMs: 0 }, { guard: { cacheMs: 0 }, tenants: ['default'], discoveredTenant: 'default', ...more });
  const config = {
    tenants: ['default', 'other'],
    access: { required: true, oidc: { corp } },
    clouds: { sim: quick(), far: quick({ tenants: ['default', 'other'] }), seen: quick({ mode: 'observe' }) },
    defaultCloud: 'sim',
  };
  house = await startTestGateway({ config });
  content = { server: { port: 0, shutdownMs: 2000 }, data: { dir: house.dataDir }, monitoring: { watchMs: 0 }, ...config };
  await everyone(await configWith([]));
  for (const cloud of ['sim', 'far', 'seen']) things.set(`machineImages ${cloud}`, `machineImages/${cloud}.img-debian-12`);
  await restore();
}, 60_000);
afterAll(async () => {
  await house.stop();
  await provider.close();
});

/** Makes what is to be there and is not, or not any more, while no rule hinders. */
async function restore(): Promise<void> {
  const all: [string, string, object][] = [
    ...['sim', 'far'].flatMap((cloud): [string, string, object][] => [
      [`machines ${cloud}`, 'machines', { machineTemplate: NANO(cloud) }],
      [`volumes ${cloud}`, 'volumes', { cloud, volumeTemplate: { volumeConfig: { capacity: 1_000_000 } } }],
    ]),
    ['machineTemplates null', 'machineTemplates', { name: 'kept' }],
  ];
  const missing = all.filter(([key]) => !things.has(key));
  if (missing.length === 0) return;
  await house.gateway.reload(await configWith([]));
  const boss = people.get('boss')?.client as Client;
  for (const [key, collection, body] of missing) things.set(key, await made(boss, collection, body));
}

async function made(client: Client, collection: string, body: object): Promise<string> {
  const answer = await client.post(collection, body);
  const location = answer.headers.get('location') ?? String(answer.json.id);
  if (answer.headers.has('cimi-job-uri')) expect(await client.ended(answer)).toMatchObject({ state: 'SUCCESS' });
  return location.replace(house.base, '');
}

async function configWith(policies: readonly Rule[]): Promise<Config> {
  const file = join(house.dataDir, 'gateway.yaml');
  await writeFile(file, stringify({ ...content, access: { ...content.access, policies } }));
  return loadConfig({ file, env: {}, cwd: house.dataDir });
}

/** Makes users of the gateway with tokens, and those of the issuer. */
async function everyone(config: Config): Promise<void> {
  const { access } = house.gateway.store;
  const users = [
    { name: 'boss', role: 'admin', tenant: 'default' },
    { name: 'ops', role: 'operator', tenant: 'default' },
    { name: 'rea', role: 'reader', tenant: 'default' },
    { name: 'oth', role: 'operator', tenant: 'other' },
  ] as const;
  for (const user of users) {
    await access.putPrincipal({ ...user, passwordHash: await hashPassword(`pw-${user.name}`) });
    const client = new Client(house.base, basic(user.name, `pw-${user.name}`));
    people.set(user.name, { client, holder: await holderOf(config, { user: user.name, group: [] }) });
  }
  const tokens = [
    { name: 'reads', role: 'reader' },
    { name: 'machines', scope: { collections: ['machines'], actions: ['restart', 'delete'] } },
    { name: 'far', scope: { clouds: ['far'] } },
  ] as const;
  for (const facts of tokens) {
    const { token } = await addToken(access, 'ops', facts);
    const client = new Client(house.base, { authorization: `Bearer ${token}` });
    people.set(`ops ${facts.name}`, { client, holder: await holderOf(config, { user: 'ops', group: [], token: facts.name }) });
  }
  for (const [id, group] of [
    ['ann', ['staff', 'team-a']],
    ['bea', ['staff', 'team-b', 'team-a']],
  ] as const) {
    const name = `corp:${id}`;
    const client = new Client(house.base, { authorization: `Bearer ${await provider.token(id)}` });
    people.set(name, { client, holder: await holderOf(config, { user: name, group: [...group] }) });
  }
}

const some = <T>(all: readonly T[]): fc.Arbitrary<T[] | undefined> =>
  fc.option(fc.subarray([...all], { minLength: 1 }), { nil: undefined });
const rule: fc.Arbitrary<Omit<Rule, 'name'>> = fc
  .record({
    effect: fc.constantFrom('allow' as const, 'allow' as const, 'deny' as const),
    tenants: some(['default', 'other']),
    roles: some(['reader', 'operator', 'admin']),
    users: some(['boss', 'ops', 'rea', 'oth', 'corp:ann', 'corp:bea']),
    groups: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: some(GROUPS) }),
    clouds: some(['sim', 'far', 'seen']),
    collections: some(COLLECTIONS),
    actions: some([READ, 'add', 'edit', 'delete', 'restart']),
  })
  .map(({ actions, ...more }) => {
    const possible = (more.collections ?? COLLECTIONS).flatMap((one) => actionsOf(catalogue, one));
    const own = actions?.filter((one) => possible.includes(one)) ?? [];
    const given = Object.entries({ ...more, actions: own.length > 0 ? own : undefined }).filter(([, value]) => value !== undefined);
    return Object.fromEntries(given) as Omit<Rule, 'name'>;
  });
const rules: fc.Arbitrary<Rule[]> = fc
  .array(rule, { minLength: 1, maxLength: 5 })
  .map((all) => all.map((one, index) => ({ name: `r${index}`, ...one })));

const inClouds = (collection: string, actions: readonly string[], clouds: readonly (string | null)[]): Asked[] =>
  actions.flatMap((action) => clouds.map((cloud) => ({ action, collection, cloud })));
const ASKED: readonly Asked[] = [
  ...inClouds('machines', [READ, 'edit', 'delete', 'restart'], ['sim', 'far']),
  ...inClouds('volumes', [READ, 'add', 'edit', 'delete'], ['sim', 'far']),
  ...inClouds('machineImages', [READ], ['sim', 'far', 'seen']),
  ...inClouds('machineImages', ['edit', 'delete'], ['seen']),
  ...inClouds('machineTemplates', [READ, 'add', 'edit', 'delete'], [null]),
];

function send(client: Client, { action, collection, cloud }: Asked): Promise<Answer> {
  const path = things.get(`${collection} ${String(cloud)}`) ?? '';
  if (action === READ) return client.get(path);
  if (action === 'delete') return client.delete(path);
  if (action === 'edit') return client.put(`${path}?$select=name`, { name: 'x' });
  if (action !== 'add') return client.act(path, action);
  if (cloud === null) return client.post(collection, { name: 'made' });
  return client.post(collection, { cloud, volumeTemplate: { volumeConfig: { capacity: 1_000_000 } } });
}

/** Words that a refusal must have for what decided. */
function wordsFor({ by, rule: name, who }: Explanation): RegExp {
  if (by === 'rule') return new RegExp(`the rule '${name ?? ''}' does not let user '${who.name}'`);
  if (by === 'no rule') return new RegExp(`no rule lets user '${who.name}'`);
  if (by === 'token') return new RegExp(`the token of user '${who.name}' is not for it`);
  return /./;
}

/** Tells what an answer must be by what explain says: unseen things are not there, seen ones are refused in words. */
function mustBe(told: Explanation, sees: Explanation, { action, cloud }: Asked): { statuses: readonly number[]; words?: RegExp } {
  if (told.allowed) return { statuses: action === 'add' ? [201, 202] : [200, 202] };
  if (action === READ) return { statuses: [404] };
  if (told.by === 'role') return sees.allowed ? { statuses: [403], words: /has the role reader/ } : { statuses: [403, 404] };
  // The cloud is not there for the tenant, or takes no changes.
  if (told.by === 'cloud') return { statuses: [400, 403, 404, 405] };
  // A cloud in which nothing may be seen is none that can be named; where it is the only one that makes any, nothing can be made.
  if (!sees.allowed) return { statuses: action === 'add' && cloud !== null ? [400, 403, 404, 405] : [404] };
  return { statuses: [403], words: wordsFor(told) };
}

test('explain says what is done', async () => {
  const outcomes = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(
      rules,
      fc.array(fc.tuple(fc.nat(), fc.constantFrom(...ASKED)), { minLength: 12, maxLength: 12 }),
      async (policies, questions) => {
        await restore();
        const config = await configWith(policies);
        await house.gateway.reload(config);
        for (const [whom, asked] of questions) {
          const [name, { client, holder: who }] = [...people][whom % people.size] as [string, Person];
          // What is of another tenant is not there, whatever the rules.
          if (who.tenant === 'other' && asked.cloud !== 'sim' && asked.action !== 'add') continue;
          const key = `${asked.collection} ${String(asked.cloud)}`;
          if (!things.has(key)) continue;
          const facts = asked.cloud === null ? undefined : config.clouds[asked.cloud];
          const told = explain(config.access.policies, { who, ...asked }, facts);
          const sees = explain(config.access.policies, { who, ...asked, action: READ }, facts);
          const answer = await send(client, asked);
          const { status, json } = answer;
          if (told.allowed && asked.action === 'delete') things.delete(key);
          const { statuses, words = /^/ } = mustBe(told, sees, asked);
          const seen = { name, asked, said: told.words, status, message: json.statusMessage };
          expect({ ...seen, fits: statuses.includes(status) && words.test(String(json.statusMessage)) }).toEqual({ ...seen, fits: true });
          if (status < 300 && answer.headers.has('cimi-job-uri')) await client.ended(answer);
          const outcome = `${told.by} ${String(told.allowed)}`;
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        }
      },
    ),
    { numRuns: 60 },
  );
  expect([...outcomes].sort()).toEqual(
    ['cloud false', 'no rule false', 'role false', 'role true', 'rule false', 'rule true', 'token false'].map((one) => [
      one,
      expect.any(Number),
    ]),
  );
}, 60_000);
