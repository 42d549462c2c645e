import { ProviderError } from '../../src/clouds/errors';
import { EVENT_TYPES } from '../../src/model/event-types';
import type { EventRow } from '../../src/store/event-record';
import { Client } from '../harness/client';
import { FakeCloud } from '../harness/fake-cloud';
import { startTestGateway, type TestGateway } from '../harness/gateway';
import { comesTrue, eventually, stays, waitUntil } from '../harness/wait';

/** Watchers over a cloud in memory, whose every thing the tests change behind the gateway's back. */

const running: TestGateway[] = [];
afterEach(async () => {
  for (const gateway of running.splice(0)) await gateway.stop();
});

async function start(cloud: FakeCloud, options: { dataDir?: string; tenants?: string[] } = {}): Promise<TestGateway> {
  const { tenants = ['default'], dataDir } = options;
  const config = {
    monitoring: { watchMs: 20 },
    worker: { sweepMs: 100 },
    clouds: { east: { driver: 'fake', name: 'East', tenants, discoveredTenant: tenants[0], guard: { cacheMs: 0, retries: 0 } } },
  };
  const gateway = await startTestGateway({ config, drivers: cloud.registry(), ...(dataDir === undefined ? {} : { dataDir }) });
  running.push(gateway);
  return gateway;
}

/** Waits until the watcher has looked at the cloud as it is now. */
async function looked(cloud: FakeCloud): Promise<void> {
  const lists = (): number => cloud.calls.filter((name) => name === 'machines.list').length;
  const before = lists();
  await waitUntil(() => lists() >= before + 3);
}

async function told({ gateway }: TestGateway, tenant = 'default'): Promise<EventRow[]> {
  return (await gateway.store.events({ tenant, limit: 1000 })).reverse();
}

const kinds = (events: readonly EventRow[]): string[] =>
  events.map(({ type, content: { state, previous, change, code } }) => {
    const name = type.slice(type.lastIndexOf('/') + 1);
    return [name, previous, state, change, code].filter((part) => part !== undefined).join(' ');
  });

function machine(cloud: FakeCloud, key: string, state: string): void {
  cloud.put('machines', { key, values: { name: `name of ${key}`, state, cpu: 1, memory: 1_048_576 } });
}

