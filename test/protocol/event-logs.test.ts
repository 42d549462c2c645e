import { foreignInstance } from '../../drivers/simulator/control';
import { CIMI } from '../../src/model/define';
import type { Json } from '../harness/client';
import { simulatedCloud } from '../harness/gateway';
import { ACTION_URI, expectFault, listOf, machineCreate, made, openScene, pathOf, rels, succeeded, type Scene } from './scene';

/** EventLogs and Events (5.17.9 to 5.17.13) over HTTP. */
let scene: Scene;
const get = async (uri: unknown): Promise<Json> => (await scene.client.get(String(uri))).json;
const eventsOf = async (log: Json, query = ''): Promise<Json[]> => listOf(await get(`${hrefOf(log.events)}${query}`), 'events');
const hrefOf = (value: unknown): string => String((value as { href?: unknown } | undefined)?.href);
const short = (event: Json): unknown[] => [String(event.type).split('/').at(-1), event.outcome, event.severity];
const logOf = (target: string, more: object = {}): object => ({
  resourceURI: `${CIMI}/EventLogCreate`,
  eventLogTemplate: { targetResource: { href: target }, ...more },
});
const act = async (machine: Json, name: string): Promise<Json> =>
  succeeded(scene.client, await scene.client.post(String(machine.id), { resourceURI: `${CIMI}/Action`, action: ACTION_URI + name }));

beforeAll(async () => {
  scene = await openScene({ config: { jobs: { graceMs: 10_000 }, clouds: { sim: simulatedCloud({}) } } });
  scene.control.add([0, 1].map((n) => ({ ...foreignInstance(`vm-${n}`), label: `old-${n}` })));
});
afterAll(() => scene.close());

/** The Provider's log of everything. */
async function everything(): Promise<Json> {
  const logs = listOf(await get('eventLogs'), 'eventLogs');
  const log = logs.find(({ targetResource }) => hrefOf(targetResource).endsWith('/cloudEntryPoint'));
  if (!log) throw new Error('no log of the entry point');
  return log;
}

