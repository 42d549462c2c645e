import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { hashPassword } from '../../src/http/passwords';
import { standardCatalogue } from '../../src/model/catalogue';
import { tenantLog } from '../../src/operations/event-log';
import type { NewResourceRow } from '../../src/store/store';
import { describeWith } from '../backends/need';
import { postgresAvailable, startPostgres, type Postgres } from '../backends/postgres';
import { basic, Client, type Answer } from '../harness/client';
import { simulatedCloud, startTestGateway, type TestGateway } from '../harness/gateway';
import { machineCreate, made } from '../protocol/scene';
import { resourceRow } from '../store/fixture';
import { signed } from './backup-lines';
import { Folder, type Ended } from './program';

/** A tenant goes from store to store: what is seen of it is the same, or nothing has happened. */
const CREDENTIAL = { credentialTemplate: { userName: 'root', password: 'hush-hush-hush' } };
const METER = 'http://schemas.dmtf.org/cimi/1/MeterCreate';
const SAMPLES = [3, 2, 1];
const TENANTS = ['lab', 'shop', 'annex'];

/** A place with a store, a key and a simulated cloud of its own. */
class Place {
  readonly dir = mkdtempSync(join(tmpdir(), 'cimi-tenant-'));
  private readonly content: Record<string, unknown>;
  private running: TestGateway | undefined;

  constructor(store: object = {}, more: object = {}) {
    const clouds = { sim: simulatedCloud({}, { tenants: TENANTS, discoveredTenant: 'shop' }) };
    const key = randomBytes(32).toString('base64');
    this.content = { tenants: TENANTS, secrets: { key }, access: { required: true }, clouds, ...store, ...more };
  }

  get file(): string {
    return join(this.dir, 'gateway.yaml');
  }

  /** Starts its gateway. @returns a client of a user of a tenant, an operator */
  async start(tenant = 'lab'): Promise<Client> {
    this.running = await startTestGateway({ config: this.content, dataDir: this.dir });
    const passwordHash = await hashPassword('pw');
    await this.store.access.putPrincipal({ name: `of-${tenant}`, tenant, role: 'operator', passwordHash });
    return new Client(this.running.base).as(basic(`of-${tenant}`, 'pw'));
  }

  get store() {
    if (!this.running) throw new Error('it does not run');
    return this.running.gateway.store;
  }

  async stop(): Promise<void> {
    await this.running?.stop({ keepData: true });
    this.running = undefined;
  }

