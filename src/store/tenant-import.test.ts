import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { gatewayCatalogue } from '../model/catalogue';
import { signed } from '../../test/running/backup-lines';
import { newJob, resourceRow } from '../../test/store/fixture';
import { createCipher } from './cipher';
import type { Session } from './session';
import { openSqliteStore, sqliteTables } from './sqlite';
import type { Store } from './store';
import { exportTenant } from './tenant-export';
import { verifyTenantFile } from './tenant-file';
import { checkTenantRows, importTenant, type TenantImport } from './tenant-import';

/** A file that somebody's hand has changed is refused with the line, and nothing of it is written. */
const PASSPHRASE = 'correct horse battery';
const catalogue = gatewayCatalogue();
const cipher = createCipher(randomBytes(32));
const [OWN_LOG, FOREIGN_LOG, LOG] = ['eventLogs/log-of-lab', 'eventLogs/log-of-shop', 'eventLogs/of-one'];
const WHAT: TenantImport = {
  ...{ tenant: 'lab', tenants: ['lab', 'shop'], drivers: { east: 'simulator' }, catalogue, passphrase: PASSPHRASE },
  logOf: (tenant) => `eventLogs/log-of-${tenant}`,
  hasWork: (work) => ['collect east', 'alarms'].includes(work),
  entryOf: () => ({
    ...{ tenant: 'lab', resource: 'cloudEntryPoint', resourceType: 'CloudEntryPoint', outcome: 'Success', content: {} },
    type: 'http://schemas.dmtf.org/cimi/1/event/access',
  }),
};
const EVENT = {
  ...{ tenant: 'lab', resource: 'machines/one', resourceType: 'Machine', content: { state: 'STARTED' }, outcome: 'Success' },
  type: 'http://schemas.dmtf.org/cimi/1/event/state',
};

let folder: string;
let stores: Store[];
let lines: string[];
const at = (name: string): string => join(folder, name);
const tables = (name: string, readOnly = false): Session => sqliteTables({ file: at(name), cipher, readOnly });

