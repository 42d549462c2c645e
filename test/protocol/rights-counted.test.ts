import { aspectOf } from '../../src/model/aspects';
import { severities } from '../../src/model/event';
import { alarmEvent, stateEvent } from '../../src/operations/events';
import { codeOf } from '../../src/operations/meter-thresholds';
import { makersFor } from './population';
import { openRightsWorld, type RightsWorld } from './rights-world';
import { listOf, made, pathOf, succeeded } from './scene';

/**
 * Numbers and states that are worked out from many things tell nobody of those that may not be seen (docs/decisions/0052): the states of Systems (Table 9) and the
 * Meters of groups (5.17.7).
 */
let { scene, root, hiddenMachine, system, ask, get, text, act, reloaded } = {} as RightsWorld;
let machine: string;

beforeAll(async () => {
  ({ scene, root, hiddenMachine, system, ask, get, text, act, reloaded } = await openRightsWorld());
  machine = await makersFor(root).machine();
  await succeeded(root, await root.post(`${system}/machines`, { machine: { href: machine } }));
  await succeeded(root, await root.act(hiddenMachine, 'stop'));
});
afterAll(() => scene.close());

const NARROWED = ['only-sim', 'not-far'];
const meterOn = (target: string, aspect = 'cpu') => ({
  meterTemplate: { targetResource: { href: root.base + target }, meterConfig: { aspect: aspectOf(aspect)?.uri } },
});
const paths = (json: object, name: string): string[] => listOf(json as never, name).map(({ id }) => pathOf(root, id));
const tenantLog = async (): Promise<string> => {
  const logs = listOf((await root.get('eventLogs')).json, 'eventLogs');
  return pathOf(root, logs.find(({ targetResource }) => JSON.stringify(targetResource).includes('cloudEntryPoint'))?.id);
};