describe('a log of a Machine', () => {
  test('R5.17.9-05 R5.17.13-01 R5.17.13-13: made later, it shows what had happened before, each type with its content', async () => {
    const machine = await made(scene.client, 'machines', machineCreate({ name: 'web' }));
    await act(machine, String(rels(machine).includes('stop') ? 'stop' : 'start'));
    const now = (await get(machine.id)).state;
    const log = await made(scene.client, 'eventLogs', logOf(pathOf(scene.client, machine.id), { persistence: 'weekly' }));
    expect(log).toMatchObject({ targetResource: { href: machine.id }, persistence: 'weekly' });
    expect((await get(machine.id)).eventLog).toEqual({ href: log.id });
    const events = await eventsOf(log, '?$orderby=timestamp:desc');
    const [state] = events.filter(({ type }) => String(type).endsWith('/state'));
    expect(state).toMatchObject({
      type: `${CIMI}/event/state`,
      outcome: 'Status',
      severity: 'low',
      content: { resName: 'web', resource: { href: machine.id }, resType: `${CIMI}/Machine`, state: now, previous: machine.state },
      about: { href: machine.id },
    });
    expect(Object.keys(state?.content ?? {})).toEqual(['resName', 'resource', 'resType', 'state', 'previous']);
    const model = events.filter(({ type }) => String(type).endsWith('/model')).reverse();
    expect(model.map(short)).toEqual([
      ['model', 'Pending', undefined],
      ['model', 'Success', undefined],
    ]);
    expect(model[1]?.content).toEqual(model[0]?.content);
    expect(model[1]).toMatchObject({ job: model[0]?.job, content: { change: 'create', resource: { href: machine.id } } });
    expect(log.summary).toEqual({ low: events.filter(({ severity }) => severity === 'low').length, medium: 0, high: 0, critical: 0 });
  });

  test('N8: a second log is refused, naming the first; so is one of the entry point', async () => {
    const machine = await made(scene.client, 'machines', machineCreate());
    const path = pathOf(scene.client, machine.id);
    const log = await made(scene.client, 'eventLogs', logOf(path));
    expectFault(await scene.client.post('eventLogs', logOf(path)), 409, new RegExp(pathOf(scene.client, log.id)));
    const all = await everything();
    expectFault(await scene.client.post('eventLogs', logOf('cloudEntryPoint')), 409, new RegExp(pathOf(scene.client, all.id)));
    expect(rels(all)).toEqual(['edit']);
    expectFault(await scene.client.delete(String(all.id)), 405, /kept by the Provider/);
  });

  test('R5.17.9-02: with it go its Events, also for a later log of the same target; R5.17.9-01: it goes with its target', async () => {
    const machine = await made(scene.client, 'machines', machineCreate());
    const path = pathOf(scene.client, machine.id);
    const first = await made(scene.client, 'eventLogs', logOf(path));
    const [event] = await eventsOf(first);
    expect((await scene.client.get(String(event?.id))).status).toBe(200);
    await succeeded(scene.client, await scene.client.delete(String(first.id)));
    for (const gone of [first.id, event?.id]) expect((await scene.client.get(String(gone))).status).toBe(404);
    expect((await get(machine.id)).eventLog).toBeUndefined();
    const second = await made(scene.client, 'eventLogs', logOf(path));
    expect(await eventsOf(second)).toEqual([]);
    expect(second.summary).toEqual({ low: 0, medium: 0, high: 0, critical: 0 });
    await succeeded(scene.client, await scene.client.delete(String(machine.id)));
    expect((await scene.client.get(String(second.id))).status).toBe(404);
    const about = `?$filter=about='${path}'&$orderby=timestamp:desc&$first=1&$last=1`;
    expect((await eventsOf(await everything(), about)).map(short)).toEqual([['model', 'Success', undefined]]);
  });

  test('an existing Machine of the cloud can have one', async () => {
    const log = await made(scene.client, 'eventLogs', logOf('machines/sim.vm-0'));
    expect((await get('machines/sim.vm-0')).eventLog).toEqual({ href: log.id });
    const [listed] = listOf(await get(`machines?$filter=id='machines/sim.vm-0'`), 'machines');
    expect(listed?.eventLog).toEqual({ href: log.id });
  });

  test.each([
    ['machineTemplates/none', 400, /nothing that has a log/],
    ['machines/none', 400, /there is no Machine/],
    ['nowhere', 400, /nothing that has a log/],
  ])('a target that is none is refused: %s', async (target, status, words) => {
    expectFault(await scene.client.post('eventLogs', logOf(target)), status, words);
  });

  test('a target is needed, and a persistence is one of the words (D067)', async () => {
    const none = await scene.client.post('eventLogs', { resourceURI: `${CIMI}/EventLogCreate`, eventLogTemplate: {} });
    expectFault(none, 400, /eventLogTemplate\.targetResource: is missing/);
    expectFault(await scene.client.post('eventLogs', logOf('machines/sim.vm-1', { persistence: 'hourly' })), 400, /persistence/);
  });
});

describe('eventLogTemplate', () => {
  const kinds = [
    ['machines', machineCreate({}, { eventLogTemplate: { persistence: 'daily' } })],
    ['volumes', { volumeTemplate: { volumeConfig: { capacity: 1_000_000 }, eventLogTemplate: { persistence: 'daily' } } }],
    ['networks', { networkTemplate: { networkConfig: { networkType: 'PRIVATE' }, eventLogTemplate: { persistence: 'daily' } } }],
    ['systems', { systemTemplate: { componentDescriptors: [], eventLogTemplate: { persistence: 'daily' } } }],
  ] as const;
  test.each(kinds)('R5.14.3-06 and its like: %s come with a log', async (collection, body) => {
    const owner = await made(scene.client, collection, body);
    const log = await get(hrefOf(owner.eventLog));
    expect(log).toMatchObject({ targetResource: { href: owner.id }, persistence: 'daily' });
    await succeeded(scene.client, await scene.client.delete(String(owner.id)));
    expect((await scene.client.get(String(log.id))).status).toBe(404);
  });

  test('by reference, whatever target it names (D064), and with others laid over it', async () => {
    const template = await made(scene.client, 'eventLogTemplates', {
      name: 'short',
      persistence: 'daily',
      targetResource: { href: 'machines/sim.vm-1' },
    });
    const href = pathOf(scene.client, template.id);
    const owner = await made(scene.client, 'machines', machineCreate({}, { eventLogTemplate: { href, persistence: 'yearly' } }));
    expect(await get(hrefOf(owner.eventLog))).toMatchObject({ name: 'short', persistence: 'yearly', targetResource: { href: owner.id } });
    const missing = await scene.client.post('machines', machineCreate({}, { eventLogTemplate: { href: 'eventLogTemplates/none' } }));
    expectFault(missing, 400, /machineTemplate\.eventLogTemplate/);
  });
});

