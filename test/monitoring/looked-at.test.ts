import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { foreignInstance } from '../../drivers/simulator/control';
import type { Cloud, Clouds } from '../../src/clouds/cloud';
import { ProviderError } from '../../src/clouds/errors';
import { guardCloud } from '../../src/clouds/guard';
import type { ProviderEvent } from '../../src/clouds/monitoring';
import { standardCatalogue } from '../../src/model/catalogue';
import { CIMI } from '../../src/model/define';
import { EVENT_TYPES } from '../../src/model/event-types';
import { LookedAt } from '../../src/monitoring/looked-at';
import { stateEvent } from '../../src/operations/events';
import { createCipher } from '../../src/store/cipher';
import { openSqliteStore } from '../../src/store/sqlite';
import type { Store } from '../../src/store/store';
import { FakeCloud } from '../harness/fake-cloud';
import { simulatedCloud } from '../harness/gateway';
import { comesTrue, waitUntil } from '../harness/wait';
import { keptLog } from '../jobs/harness';
import { listOf, made, openScene, type Scene } from '../protocol/scene';
import { insert, newJob, resourceRow } from '../store/fixture';

/** Events that a cloud tells of one resource only: they are asked for when somebody reads that resource's events. */

const tenant = 'ops';
const turned = (id: string, state: string, at: number, key = 'm1'): ProviderEvent => ({
  ...{ id, at, type: 'Machine', key, kind: 'state', code: id, detail: `it was ${id}`, state },
});

describe('what is looked at', () => {
  let store: Store;
  let folder: string;
  let fake: FakeCloud;
  let log: ReturnType<typeof keptLog>;
  let clock: number;
  let cloud: Cloud;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cimi-looked-at-'));
    store = await openSqliteStore({ file: join(folder, 'data.db'), cipher: createCipher(randomBytes(32)) });
    fake = new FakeCloud({ eventsOfOne: true });
    log = keptLog();
    clock = 0;
    const settings = {
      key: 'east',
      name: 'East',
      driver: 'fake',
      tenants: [tenant, 'red'],
      discoveredTenant: tenant,
      mode: 'manage',
    } as const;
    const hooks = { log: { warn: () => undefined, error: () => undefined } };
    cloud = guardCloud(settings, fake.driver(), { retries: 0, cacheMs: 0, deadlineMs: 60_000 }, hooks);
  });
  afterEach(async () => {
    await store.close();
    await rm(folder, { recursive: true });
  });

  /** One process that reads. */
  function reader(): LookedAt {
    const clouds: Clouds = { all: () => [cloud], byKey: (key) => (key === 'east' ? cloud : undefined), forTenant: () => [cloud] };
    return new LookedAt({ store, clouds, catalogue: standardCatalogue(), tagKey: randomBytes(32), log }, () => clock);
  }
  const asked = (): number => fake.calls.filter((name) => name === 'events.of').length;
  const told = async (path = 'machines/east.m1'): Promise<string[]> =>
    (await store.events({ tenant, resource: path, limit: 100 }))
      .reverse()
      .map(({ content: { previous, state, change, code } }) =>
        [previous, state, change, code].filter((part) => part !== undefined).join(' '),
      );

  it('is asked once a minute at most, and what is new is recorded once', async () => {
    fake.happened.push(turned('stop', 'STOPPED', 1_000));
    const looked = reader();
    await Promise.all([1, 2, 3].map(() => looked.freshen('machines/east.m1', tenant)));
    expect([asked(), await told()]).toEqual([1, ['STOPPED']]);
    fake.happened.push(turned('start', 'STARTED', 2_000));
    clock += 59_000;
    await looked.freshen('machines/east.m1', tenant);
    expect(asked()).toBe(1);
    clock += 2_000;
    await looked.freshen('machines/east.m1', tenant);
    expect([asked(), await told()]).toEqual([2, ['STOPPED', 'STOPPED STARTED']]);
    // Another process, or the same after a restart.
    await reader().freshen('machines/east.m1', tenant);
    expect(await told()).toEqual(['STOPPED', 'STOPPED STARTED']);
  });

  it('is not told again to who has deleted it', async () => {
    fake.happened.push(turned('stop', 'STOPPED', 1_000), turned('start', 'STARTED', 2_000));
    const looked = reader();
    await looked.freshen('machines/east.m1', tenant);
    for (const { id } of await store.events({ tenant, limit: 10 })) await store.transaction((unit) => unit.deleteEvent(tenant, id));
    clock += 61_000;
    await looked.freshen('machines/east.m1', tenant);
    expect([asked(), await told()]).toEqual([2, []]);
  });

  it('is found by its row where the gateway made it, and its create is no news', async () => {
    await store.transaction((unit) => unit.insertResource(resourceRow('machines/own', { tenant, cloud: 'east', providerKey: 'm1' })));
    fake.happened.push(
      { ...turned('create', '', 1_000), kind: 'model', state: undefined, change: 'create' },
      turned('stop', 'STOPPED', 2_000),
    );
    await reader().freshen('machines/east.m1', tenant);
    expect(asked()).toBe(0);
    await reader().freshen('machines/own', tenant);
    expect(await told('machines/own')).toEqual(['STOPPED']);
  });

  it('is not asked for who may not see it, nor for what is in no cloud', async () => {
    const looked = reader();
    await looked.freshen('machines/east.m1', 'red');
    for (const path of ['machines/none', 'machines/west.m1', 'systems/s', 'cloudEntryPoint', 'nonsense', '../x'])
      await looked.freshen(path, tenant);
    expect(asked()).toBe(0);
    expect(log.lines).toEqual([]);
  });

  it('waits while a Job holds the resource, which tells at its end what it did', async () => {
    const path = 'machines/east.m1';
    await insert(store, newJob('j', { tenant, target: path, affected: [path], holds: [{ path, shows: 'STOPPING' }] }));
    fake.happened.push(turned('stop', 'STOPPED', 1_000));
    const looked = reader();
    await looked.freshen(path, tenant);
    expect([asked(), await told()]).toEqual([1, []]);
    const leased = await store.leaseJob('j', 'worker', 60_000);
    await store.transaction(async (unit) => {
      await unit.advanceJob('j', leased?.epoch ?? 0, { state: 'SUCCESS' });
      await unit.recordEvent(stateEvent({ tenant, path, type: 'Machine' }, 'STOPPED', { job: 'j', at: 1_500 }));
    });
    fake.happened.push(turned('start', 'STARTED', 100_000));
    clock += 61_000;
    await looked.freshen(path, tenant);
    expect([asked(), await told()]).toEqual([2, ['STOPPED', 'STOPPED STARTED']]);
  });

  it('that cannot be had fails no reader, is logged once, and leaves its cloud alone for a minute', async () => {
    fake.around = ({ name }, go) => {
      if (name === 'events.of') throw new ProviderError('unavailable', 'no route to it');
      return go();
    };
    const looked = reader();
    await looked.freshen('machines/east.m1', tenant);
    await looked.freshen('machines/east.m2', tenant);
    expect(asked()).toBe(1);
    clock += 61_000;
    await looked.freshen('machines/east.m1', tenant);
    expect([asked(), log.lines.length]).toEqual([2, 1]);
    fake.around = (_call, go) => go();
    fake.happened.push(turned('stop', 'STOPPED', 1_000));
    clock += 61_000;
    await looked.freshen('machines/east.m1', tenant);
    expect(await told()).toEqual(['STOPPED']);
  });

  it('that comes late is there for the next reader; only the first of all has waited', async () => {
    fake.happened.push(turned('stop', 'STOPPED', 1_000), turned('pause', 'PAUSED', 1_000, 'm2'));
    let release: () => void = () => undefined;
    const gate = new Promise<void>((done) => (release = done));
    fake.around = async (_call, go) => {
      await gate;
      return go();
    };
    const looked = reader();
    await looked.freshen('machines/east.m1', tenant);
    for (let n = 2; n < 20; n++) await looked.freshen(`machines/east.m${n}`, tenant);
    expect([asked(), await told()]).toEqual([4, []]);
    release();
    await comesTrue(async () => expect([await told(), await told('machines/east.m2')]).toEqual([['STOPPED'], ['PAUSED']]));
  });
});