describe.each(NARROWED)('the state of a System with a part that is hidden: %s', (who) => {
  test('follows from the Machines that are seen, in every form', async () => {
    expect((await root.get(system)).json.state).toBe('MIXED');
    expect((await get(who, system)).json.state).toBe('STARTED');
    expect(await text(who, system, 'application/xml')).toContain('<state>STARTED</state>');
    expect((await get(who, `${system}?$select=state`)).json.state).toBe('STARTED');
    for (const accept of ['application/json', 'application/xml'] as const) {
      const one = await text(who, `systems?$filter=${encodeURIComponent(`id='${root.base}${system}'`)}`, accept);
      expect(one).toContain('STARTED');
      expect(one).not.toContain('MIXED');
    }
    const inState = async (state: string) => paths((await get(who, `systems?$filter=state='${state}'`)).json, 'systems');
    expect([(await inState('STARTED')).includes(system), (await inState('MIXED')).includes(system)]).toEqual([true, false]);
    const ordered = async (asker: typeof get) => paths((await asker(who, 'systems?$orderby=state:desc')).json, 'systems').indexOf(system);
    expect(await ordered(get)).toBeLessThan(paths((await root.get('systems?$orderby=state:desc')).json, 'systems').length);
  });

  test('counts for the System that it is part of, too', async () => {
    const above = await makersFor(root).make('systems', { systemTemplate: { componentDescriptors: [] } });
    await succeeded(root, await root.post(`${above}/systems`, { system: { href: system } }));
    expect([(await root.get(above)).json.state, (await get(who, above)).json.state]).toEqual(['MIXED', 'STARTED']);
    const [item] = listOf((await root.get(`${above}/systems`)).json, 'systemSystems');
    await succeeded(root, await root.delete(String(item?.id)));
    await succeeded(root, await root.delete(above));
  });

  test('nothing is offered that would be refused', async () => {
    const offered = (json: object): string[] => listOf(json as never, 'operations').map(({ rel }) => String(rel).split('/').at(-1) ?? '');
    expect(offered((await root.get(system)).json)).toContain('stop');
    expect(offered((await get(who, system)).json)).not.toContain('stop');
    expect((await act(who, system, 'stop')).status).toBe(403);
  });

  test('as it was recorded is not in any log, window, filter or summary', async () => {
    const subject = { tenant: 'default', path: system, type: 'System' };
    await scene.gateway.gateway.store.transaction(async (unit) => {
      await unit.recordEvent(stateEvent(subject, 'MIXED', { previous: 'STARTED' }));
      for (const one of [subject, { ...subject, path: 'cloudEntryPoint', type: 'CloudEntryPoint' }])
        await unit.recordEvent(alarmEvent(one, codeOf('cpu', 'above'), { severity: 'critical', detail: 'cpu is 99 percent' }));
    });
    const log = pathOf(root, (await made(root, 'eventLogs', { eventLogTemplate: { targetResource: { href: root.base + system } } })).id);
    for (const one of [log, await tenantLog()]) {
      const about = (asked: object) =>
        listOf(asked as never, 'events').filter(
          // Why its own request was refused is for who sent it.
          ({ about: target, type, job }) =>
            job === undefined &&
            /\/(state|alarm)$/.test(String(type)) &&
            [system, 'cloudEntryPoint'].includes(pathOf(root, (target as unknown as { href: string }).href)),
        );
      const events = `${one}/events`;
      expect(about((await root.get(events)).json).length).toBeGreaterThanOrEqual(2);
      for (const query of ['', '?$first=1&$last=10000', '?$orderby=type', "?$filter=severity='low'", "?$filter=severity='critical'"])
        expect([query, about((await get(who, events + query)).json)]).toEqual([query, []]);
      for (const event of about((await root.get(events)).json)) expect((await get(who, pathOf(root, event.id))).status).toBe(404);
      const seen = listOf((await get(who, events)).json, 'events');
      const counts = Object.fromEntries(severities.map((each) => [each, seen.filter(({ severity }) => severity === each).length]));
      expect((await get(who, one)).json.summary).toEqual(counts);
      const listed = listOf((await get(who, 'eventLogs')).json, 'eventLogs').find(({ id }) => pathOf(root, id) === one);
      expect(listed?.summary).toEqual(counts);
    }
    await succeeded(root, await root.delete(log));
  });

  test('is seen whole by who sees all of them', async () => {
    const own = await makersFor(root).make('systems', { systemTemplate: { componentDescriptors: [] } });
    const part = await makersFor(root).machine();
    await succeeded(root, await root.post(`${own}/machines`, { machine: { href: part } }));
    await scene.gateway.gateway.store.transaction((unit) =>
      unit
        .recordEvent(stateEvent({ tenant: 'default', path: own, type: 'System' }, 'STARTED', { previous: 'STOPPED' }))
        .then(() => undefined),
    );
    const told = async () => JSON.stringify((await get(who, `${await tenantLog()}/events?$filter=about='${own}'`)).json);
    expect(await told()).toMatch(/event\/state/);
    expect((await get(who, own)).json.state).toBe((await root.get(own)).json.state);
    await succeeded(root, await root.delete(own));
    expect(await told()).not.toMatch(/event\/state/);
  });
});

describe.each(NARROWED)('Meters of groups with parts that are hidden: %s', (who) => {
  test('are nowhere, nor are their samples, events and Jobs', async () => {
    for (const target of ['cloudEntryPoint', 'clouds/far/cloudEntryPoint', system]) {
      const meter = pathOf(root, (await made(root, 'meters', { name: 'sum', ...meterOn(target) })).id);
      await scene.gateway.gateway.store.transaction((unit) =>
        unit.putSamples([
          { meter, reached: 60_000, memory: null, builtOn: undefined, ageing: false, samples: [{ t: 60, value: 5, covered: '1/2' }] },
        ]),
      );
      for (const path of [meter, `${meter}/samples`]) expect([path, (await get(who, path)).status]).toEqual([path, 404]);
      const lists = [
        'meters',
        'jobs',
        `${await tenantLog()}/events`,
        'meters?$expand=samples',
        ...(target === system ? [`${system}/meters`] : []),
      ];
      for (const list of lists) {
        expect([list, JSON.stringify((await root.get(list)).json).includes(meter)]).toEqual([list, true]);
        expect([list, JSON.stringify((await get(who, list)).json).includes(meter)]).toEqual([list, false]);
      }
      await succeeded(root, await root.delete(meter));
      for (const list of ['jobs', `${await tenantLog()}/events`])
        expect([list, JSON.stringify((await get(who, list)).json).includes(meter)]).toEqual([list, false]);
    }
  });

  test('are not made, and one of what is seen is, until something is hidden in it', async () => {
    const { count } = (await get(who, 'meters')).json;
    for (const [collection, target] of [
      ['meters', 'cloudEntryPoint'],
      ['meters', system],
      [`${system}/meters`, system],
    ] as const) {
      const { status, json } = await ask(who, 'POST', collection, meterOn(target));
      expect([status, json.statusMessage]).toEqual([403, expect.stringMatching(/rule.*let.* user '.*' do it: measure /)]);
      expect(JSON.stringify(json)).not.toContain(hiddenMachine);
    }
    expect((await get(who, 'meters')).json.count).toBe(count);
    const own = await makersFor(root).make('systems', { systemTemplate: { componentDescriptors: [] } });
    const answer = await ask(who, 'POST', 'meters', meterOn(own));
    expect(answer.status).toBe(201);
    const meter = pathOf(root, answer.headers.Location);
    expect((await get(who, meter)).status).toBe(200);
    const item = await root.post(`${own}/systems`, { system: { href: system } });
    await succeeded(root, item);
    for (const path of [meter, `${meter}/samples`]) expect([path, (await get(who, path)).status]).toEqual([path, 404]);
    expect((await ask(who, 'DELETE', meter)).status).toBe(404);
    await succeeded(root, await root.delete(String(item.headers.get('location'))));
    expect((await get(who, meter)).status).toBe(200);
    await succeeded(root, await root.delete(own));
  });
});