describe('Events', () => {
  test('failed Jobs are alarms of high severity, refused requests of low', async () => {
    scene.control.fail({ method: 'machines.create', kind: 'quota', times: 1 });
    const answer = await scene.client.post('machines', machineCreate({ name: 'lost' }));
    const job = await scene.client.ended(answer);
    scene.control.clearFailures();
    const path = pathOf(scene.client, job.id);
    const found = await eventsOf(await everything(), `?$filter=job='${path}' and severity='high'`);
    expect(found).toMatchObject([{ outcome: 'Failure', content: { code: 'quota', detail: job.statusMessage } }]);
    const refused = await scene.client.post('machineTemplates', { nonsense: 1 });
    const of = pathOf(scene.client, refused.headers.get('cimi-job-uri'));
    expect(await eventsOf(await everything(), `?$filter=job='${of}' and severity='low'`)).toMatchObject([
      { outcome: 'Failure', severity: 'low', content: { detail: refused.json.statusMessage } },
    ]);
  });

  test('D070: one can be named and deleted, and nothing else of it changes', async () => {
    const machine = await made(scene.client, 'machines', machineCreate());
    const log = await made(scene.client, 'eventLogs', logOf(pathOf(scene.client, machine.id)));
    const [event, ...others] = await eventsOf(log);
    const uri = String(event?.id);
    expect(rels(await get(uri))).toEqual(['edit', 'delete']);
    const changed = await scene.client.put(`${uri}?$select=name`, { name: 'looked at' });
    expect([changed.status, changed.json.name]).toEqual([200, 'looked at']);
    expect(await get(uri)).toMatchObject({ ...event, name: 'looked at', updated: expect.any(String), operations: expect.any(Array) });
    expect((await eventsOf(log, `?$filter=name='looked at'`)).map(({ id }) => id)).toEqual([uri]);
    expect((await scene.client.delete(uri)).status).toBe(200);
    expect((await scene.client.get(uri)).status).toBe(404);
    expect((await eventsOf(log)).map(({ id }) => id)).toEqual(others.map(({ id }) => id));
    for (const none of ['0', '-1', '1e3', '99999999999999999999', 'x'])
      expect((await scene.client.get(`${hrefOf(log.events)}/${none}`)).status).toBe(404);
    expectFault(await scene.client.post(hrefOf(log.events), { name: 'x' }), 405, /creates no Event/);
  });

  test('a persistence hides what is older, at once and for its log alone', async () => {
    const machine = await made(scene.client, 'machines', machineCreate());
    const path = pathOf(scene.client, machine.id);
    const content = { change: 'update' };
    const common = {
      tenant: 'default',
      resource: path,
      resourceType: 'Machine',
      type: `${CIMI}/event/alarm`,
      content,
      outcome: 'Warning',
    } as const;
    await scene.gateway.gateway.store.transaction(async (unit) => {
      for (const days of [2, 8, 40]) await unit.recordEvent({ ...common, severity: 'critical', at: Date.now() - days * 86_400_000 });
    });
    const log = await made(scene.client, 'eventLogs', logOf(path));
    const summary = async (): Promise<unknown> => (await get(log.id)).summary;
    expect(await summary()).toMatchObject({ critical: 3 });
    for (const [persistence, left] of [
      ['weekly', 1],
      ['daily', 0],
      ['monthly', 2],
      ['yearly', 3],
    ] as const) {
      expect((await scene.client.put(`${String(log.id)}?$select=persistence`, { persistence })).status).toBe(200);
      expect([persistence, await summary()]).toMatchObject([persistence, { critical: left }]);
      expect(await eventsOf(log, `?$filter=severity='critical'`)).toHaveLength(left);
    }
    const before = new Date(Date.now() - 86_400_000).toISOString();
    const older = await get(`${hrefOf(log.events)}?$filter=timestamp<'${before}'&$orderby=timestamp:desc&$first=2&$last=2`);
    expect(older.count).toBe(3);
    expect(listOf(older, 'events')).toHaveLength(1);
  });
});
