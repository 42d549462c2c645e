import { hashPassword } from '../../src/http/passwords';
import { AUDIT, CADF_EVENT, EVENT_TYPES, isEvidence } from '../../src/model/event-types';
import { CIMI } from '../../src/model/define';
import { auditEntry } from '../../src/operations/audit';
import { accessEvent } from '../../src/operations/events';
import type { Role } from '../../src/store/store';
import { basic, type Client, type Json } from '../harness/client';
import { StreamReader } from '../harness/event-stream';
import { listOf, machineCreate, made, openScene, pathOf, type Scene } from './scene';

/** Entries of the audit are for the tenant's admins: for others neither they nor their counts are there, whatever the way (policy.ts). */
let scene: Scene;
const users = new Map<Role, Client>();
const OTHERS: readonly Role[] = ['operator', 'reader'];
const XML = { accept: 'application/xml' };
const ENTRIES = [EVENT_TYPES.access, CADF_EVENT] as const;
/** Paths of the log of everything and of a Machine's. */
let logs: readonly string[];
let machine: string;

const as = (role: Role): Client => users.get(role) as Client;
const get = async (role: Role, uri: string): Promise<Json> => (await as(role).get(uri)).json;
const countIn = (xml: string): number => Number(/<count>(\d+)<\/count>/.exec(xml)?.[1]);
const typesIn = (xml: string): string[] => [...xml.matchAll(/<type>([^<]*)<\/type>/g)].map(([, type]) => type ?? '');

/** Records entries of both kinds of content about the Machine, of critical severity. */
async function recordEntries(): Promise<void> {
  await scene.gateway.gateway.store.transaction(async (unit) => {
    const subject = { tenant: 'default', path: machine, type: 'Machine' };
    await unit.recordEvent(accessEvent(subject, 'PUT', { initiator: 'MARK-initiator', outcome: 'Success', severity: 'critical' }));
    const access = { ...subject, operation: 'PUT', who: { name: 'MARK-initiator' }, outcome: 'Success', detail: 'edit' } as const;
    await unit.recordEvent({ ...auditEntry(access, 'cadf'), severity: 'critical' });
  });
}

beforeAll(async () => {
  scene = await openScene({ config: { access: { required: true }, jobs: { graceMs: 10_000 } } });
  for (const role of ['admin', 'operator', 'reader'] as const) {
    const { access } = scene.gateway.gateway.store;
    await access.putPrincipal({ name: role, tenant: 'default', role, passwordHash: await hashPassword(`pw-${role}`) });
    users.set(role, scene.client.as(basic(role, `pw-${role}`)));
  }
  machine = pathOf(as('operator'), (await made(as('operator'), 'machines', machineCreate({ name: 'm' }))).id);
  const body = { resourceURI: `${CIMI}/EventLogCreate`, eventLogTemplate: { targetResource: { href: machine } } };
  const own = pathOf(as('operator'), (await made(as('operator'), 'eventLogs', body)).id);
  const all = listOf(await get('admin', 'eventLogs'), 'eventLogs').map(({ id }) => pathOf(as('admin'), id));
  logs = [...all.filter((path) => path !== own), own];
  await recordEntries();
});
afterAll(() => scene.close());

test('there are logs of everything and of the Machine, with entries in both', async () => {
  expect(logs).toHaveLength(2);
  for (const log of logs) {
    const types = listOf(await get('admin', `${log}/events`), 'events').map(({ type }) => String(type));
    expect(types).toEqual(expect.arrayContaining([...ENTRIES, EVENT_TYPES.model]) as unknown);
  }
});

test.each(OTHERS)('the events of a log are there without them for the role %s, and so is their number, in JSON and XML', async (role) => {
  for (const log of logs) {
    const all = listOf(await get('admin', `${log}/events`), 'events');
    const plain = all.filter(({ type }) => !isEvidence(String(type)));
    expect(plain.length).toBeLessThan(all.length);
    const json = await get(role, `${log}/events`);
    expect([json.count, listOf(json, 'events').map(({ id }) => id)]).toEqual([plain.length, plain.map(({ id }) => id)]);
    const xml = (await as(role).get(`${log}/events`, XML)).text;
    expect([countIn(xml), typesIn(xml)]).toEqual([plain.length, plain.map(({ type }) => type)]);
    expect(countIn((await as('admin').get(`${log}/events`, XML)).text)).toBe(all.length);
    expect(JSON.stringify(json) + xml).not.toContain('MARK-initiator');
  }
});

test.each(OTHERS)('windows are cut from the list without them for the role %s, by the time and by any other order', async (role) => {
  for (const log of logs) {
    for (const order of ['timestamp:desc', 'timestamp:asc', 'type:asc']) {
      const whole = listOf(await get(role, `${log}/events?$orderby=${order}`), 'events').map(({ id }) => id);
      const windows: unknown[] = [];
      for (let first = 1; first <= whole.length; first += 2) {
        const part = await get(role, `${log}/events?$orderby=${order}&$first=${first}&$last=${first + 1}`);
        expect(part.count).toBe(whole.length);
        windows.push(...listOf(part, 'events').map(({ id }) => id));
      }
      expect(windows).toEqual(whole);
    }
  }
});