describe('over HTTP', () => {
  let scene: Scene;
  beforeAll(async () => {
    const monitoring = { watchMs: 50 };
    scene = await openScene({ config: { monitoring, worker: { sweepMs: 100 }, clouds: { sim: simulatedCloud({ eventsOfOne: true }) } } });
    scene.control.add([0, 1].map((n) => foreignInstance(`vm-${n}`)));
    await waitUntil(async () => (await scene.gateway.gateway.store.taskMemories(['watch sim'])).get('watch sim') != null);
  });
  afterAll(() => scene.close());

  const logOf = (target: string): object => ({
    resourceURI: `${CIMI}/EventLogCreate`,
    eventLogTemplate: { targetResource: { href: target } },
  });
  const calls = (): number => scene.control.calls()['events.of'] ?? 0;

  test('who reads the log of a Machine gets what its cloud tells of it alone; other logs ask for nothing', async () => {
    const { client, control } = scene;
    const thing = { kind: 'instance', id: 'vm-0' } as const;
    control.tell({ kind: 'alarm', code: 'resize', text: 'resize by the user ann failed', severity: 'high', thing });
    const [all] = listOf((await client.get('eventLogs')).json, 'eventLogs');
    await client.get(`${String(all?.id)}/events`);
    expect(calls()).toBe(0);
    const log = await made(client, 'eventLogs', logOf('machines/sim.vm-0'));
    const read = async (): Promise<unknown[]> => {
      const events = listOf((await client.get(`${String(log.id)}/events?$filter=type='${EVENT_TYPES.alarm}'`)).json, 'events');
      return events.map(({ content, severity }) => [content, severity]);
    };
    const content = {
      ...{ resName: 'vm-0', resource: { href: `${client.base}machines/sim.vm-0` }, resType: `${CIMI}/Machine` },
      ...{ code: 'resize', detail: 'resize by the user ann failed' },
    };
    expect(await read()).toEqual([[content, 'high']]);
    expect(await read()).toEqual([[content, 'high']]);
    expect(calls()).toBe(1);
  });

  test('who asks the log of everything about one Machine gets them too', async () => {
    const { client, control } = scene;
    control.tell({ kind: 'alarm', code: 'evacuate', severity: 'high', thing: { kind: 'instance', id: 'vm-1' } });
    const [all] = listOf((await client.get('eventLogs')).json, 'eventLogs');
    const before = calls();
    const query = `$filter=about='machines/sim.vm-1' and severity='high'`;
    const events = listOf((await client.get(`${String(all?.id)}/events?${query}`)).json, 'events');
    expect(events).toMatchObject([{ content: { code: 'evacuate' } }]);
    expect(calls() - before).toBe(1);
  });
});