describe('the watcher of a cloud', () => {
  it('tells nothing of its first look, each change behind the back once with the state before, and nothing after a restart', async () => {
    const cloud = new FakeCloud();
    machine(cloud, 'm1', 'STARTED');
    const gateway = await start(cloud);
    await looked(cloud);
    expect(await told(gateway)).toEqual([]);
    machine(cloud, 'm1', 'STOPPED');
    const [event] = await eventually(async () => ((await told(gateway)).length > 0 ? told(gateway) : undefined));
    expect(event).toMatchObject({
      tenant: 'default',
      resource: 'machines/east.m1',
      type: EVENT_TYPES.state,
      content: { resName: 'name of m1', state: 'STOPPED', previous: 'STARTED' },
      outcome: 'Status',
    });
    await looked(cloud);
    running.splice(0);
    await gateway.stop({ keepData: true });
    const again = await start(cloud, { dataDir: gateway.dataDir });
    await looked(cloud);
    expect(kinds(await told(again))).toEqual(['state STARTED STOPPED']);
  });

  it('tells after a restart what was changed while nobody looked', async () => {
    const cloud = new FakeCloud();
    machine(cloud, 'm1', 'STARTED');
    const gateway = await start(cloud);
    await looked(cloud);
    running.splice(0);
    await gateway.stop({ keepData: true });
    machine(cloud, 'm1', 'STOPPED');
    const again = await start(cloud, { dataDir: gateway.dataDir });
    await comesTrue(async () => expect(kinds(await told(again))).toEqual(['state STARTED STOPPED']));
  });

  it('passes through states in which something goes on', async () => {
    const cloud = new FakeCloud();
    machine(cloud, 'm1', 'STARTED');
    const gateway = await start(cloud);
    await looked(cloud);
    machine(cloud, 'm1', 'STOPPING');
    await looked(cloud);
    expect(await told(gateway)).toEqual([]);
    machine(cloud, 'm1', 'STOPPED');
    await comesTrue(async () => expect(kinds(await told(gateway))).toEqual(['state STARTED STOPPED']));
  });

  it('does not tell again what the gateway does itself', async () => {
    const cloud = new FakeCloud();
    machine(cloud, 'm1', 'STARTED');
    const gateway = await start(cloud);
    await looked(cloud);
    const client = new Client(gateway.base);
    expect((await client.ended(await client.act('machines/east.m1', 'stop'))).state).toBe('SUCCESS');
    await looked(cloud);
    await looked(cloud);
    const states = (await told(gateway)).filter(({ type }) => type === EVENT_TYPES.state);
    expect(kinds(states)).toEqual(['state STARTED STOPPED']);
    machine(cloud, 'm1', 'STARTED');
    await comesTrue(async () => expect(kinds(await told(gateway)).at(-1)).toBe('state STOPPED STARTED'));
  });

  it('tells what appears, and what is gone by the proof of the provider alone', async () => {
    const cloud = new FakeCloud();
    machine(cloud, 'm1', 'STARTED');
    const gateway = await start(cloud);
    await looked(cloud);
    machine(cloud, 'm2', 'STARTED');
    await comesTrue(async () => expect(kinds(await told(gateway))).toEqual(['model create']));
    let proves = false;
    cloud.around = ({ name, args }, go) => {
      if (name === 'machines.list') return [cloud.of('machines').get('m2')];
      if (name === 'machines.getMany' && !proves && String(args[0]).includes('m1')) throw new ProviderError('unavailable', 'ask again');
      return go();
    };
    await looked(cloud);
    const models = async () => (await told(gateway)).filter(({ type }) => type.endsWith('/model'));
    expect(kinds(await models())).toEqual(['model create']);
    cloud.of('machines').delete('m1');
    proves = true;
    await comesTrue(async () => expect(kinds(await models())).toEqual(['model create', 'model delete']));
    expect((await models()).at(-1)).toMatchObject({ resource: 'machines/east.m1', content: { resName: 'name of m1' } });
  });

  it('makes an alarm of a Machine that fails by itself, with the reason', async () => {
    const cloud = new FakeCloud();
    machine(cloud, 'm1', 'STARTED');
    const gateway = await start(cloud);
    await looked(cloud);
    cloud.put('machines', { key: 'm1', values: { state: 'ERROR' }, reason: 'the host is gone' });
    await comesTrue(async () => expect(kinds(await told(gateway))).toEqual(['state STARTED ERROR', 'alarm ERROR']));
    expect((await told(gateway)).at(-1)).toMatchObject({ severity: 'high', outcome: 'Failure', content: { detail: 'the host is gone' } });
  });

  it('tells every tenant of a cloud that goes away, once, and that it is back', async () => {
    const cloud = new FakeCloud();
    machine(cloud, 'm1', 'STARTED');
    const gateway = await start(cloud, { tenants: ['blue', 'red'] });
    await looked(cloud);
    cloud.around = ({ name }) => {
      throw new ProviderError('unavailable', `no route to it (${name})`);
    };
    await comesTrue(async () => expect(kinds(await told(gateway, 'red'))).toEqual(['alarm unavailable']));
    await stays(300, async () => expect(await told(gateway, 'blue')).toHaveLength(1));
    machine(cloud, 'm1', 'STOPPED');
    cloud.around = (_call, go) => go();
    await comesTrue(async () => expect(kinds(await told(gateway, 'red'))).toEqual(['alarm unavailable', 'alarm available']));
    await comesTrue(async () => expect(kinds(await told(gateway, 'blue'))).toContain('state STARTED STOPPED'));
    expect((await told(gateway, 'red'))[0]).toMatchObject({
      resource: 'clouds/east/cloudEntryPoint',
      severity: 'critical',
      content: { resName: 'East', detail: expect.stringContaining('no route to it') as string },
    });
  });

  it('tells of a cloud of which a part does not answer, with the reason, and that it is whole again', async () => {
    const cloud = new FakeCloud();
    machine(cloud, 'm1', 'STARTED');
    const gateway = await start(cloud);
    await looked(cloud);
    cloud.around = ({ name }, go) => {
      if (name.startsWith('networks.')) throw new ProviderError('unavailable', 'the switch is out');
      return go();
    };
    await comesTrue(async () => expect(kinds(await told(gateway))).toEqual(['alarm unavailable']));
    expect((await told(gateway))[0]).toMatchObject({
      resource: 'clouds/east/cloudEntryPoint',
      ...{ severity: 'high', outcome: 'Warning' },
      content: { resName: 'East', detail: 'East answers in part: the switch is out' },
    });
    cloud.around = (_call, go) => go();
    await comesTrue(async () => expect(kinds(await told(gateway))).toEqual(['alarm unavailable', 'alarm available']));
  });
});