test('a Meter of everything goes by what it counts: a collection that is hidden, or not', async () => {
  const cpu = pathOf(root, (await made(root, 'meters', meterOn('cloudEntryPoint'))).id);
  expect((await get('not-machines', cpu)).status).toBe(404);
  expect((await get('not-volumes', cpu)).status).toBe(200);
  const refused = await ask('not-machines', 'POST', 'meters', meterOn('cloudEntryPoint'));
  expect([refused.status, refused.json.statusMessage]).toEqual([
    403,
    expect.stringMatching(/the rule 'not-machines' does not let user 'not-machines' do it: measure cloudEntryPoint/),
  ]);
  expect((await ask('not-volumes', 'POST', 'meters', meterOn('cloudEntryPoint'))).status).toBe(201);
  expect((await ask('not-machines', 'POST', 'meters', meterOn('cloudEntryPoint', 'bandwidth'))).status).toBe(201);
});

test('the scope of a token hides them as a rule does', async () => {
  const meter = pathOf(root, (await made(root, 'meters', meterOn('cloudEntryPoint'))).id);
  const more = { scope: { collections: ['meters', 'systems', 'volumes'] }, token: 't' };
  expect((await ask('ann', 'GET', meter, undefined, more)).status).toBe(404);
  expect((await ask('ann', 'GET', system, undefined, more)).json.state).toBe('MIXED');
  const answer = await ask('ann', 'POST', 'meters', meterOn(system), more);
  expect([answer.status, answer.json.statusMessage]).toEqual([
    403,
    expect.stringMatching(/the token of user 'ann' is not for it: measure/),
  ]);
});

test('rules that allow the Machines of all clouds let all of it be counted', async () => {
  await reloaded([{ name: 'all', users: ['counts'], collections: ['machines', 'meters', 'systems'] }], async () => {
    expect((await get('counts', system)).json.state).toBe('MIXED');
    expect((await ask('counts', 'POST', 'meters', meterOn('cloudEntryPoint'))).status).toBe(201);
    expect((await ask('counts', 'POST', 'meters', meterOn(system))).status).toBe(201);
  });
});

test.each(NARROWED)('Meters of all clouds, or of one that is hidden, are not seen: %s', async (who) => {
  const meters: Record<string, string> = {};
  for (const target of ['cloudEntryPoint', 'clouds/far/cloudEntryPoint', 'clouds/sim/cloudEntryPoint'])
    meters[target] = pathOf(root, (await made(root, 'meters', meterOn(target))).id);
  const seen = Object.entries(meters).map(async ([target, path]) => [target, (await get(who, path)).status]);
  expect(Object.fromEntries(await Promise.all(seen))).toEqual({
    cloudEntryPoint: 404,
    'clouds/far/cloudEntryPoint': 404,
    'clouds/sim/cloudEntryPoint': 200,
  });
  const listed = paths((await get(who, 'meters')).json, 'meters');
  expect(Object.values(meters).filter((path) => listed.includes(path))).toEqual([meters['clouds/sim/cloudEntryPoint']]);
  for (const path of Object.values(meters)) await root.delete(path);
});