async function open(name: string): Promise<Store> {
  const store = await openSqliteStore({ file: at(name), cipher });
  stores.push(store);
  return store;
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cimi-import-'));
  stores = [];
  const store = await open('from');
  const of = { tenant: 'lab', cloud: null };
  await store.transaction(async (unit) => {
    await unit.insertResource(resourceRow('machines/one', { ...of, cloud: 'east', providerKey: 'i-1', eventLog: LOG }));
    const credential = { ...of, type: 'Credential', values: { name: 'login' }, secrets: { password: 'hush' } };
    await unit.insertResource(resourceRow('credentials/login', credential));
    const template = { credential: { href: 'credentials/login' }, properties: { team: 'blue' } };
    await unit.insertResource(resourceRow('machineTemplates/web', { ...of, type: 'MachineTemplate', values: template }));
    const log = { ...of, type: 'EventLog', values: { persistence: 'daily' } };
    await unit.insertResource(resourceRow(LOG, { ...log, owner: 'machines/one' }));
    await unit.insertResource(resourceRow(OWN_LOG, log));
    await unit.insertResource(resourceRow('meters/cpu', { ...of, type: 'Meter', owner: 'machines/one', values: {} }));
    await unit.putOnAgenda('meters/cpu', 'collect east');
    const series = await unit.series(['meters/cpu']).then((all) => all.get('meters/cpu'));
    const batch = { meter: 'meters/cpu', reached: 60_000, memory: null, ageing: false, builtOn: series?.reached };
    await unit.putSamples([{ ...batch, samples: [SAMPLE] }]);
    await unit.recordEvent(EVENT);
    const job = { tenant: 'lab', state: 'SUCCESS', answer: { status: 202, location: 'machines/one' } } as const;
    await unit.insertJob(newJob('a', job));
    await unit.insertJob(newJob('b', { ...job, parent: 'a' }));
  });
  const session = tables('from', true);
  await exportTenant(session, at('lab.tenant'), { ...EXPORT });
  await session.db.destroy();
  lines = gunzipSync(readFileSync(at('lab.tenant')))
    .toString()
    .split('\n');
});
afterEach(async () => {
  for (const store of stores) await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const SAMPLE = { t: 60, value: 1, covered: null };
const EXPORT = { tenant: 'lab', drivers: { east: 'simulator' }, hasType: () => true, passphrase: PASSPHRASE, version: '1' };
type Row = Record<string, unknown>;

/** Writes the file with a row changed, and the end that belongs to it. @returns the row's line */
function craft(table: string, change: Row, which: (row: Row) => boolean = () => true): number {
  const index = lines.findIndex((line) => {
    const [name, row] = line.startsWith('[') ? (JSON.parse(line) as [string, Row]) : [];
    return name === table && row !== undefined && which(row);
  });
  const [, row] = JSON.parse(lines[index] ?? '') as [string, Row];
  write(lines.with(index, JSON.stringify([table, { ...row, ...change }])));
  return index + 1;
}

const write = (all: readonly string[]): void => writeFileSync(at('crafted'), gzipSync(signed(all.join('\n'))));
const path =
  (wanted: string) =>
  (row: Row): boolean =>
    row['path'] === wanted;

/** Imports the crafted file into a store of its own. @returns words of the refusal, after a look that nothing was written */
async function refusal(file = 'crafted', what = WHAT): Promise<string> {
  const store = await open('into');
  const session = tables('into');
  try {
    await importTenant(session, at(file), what);
    return 'it was imported';
  } catch (error) {
    for (const type of ['Machine', 'EventLog', 'MachineTemplate']) expect(await store.countResources({ type })).toBe(0);
    expect([await store.countJobs({}), await store.lastEvent('lab'), await store.tenants()]).toEqual([0, 0, []]);
    return (error as Error).message;
  } finally {
    await session.db.destroy();
  }
}

const JSON_DEEP = `{"a":${'['.repeat(100)}${']'.repeat(100)}}`;
const YEARS_ON = '2188-01-01T00:00:00.000Z';
test.each<[string, string, Row, RegExp, ((row: Row) => boolean)?]>([
  [
    'an entry of the audit by its type',
    'events',
    { type: 'http://schemas.dmtf.org/cimi/1/event/access' },
    /events: type: is that of an entry of the audit/,
  ],
  ['an entry of the audit by its chain', 'events', { lane: 0, link: 7, mac: 'x' }, /events: Unrecognized keys/],
  ['an ended Job in an unfinished state', 'jobs', { state: 'RUNNING' }, /jobs: state: is no state of a Job that has ended/],
  ['a Job that has not ended in an ending state', 'jobs', { done: 0 }, /jobs: done: is of a Job that has not ended/],
  ['a Job with a lease', 'jobs', { lease_owner: 'w', lease_until: 1 }, /jobs: lease_owner/],
  ['a Job with something sealed', 'jobs', { input: 'v1.x' }, /jobs: input/],
  ['a Job of an absurd progress', 'jobs', { progress: 1e9 }, /jobs: progress/],
  ['a Job that is kept for ever', 'jobs', { expires: 1e300 }, /jobs: expires/],
  ['a Job with an answer of another shape', 'jobs', { answer: '{"status":"200"}' }, /jobs: answer: status/],
  [
    'the log of another tenant',
    'resources',
    { path: FOREIGN_LOG },
    /eventLogs\/log-of-shop is the log of another tenant here/,
    path(OWN_LOG),
  ],
  ['a second log of everything', 'resources', { owner: null }, /eventLogs\/of-one is a log of nothing/, path(LOG)],
  [
    'a log that is of something else',
    'resources',
    { event_log: FOREIGN_LOG },
    /log-of-shop is no log of machines\/one in it/,
    path('machines/one'),
  ],
  ['a path of another type', 'resources', { type: 'Volume' }, /machines\/one is no path of one of type Volume/, path('machines/one')],
  ['a path that is none', 'resources', { path: '../x' }, /'?\.\.\/x is no path/, path('machines/one')],
  [
    'a part with another owner',
    'resources',
    { path: 'machines/one/disks/1', type: 'MachineDisk', owner: 'machines/two' },
    /(another owner|no type|no path)/,
    path('machines/one'),
  ],
  ['a type that is not there', 'resources', { type: 'Spaceship' }, /there is no type Spaceship here/, path('machines/one')],
  [
    'a cloud that is not there',
    'resources',
    { cloud: 'west' },
    /cloud 'west', which is not configured here for tenant lab/,
    path('machines/one'),
  ],
  ['what is of another tenant', 'resources', { tenant: 'shop' }, /it is of tenant shop/, path('machines/one')],
  ['a date in years to come', 'resources', { created: YEARS_ON }, /resources: created: is no date between 1970 and/],
  ['a date that is none', 'resources', { updated: 'yesterday' }, /resources: updated/],
  ['an absurd version', 'resources', { version: 2 ** 52 }, /resources: version/],
  ['a document that is no JSON', 'resources', { document: '{' }, /resources: document: is no JSON/],
  ['a document that is a list', 'resources', { document: '[]' }, /resources: document/],
  ['a document that is nested too deep', 'resources', { document: JSON_DEEP }, /resources: document: is nested more than 64 levels deep/],
  [
    'a value of another kind',
    'resources',
    { document: '{"properties":{"team":{}}}' },
    /machineTemplates\/web: properties\.team/,
    path('machineTemplates/web'),
  ],
  ['NUL', 'resources', { state: 'a\0b' }, /resources: state: holds NUL/],
  ['a column that is none', 'resources', { xact: 1 }, /resources: Unrecognized key/],
  [
    'secrets of something else',
    'resources',
    { secrets: 'v1.00000000.AAAA' },
    /the secrets of credentials\/login were not sealed for it/,
    path('credentials/login'),
  ],
  ['a reference that no value makes', 'refs', { target: 'machineTemplates/theirs' }, /nothing in machineTemplates\/web refers to that/],
  ['a reference of nothing', 'refs', { source: 'machines/theirs' }, /it is one of refs that belong to nothing in it/],
  ['a series of nothing', 'series', { path: 'meters/theirs' }, /it is one of series that belong to nothing in it/],
  ['a sample of nothing', 'samples', { meter: 99 }, /it is one of samples that belong to nothing in it/],
  ['a sample in years to come', 'samples', { t: 1e11 }, /samples: t/],
  ['a sample that is no number', 'samples', { v: null }, /samples: v/],
  ['work that is none', 'agenda', { work: 'watch west' }, /there is no work 'watch west' here/],
  ['an absurd due date', 'agenda', { due: 1e17 }, /agenda: due/],
])('%s is refused with its line, and nothing is written', async (_, table, change, words, ...[which]) => {
  const line = craft(table, change, which);
  const told = await refusal();
  expect(told).toMatch(words);
  expect(told).toMatch(new RegExp(`^line ${line} of it is none that an export has: `));
});

test.each<[string, Row]>([
  ['without a tenant', { tenant: undefined }],
  ['with clouds that are a list', { clouds: ['east'] }],
  ['with words that are none', { left: [{}] }],
  ['with a salt that is none', { sealed: { salt: '?', check: 'v1' } }],
  ['with more than there is', { more: 1 }],
])('a header %s is refused in words', async (_, change) => {
  write([JSON.stringify({ ...(JSON.parse(lines[0] ?? '') as Row), ...change }), ...lines.slice(1)]);
  await expect(verifyTenantFile(at('crafted'))).rejects.toThrow(/^line 1 of .* is no header of its kind, export of a tenant: /);
});

test('what nobody changed is whole and comes; a Job nested in one of another tenant, and an event of such, do not', async () => {
  const store = await open('into');
  const session = tables('into');
  await store.transaction((unit) => unit.insertJob(newJob('theirs', { tenant: 'shop', state: 'SUCCESS' })));
  const attempt = (): Promise<unknown> => importTenant(session, at('crafted'), WHAT);
  craft('jobs', { parent: 'theirs' }, (row) => row['id'] === 'b');
  await expect(attempt()).rejects.toThrow(/jobs\/b is nested in a Job of another tenant here/);
  craft('events', { job: 'theirs' });
  await expect(attempt()).rejects.toThrow(/an event in it comes of jobs\/theirs, which is another tenant's here/);
  expect(await store.countJobs({ tenants: ['lab'] })).toBe(0);
  expect(await importTenant(session, at('lab.tenant'), WHAT)).toMatchObject({
    resources: 6,
    jobs: 2,
    events: 1,
    samples: 1,
    agenda: 1,
    refs: 1,
  });
  await session.db.destroy();
  expect((await store.resource('credentials/login'))?.secrets).toEqual({ password: 'hush' });
});

test('one that has taken longer than others were to wait is taken back whole', async () => {
  expect(await refusal('lab.tenant', { ...WHAT, isOver: () => true })).toMatch(
    /it takes longer than others were to wait: nothing is imported/,
  );
});

test('a look alone judges each row, and writes nothing', async () => {
  const session = tables('from', true);
  await checkTenantRows(at('lab.tenant'), { ...WHAT, drivers: { east: 'simulator' } }, undefined).catch((error: unknown) => {
    expect((error as Error).message).toMatch(/credentials\/login has secrets, and its first line says that there are none/);
  });
  await session.db.destroy();
});

test('what a reading found gone is said to be left out, by its path', async () => {
  const [store] = stores;
  await store?.transaction((unit) => unit.takeAway('machines/one', []));
  const theirs = resourceRow('machines/theirs', { tenant: 'shop', values: { name: '"tenant":"lab"' } });
  await store?.transaction(async (unit) => {
    await unit.insertResource(theirs);
    await unit.takeAway('machines/theirs', []);
  });
  const session = tables('from', true);
  const { header } = await exportTenant(session, at('again'), EXPORT);
  await session.db.destroy();
  expect(header.left).toContain('what a reading found gone, which would be brought back where it shows again: machines/one');
});

test('an export that cannot be written leaves nothing behind, and what came under its name meanwhile stays', async () => {
  writeFileSync(at('taken'), 'somebody made this');
  const session = tables('from', true);
  await expect(exportTenant(session, at('taken'), EXPORT)).rejects.toThrow(/taken is there already: exports are never written over/);
  await session.db.destroy();
  expect(readFileSync(at('taken'), 'utf8')).toBe('somebody made this');
  expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([]);
  expect(existsSync(at('lab.tenant'))).toBe(true);
});