describe('what a provider tells by itself', () => {
  const retirement = {
    id: 'r1',
    at: 1_800_000_000_000,
    kind: 'alarm',
    code: 'instance-retirement',
    detail: 'will be retired',
    severity: 'high',
  } as const;

  it('is told once, to the tenant whose resource it is, however often it is told', async () => {
    const cloud = new FakeCloud();
    machine(cloud, 'm1', 'STARTED');
    cloud.happened.push({ ...retirement, type: 'Machine', key: 'm1' });
    const gateway = await start(cloud, { tenants: ['blue', 'red'] });
    await comesTrue(async () => expect(kinds(await told(gateway, 'blue'))).toEqual(['alarm instance-retirement']));
    cloud.happened.push({ ...retirement, type: 'Machine', key: 'm1' });
    await looked(cloud);
    const events = await told(gateway, 'blue');
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      resource: 'machines/east.m1',
      timestamp: new Date(retirement.at).toISOString(),
      severity: 'high',
      content: { resName: 'name of m1', detail: 'will be retired' },
    });
    expect(await told(gateway, 'red')).toEqual([]);
  });

  it('is not told again to who deleted it, while the provider goes on telling it', async () => {
    const cloud = new FakeCloud();
    machine(cloud, 'm1', 'STARTED');
    cloud.around = ({ name }, go) =>
      name === 'events.since' ? { events: [{ ...retirement, type: 'Machine', key: 'm1' }], cursor: null } : go();
    const gateway = await start(cloud);
    const [event] = await eventually(async () => ((await told(gateway)).length > 0 ? told(gateway) : undefined));
    await gateway.gateway.store.transaction((unit) => unit.deleteEvent('default', event?.id ?? ''));
    await looked(cloud);
    expect(await told(gateway)).toEqual([]);
  });

  it('is for the tenant of what is found in the cloud where it is of the account', async () => {
    const cloud = new FakeCloud();
    cloud.happened.push({ ...retirement, code: 'quota' });
    const gateway = await start(cloud, { tenants: ['blue', 'red'] });
    await comesTrue(async () => expect(kinds(await told(gateway, 'blue'))).toEqual(['alarm quota']));
    expect((await told(gateway, 'blue'))[0]?.resource).toBe('clouds/east/cloudEntryPoint');
    expect(await told(gateway, 'red')).toEqual([]);
  });

  it('has a state told once, by the provider or by the look', async () => {
    const cloud = new FakeCloud();
    machine(cloud, 'm1', 'STARTED');
    const gateway = await start(cloud);
    await looked(cloud);
    machine(cloud, 'm1', 'STOPPED');
    cloud.happened.push({ id: 's1', at: Date.now(), type: 'Machine', key: 'm1', kind: 'state', code: 'off', detail: '', state: 'STOPPED' });
    await looked(cloud);
    await looked(cloud);
    expect(kinds(await told(gateway))).toEqual(['state STARTED STOPPED']);
  });

  it('that cannot be read now does not keep the watcher from looking, and is logged once', async () => {
    const cloud = new FakeCloud();
    machine(cloud, 'm1', 'STARTED');
    cloud.around = ({ name }, go) => {
      if (name === 'events.since') throw new ProviderError('forbidden', 'not allowed to read events');
      return go();
    };
    const gateway = await start(cloud);
    await looked(cloud);
    machine(cloud, 'm1', 'STOPPED');
    await comesTrue(async () => expect(kinds(await told(gateway))).toEqual(['state STARTED STOPPED']));
    expect(gateway.logs().filter(({ msg }) => msg === 'the events of a cloud cannot be read')).toHaveLength(1);
  });
});