  /** Makes its tables, and takes over the cloud of another place. */
  async like(other: Place): Promise<void> {
    cpSync(join(other.dir, 'clouds'), join(this.dir, 'clouds'), { recursive: true });
    await this.start('shop');
    await this.stop();
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

let folder: Folder;
let places: Place[];
const place = (...args: ConstructorParameters<typeof Place>): Place => {
  const made = new Place(...args);
  places.push(made);
  return made;
};
beforeEach(() => {
  folder = new Folder();
  places = [];
});
afterEach(async () => {
  for (const one of places) await one.remove();
  await folder.remove();
});

const out = (name: string): string => join(folder.path, name);
const tenant = (at: Place, ...args: string[]): Promise<Ended> => folder.run(['tenant', ...args, '-c', at.file]);
const passphrase = (): string[] => ['--passphrase-file', folder.write('passphrase', 'correct horse battery\n')];
const told = ({ code, stdout, stderr }: Ended): string => `${code} ${stdout}${stderr}`;

/** Fills a tenant with something of every kind. */
async function fill(at: Place): Promise<void> {
  const client = await at.start();
  const credential = await made(client, 'credentials', { ...CREDENTIAL, name: 'login' });
  const config = await made(client, 'machineConfigs', { name: 'Ä \u2028 two', cpu: 2, memory: 4_194_304, disks: [] });
  const template = await made(client, 'machineTemplates', {
    ...{ name: 'web', properties: { team: 'blue' }, machineImage: { href: 'machineImages/sim.img-debian-12' } },
    ...{ machineConfig: { href: config.id }, credential: { href: credential.id } },
  });
  await client.put(`${template.id}?$select=description`, { description: 'changed once' });
  const machine = await made(
    client,
    'machines',
    machineCreate({ name: 'one' }, { userData: Buffer.from('#!/bin/sh MARKER').toString('base64') }),
  );
  const meter = await made(client, `${machine.id}/meters`, { resourceURI: METER, meterTemplate: { meterConfig: { aspect: `${CPU}` } } });
  // The second log begins where the first one ended.
  const log = { resourceURI: 'http://schemas.dmtf.org/cimi/1/EventLogCreate', eventLogTemplate: { targetResource: { href: machine.id } } };
  await client.delete(String((await made(client, 'eventLogs', log)).id));
  await client.ended(await client.act(String(machine.id), 'start'));
  await made(client, 'eventLogs', log);
  await client.ended(await client.act(String(machine.id), 'stop'));
  await made(client, 'machines', machineCreate({ name: 'gone' })).then(async ({ id }) => client.ended(await client.delete(String(id))));
  const path = String(meter.id).slice(client.base.length);
  const [series] = await at.store.series([path]).then((all) => [...all.values()]);
  // Old ones would go with their age.
  const now = Math.floor((await at.store.now()) / 60_000) * 60;
  const samples = SAMPLES.map((n) => ({ t: now - n * 60, value: n / 2, covered: null }));
  const batch = { meter: path, reached: now * 1000, memory: null, ageing: false, builtOn: series?.reached, samples };
  await at.store.transaction((unit) => unit.putSamples([batch]));
  const theirs = resourceRow('machineTemplates/theirs', { type: 'MachineTemplate', cloud: null, tenant: 'shop' });
  await at.store.transaction((unit) => unit.insertResource(theirs));
  await at.stop();
}
const CPU = 'http://schemas.dmtf.org/cimi/1/aspect/cpu';

const membersOf = ({ json }: Answer, name: string) => (json[name] ?? []) as unknown as { id: string }[];

/** Representations of all that a tenant sees, whatever the address of the gateway. */
async function seen(client: Client, as: string): Promise<Record<string, unknown>> {
  const log = tenantLog(standardCatalogue(), as).path;
  const same = (text: string): string => text.replaceAll(client.base, 'BASE/').replaceAll(log, 'eventLogs/LOG');
  const plain = ({ status, text }: Answer): unknown => {
    if (status !== 200) throw new Error(`${status}: ${text}`);
    return JSON.parse(same(text)) as unknown;
  };
  const entry = (await client.get('cloudEntryPoint')).json;
  const found: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(entry)) {
    const href = (value as { href?: string } | undefined)?.href;
    if (href === undefined || ['resourceMetadata', 'clouds'].includes(name)) continue;
    found[name] = plain(await client.get(href));
  }
  for (const { id } of membersOf(await client.get('machines'), 'machines'))
    for (const part of ['disks', 'meters', 'networkInterfaces'])
      found[`${id.slice(client.base.length)} ${part}`] = plain(await client.get(`${id}/${part}`));
  for (const { id } of membersOf(await client.get('eventLogs'), 'eventLogs'))
    found[`events of ${same(id)}`] = (await client.get(`${id}/events`)).json.count;
  for (const { id } of membersOf(await client.get('meters'), 'meters')) {
    const { samples } = plain(await client.get(`${id}/samples`)) as { samples?: unknown[] };
    // The Meter goes on measuring.
    found[`${id.slice(client.base.length)} samples`] = samples?.slice(0, SAMPLES.length);
  }
  const events = (await client.get(`events?$filter=type!='http://schemas.dmtf.org/cimi/1/event/access'`)).json;
  // Events are numbered by the store that they are in.
  found['events'] = (events['events'] as unknown as Record<string, unknown>[] | undefined)?.map(
    ({ id: _id, operations: _operations, ...event }) => JSON.parse(same(JSON.stringify(event))) as unknown,
  );
  return found;
}

/** Representations of all that a tenant sees at a place. */
async function seenAt(at: Place, as = 'lab'): Promise<Record<string, unknown>> {
  const client = await at.start(as);
  try {
    return await seen(client, as);
  } finally {
    await at.stop();
  }
}

describeWith('PostgreSQL', postgresAvailable(), () => {
  let server: Postgres;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  it('goes from SQLite into PostgreSQL and back into another SQLite: the same is seen, secrets are as good as they were', async () => {
    const first = place();
    await fill(first);
    const before = await seenAt(first);
    expect(Object.keys(before)).toEqual(expect.arrayContaining(['machineTemplates', 'credentials', 'jobs', 'meters', 'events']));
    const file = out('lab.tenant');
    const done = await tenant(first, 'export', 'lab', '--out', file, ...passphrase());
    expect(told(done)).toMatch(
      /^0 export of tenant lab, .*\(SQLite, .* resources, .* Jobs, .* events, 3 samples\nclouds: sim; secrets: sealed/,
    );
    expect(done.stdout).toMatch(/not in it: users, with their tokens: of-lab\n/);
    expect(done.stdout).toMatch(/not in it: \d+ entries of the audit/);
    expect(statSync(file).mode & 0o077).toBe(0);
    expect(gunzipSync(readFileSync(file)).toString()).not.toMatch(/hush-hush|argon2/);

    const second = place({ store: { kind: 'postgres', url: server.url } });
    await second.like(first);
    expect(told(await tenant(second, 'import', file, '--check', ...passphrase()))).toMatch(
      /^0 [^]*it is whole, and fits this version, these clouds/,
    );
    const wrong = folder.write('wrong', 'another passphrase\n');
    expect(told(await tenant(second, 'import', file, '--passphrase-file', wrong))).toMatch(/^1 [^]*the passphrase is not the one/);
    expect(told(await tenant(second, 'import', file))).toMatch(/^1 [^]*sealed with a passphrase: give it by --passphrase-file/);
    expect(told(await tenant(second, 'import', file, ...passphrase()))).toMatch(/^0 [^]*imported into tenant lab/);
    expect(await seenAt(second)).toEqual(before);
    await second.start('shop');
    const [credential] = await second.store.resources({ type: 'Credential', tenants: ['lab'] });
    expect(credential?.secrets).toMatchObject({ password: 'hush-hush-hush' });
    expect((await second.store.checkAudit([])).faults).toEqual([]);
    expect(JSON.stringify(await second.store.auditEntries('lab', 20))).toMatch(/imported tenant lab: \d+ resources/);
    await second.stop();
    const again = await tenant(second, 'import', file, ...passphrase());
    expect(told(again)).toMatch(/^1 [^]*tenant lab has resources here already: import it under another name/);
    const twice = await tenant(second, 'import', file, '--as', 'annex', ...passphrase());
    expect(told(twice)).toMatch(/^1 [^]*it is here already, whosever it is: .*, …\. A tenant is in a store once/);
    expect((await seenAt(second, 'annex'))['machineTemplates']).toMatchObject({ count: 0 });

    const back = out('back.tenant');
    expect((await tenant(second, 'export', 'lab', '--out', back, ...passphrase())).code).toBe(0);
    const third = place();
    await third.like(second);
    expect(told(await tenant(third, 'import', back, '--as', 'annex', ...passphrase()))).toMatch(/^0 [^]*imported into tenant annex/);
    expect(await seenAt(third, 'annex')).toEqual(before);
    const client = await third.start('annex');
    // What came lives on: it is changed, measured and deleted as anything else.
    const [machine] = (await client.get('machines')).json['machines'] as unknown as { id: string }[];
    expect((await client.ended(await client.act(machine?.id ?? '', 'start'))).state).toBe('SUCCESS');
    expect((await client.ended(await client.delete(machine?.id ?? ''))).state).toBe('SUCCESS');
    expect((await client.get('machines')).json.count).toBe(0);
  }, 240_000);
});

it('without a passphrase what has secrets is left out by name, and the rest comes', async () => {
  const first = place();
  await fill(first);
  const file = out('lab.tenant');
  const done = await tenant(first, 'export', 'lab', '--out', file);
  expect(told(done)).toMatch(
    /^0 [^]*secrets: none\nnot in it: what has secrets, since there is no passphrase: credentials\/[a-z0-9]{26}\n/,
  );
  expect(gunzipSync(readFileSync(file)).toString()).not.toMatch(/hush-hush|v1\.[0-9a-f]{8}\./);
  expect(told(await tenant(first, 'export', 'lab', '--out', file))).toMatch(/^1 .*is there already/);
  const second = place();
  await second.like(first);
  expect(told(await tenant(second, 'import', file))).toMatch(/^0 [^]*imported into tenant lab/);
  const shown = await seenAt(second);
  expect([shown['credentials'], shown['machineTemplates']]).toMatchObject([{ count: 0 }, { count: 1 }]);
}, 120_000);

it('a tenant comes back to the store that it left: its events are there once, and its logs begin where they did', async () => {
  const at = place();
  await fill(at);
  const before = await seenAt(at);
  const file = out('lab.tenant');
  expect((await tenant(at, 'export', 'lab', '--out', file, ...passphrase())).code).toBe(0);
  await at.start('shop');
  await at.store.transaction(async (unit) => {
    for (const { name: type } of standardCatalogue().resources)
      for (const { path } of await unit.resources({ type, tenants: ['lab'] })) await unit.deleteResource(path);
    for (const { id } of await unit.jobs({ tenants: ['lab'] })) await unit.deleteJob(id);
  });
  await at.stop();
  expect(told(await tenant(at, 'import', file, ...passphrase()))).toMatch(/^0 [^]*imported into tenant lab/);
  expect(await seenAt(at)).toEqual(before);
}, 120_000);

it('what does not fit is refused in words, and nothing of it is there', async () => {
  const first = place();
  await fill(first);
  const file = out('lab.tenant');
  expect((await tenant(first, 'export', 'lab', '--out', file)).code).toBe(0);
  const second = place();
  await second.like(first);
  const bytes = readFileSync(file);
  const lines = gunzipSync(bytes).toString().split('\n');
  const changed = (name: string, change: (line: string) => string): string => {
    writeFileSync(out(name), gzipSync(lines.map((line, at) => (at === 0 ? change(line) : line)).join('\n')));
    return out(name);
  };
  writeFileSync(out('torn'), bytes.subarray(0, bytes.length / 2));
  writeFileSync(out('later'), gzipSync(signed(lines.join('\n').replace(/"schema":"[^"]*"/, '"schema":"9999-later"'))));
  writeFileSync(out('other-driver'), gzipSync(signed(lines.join('\n').replace('"sim":"simulator"', '"sim":"ec2"'))));
  const stranger = lines.findIndex((line) => line.startsWith('["refs"'));
  const of = lines.with(stranger, (lines[stranger] ?? '').replace(/"source":"[^"]*"/, '"source":"machines/theirs"'));
  writeFileSync(out('strange'), gzipSync(signed(of.join('\n'))));
  const part = lines.map((line) => line.replace(/"owner":"machines\/[^"]*"/, '"owner":"machineTemplates/theirs"'));
  writeFileSync(out('part'), gzipSync(signed(part.join('\n'))));
  await second.start('shop');
  const theirs = resourceRow('machineTemplates/theirs', { type: 'MachineTemplate', cloud: null, tenant: 'shop' });
  await second.store.transaction((unit) => unit.insertResource(theirs));
  await second.stop();
  const refused: [() => Promise<Ended>, RegExp][] = [
    [() => tenant(second, 'import', out('torn')), /is damaged or was cut: nothing of it is used/],
    [
      () =>
        tenant(
          second,
          'import',
          changed('altered', (line) => line.replace('"lab"', '"shop"')),
        ),
      /is damaged or was cut/,
    ],
    [
      () => tenant(second, 'import', out('later')),
      /exported by version .* with schema 9999-later, and this store has 0030-sessions-of-issuers/,
    ],
    [() => tenant(second, 'import', out('other-driver')), /cloud 'sim' has the driver simulator here, and had ec2 where it was exported/],
    [
      () => tenant(second, 'import', out('strange')),
      /line \d+ of it is none that an export has: it is one of refs that belong to nothing in it/,
    ],
    [() => tenant(second, 'import', out('part')), /line \d+ of it is none that an export has: \S+ is no log of machines/],
    [() => tenant(second, 'import', second.file), /gateway\.yaml is (no export of a tenant|damaged)/],
    [() => tenant(second, 'import', file, '--as', 'nowhere'), /there is no tenant nowhere here; there are lab, shop, annex/],
    [() => tenant(first, 'import', file), /tenant lab has resources here already/],
    [() => tenant(first, 'import', file, '--as', 'annex'), /it is here already, whosever it is: /],
    [() => tenant(first, 'export', 'annex', '--out', out('none')), /nothing is stored of tenant annex/],
    [
      () => tenant(first, 'export', 'lab', '--out', out('brief'), '--passphrase-file', folder.write('short', 'short\n')),
      /passphrase is too short/,
    ],
  ];
  for (const [run, words] of refused) {
    const { code, stderr } = await run();
    expect([code, stderr]).toEqual([1, expect.stringMatching(words)]);
  }
  const far = place({}, { clouds: { far: simulatedCloud({}, { tenants: TENANTS, discoveredTenant: 'shop' }) } });
  await far.start('shop');
  await far.stop();
  expect(told(await tenant(far, 'import', file))).toMatch(
    /^1 [^]*something of it is in cloud 'sim', which is not configured here for tenant lab/,
  );
  await first.start();
  const [machine] = await first.store.resources({ type: 'Machine', tenants: ['lab'] });
  await first.stop();
  const { type, cloud, providerKey } = machine ?? {};
  await second.start('shop');
  const found = resourceRow('machines/found', { type, cloud, providerKey, tenant: 'shop' } as Partial<NewResourceRow>);
  await second.store.transaction((unit) => unit.insertResource(found));
  await second.stop();
  expect(told(await tenant(second, 'import', file))).toMatch(/^1 [^]*here other resources are what these are at their clouds: machines\//);
  const client = await second.start('lab');
  const running = await tenant(second, 'import', file);
  expect(told(running)).toMatch(/^1 [^]*is in use by another gateway/);
  expect((await client.get('machineTemplates')).json.count).toBe(0);
  expect((await second.store.counts('lab')).resources.get('MachineTemplate') ?? 0).toBe(0);
}, 180_000);