test.each(OTHERS)('no filter of the role %s finds them', async (role) => {
  for (const log of logs) {
    for (const filter of [
      ...ENTRIES.map((type) => `type='${type}'`),
      "severity='critical'",
      `severity='critical' and about='${machine}'`,
    ]) {
      const uri = `${log}/events?$filter=${encodeURIComponent(filter)}`;
      expect([filter, (await get('admin', uri)).count]).not.toEqual([filter, 0]);
      expect([filter, (await get(role, uri)).count]).toEqual([filter, 0]);
      expect([filter, countIn((await as(role).get(uri, XML)).text)]).toEqual([filter, 0]);
    }
  }
});

test.each(OTHERS)('one of them is not there for the role %s: not to read, to edit or to delete', async (role) => {
  for (const log of logs) {
    for (const type of ENTRIES) {
      const [entry] = listOf(await get('admin', `${log}/events?$filter=type='${type}'`), 'events');
      const uri = String(entry?.id);
      expect((await as('admin').get(uri)).json).toMatchObject({ type });
      expect((await as('admin').get(uri, XML)).text).toContain(`<type>${type}</type>`);
      expect((await as(role).get(uri)).status).toBe(404);
      expect((await as(role).get(uri, XML)).status).toBe(404);
      // A reader may ask for no change at all.
      const refused = role === 'reader' ? 403 : 404;
      expect((await as(role).put(`${uri}?$select=name`, { name: 'n' })).status).toBe(refused);
      expect((await as(role).delete(uri)).status).toBe(refused);
    }
  }
});

test.each(OTHERS)('the summary of a log counts none of them for the role %s, in JSON and XML', async (role) => {
  for (const log of logs) {
    expect((await get('admin', log)).summary).toMatchObject({ critical: 2 });
    expect((await get(role, log)).summary).toMatchObject({ critical: 0 });
    expect((await as('admin').get(log, XML)).text).toContain('<critical>2</critical>');
    expect((await as(role).get(log, XML)).text).toContain('<critical>0</critical>');
  }
  const listed = listOf(await get(role, 'eventLogs'), 'eventLogs').map(({ summary }) => (summary as unknown as Json).critical);
  expect(listed).toEqual([0, 0]);
});

test.each(OTHERS)('$expand of the events, and of a log, shows none of them to the role %s', async (role) => {
  const expanded = async (who: Role) =>
    listOf(await get(who, 'eventLogs?$expand=events'), 'eventLogs').map(({ events }) => events as unknown as Json);
  for (const events of await expanded('admin')) expect(JSON.stringify(events)).toContain(EVENT_TYPES.access);
  for (const events of await expanded(role)) {
    expect(JSON.stringify(events)).not.toMatch(new RegExp(`${EVENT_TYPES.access}|${AUDIT}`));
    expect(events.count).toBe(listOf(events, 'events').length);
  }
  const xml = (await as(role).get('eventLogs?$expand=events', XML)).text;
  expect(typesIn(xml).length).toBeGreaterThan(0);
  expect(typesIn(xml).filter(isEvidence)).toEqual([]);
  const summary = async (who: Role) => ((await get(who, `${machine}?$expand=eventLog`)).eventLog as unknown as Json).summary;
  expect([await summary('admin'), await summary(role)]).toMatchObject([{ critical: 2 }, { critical: 0 }]);
});

test.each(OTHERS)('an entry ends no wait of the role %s, but one of an admin', async (role) => {
  const [log] = logs;
  const next = async (who: Role) => {
    const { count } = await get(who, `${log}/events`);
    return [
      Number(count),
      as(who).get(`${log}/events?$first=${Number(count) + 1}`, { prefer: `wait=${who === 'admin' ? 300 : 2}` }),
    ] as const;
  };
  const [[, told], [before, silent]] = await Promise.all([next('admin'), next(role)]);
  await recordEntries();
  expect(listOf((await told).json, 'events').map(({ type }) => type)).toEqual(expect.arrayContaining([EVENT_TYPES.access]));
  const { headers, json } = await silent;
  expect([headers.get('preference-applied'), json.count]).toEqual(['wait=2', before]);
});

test.each(OTHERS)('a stream tells none of them to the role %s, from the first event on and as they come', async (role) => {
  for (const log of logs) {
    const uri = `${scene.gateway.base}${log}/events?$first=1`;
    const open = (who: Role) => StreamReader.open(uri, basic(who, `pw-${who}`));
    const [all, plain] = [await open('admin'), await open(role)];
    try {
      await recordEntries();
      await as('operator').put(`${machine}?$select=description`, { description: `for ${role} of ${log}` });
      const counts = async (who: Role) => Number((await get(who, `${log}/events`)).count);
      await all.first(await counts('admin'));
      await plain.first(await counts(role));
      expect(all.told.map(({ data }) => String(data.type))).toEqual(expect.arrayContaining([...ENTRIES]));
      expect(plain.told.map(({ data }) => String(data.type)).filter(isEvidence)).toEqual([]);
      expect(plain.told).toHaveLength(await counts(role));
    } finally {
      all.cut();
      plain.cut();
    }
  }
});

test.each(OTHERS)('what is measured for the role %s tells nothing of them', async (role) => {
  for (const path of ['/metrics', '/metrics/cloud']) expect((await as(role).get(path)).text).not.toMatch(/audit|event|MARK/);
});
