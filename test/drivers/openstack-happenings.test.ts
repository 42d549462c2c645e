import type { CallContext, Driver, ProviderEvent, Series, SeriesQuery } from '../../src/clouds/driver';
import { type FakeAnswer, type FakeCloud, ID, startFakeCloud } from './openstack-fake';
import { fakeGnocchi, refusal } from './openstack-fake-gnocchi';

/** Nova's log of actions and its diagnostics, and what `check` tells of the sources of measured values. */

const context = (): CallContext => ({ signal: AbortSignal.timeout(10_000) });
const SERVER = ID(1);
let cloud: FakeCloud;
let driver: Driver;
beforeEach(async () => {
  cloud = await startFakeCloud();
  driver = await cloud.connect();
});
afterEach(() => cloud.stop());
const on = (path: RegExp, answer: FakeAnswer | (() => FakeAnswer)): void => {
  cloud.meddle = (call) => (path.test(call.path) ? (typeof answer === 'function' ? answer() : answer) : undefined);
};

describe('events', () => {
  const entry = (action: string, more: object = {}) => ({
    ...{ action, instance_uuid: SERVER, request_id: `req-${action}`, user_id: 'ann', project_id: 'p', message: null },
    ...{ start_time: '2026-11-29T10:00:00.000000', updated_at: '2026-11-29T10:00:05.000000' },
    ...more,
  });
  const of = async (...actions: object[]): Promise<readonly ProviderEvent[]> => {
    on(/os-instance-actions$/, { status: 200, body: { instanceActions: actions } });
    return (await driver.events?.of?.({ type: 'Machine', key: SERVER }, context())) ?? [];
  };

  it('of a machine are its log at Nova, the oldest first, with who did it', async () => {
    const told = await of(
      entry('stop', { start_time: '2026-11-29T10:01:00.000000' }),
      entry('attach_volume', { start_time: '2026-11-29T10:00:30.000000' }),
      entry('create'),
    );
    const common = { type: 'Machine', key: SERVER };
    expect(told).toEqual([
      {
        ...common,
        ...{ id: `req-create:create:${SERVER}`, at: Date.parse('2026-11-29T10:00:00Z'), kind: 'model', change: 'create' },
        ...{ code: 'create', detail: 'Nova: create by the user ann' },
      },
      {
        ...common,
        ...{ id: `req-attach_volume:attach_volume:${SERVER}`, at: Date.parse('2026-11-29T10:00:30Z'), kind: 'model', change: 'update' },
        ...{ code: 'attach_volume', detail: 'Nova: attach_volume by the user ann' },
      },
      {
        ...common,
        ...{ id: `req-stop:stop:${SERVER}`, at: Date.parse('2026-11-29T10:01:00Z'), kind: 'state', state: 'STOPPED' },
        ...{ code: 'stop', detail: 'Nova: stop by the user ann' },
      },
    ]);
  });
  it('tell what failed as an alarm, in Nova’s words', async () => {
    const [told] = await of(entry('start', { message: 'No valid host was found.' }));
    expect(told).toMatchObject({ kind: 'alarm', severity: 'high', detail: 'Nova: start by the user ann failed: No valid host was found.' });
    expect(told).not.toHaveProperty('state');
  });
  it('leave out a state that the server is not in yet: its newest action is under way', async () => {
    const now = new Date().toISOString().slice(0, -1);
    const actions = [entry('stop', { start_time: now }), entry('create')];
    Object.assign(cloud.state.servers?.[0] ?? {}, { 'OS-EXT-STS:task_state': 'powering-off' });
    expect((await of(...actions)).map(({ code }) => code)).toEqual(['create']);
    Object.assign(cloud.state.servers?.[0] ?? {}, { 'OS-EXT-STS:task_state': null });
    expect((await of(...actions)).map(({ code }) => code)).toEqual(['create', 'stop']);
    cloud.calls.length = 0;
    // What has begun long ago is over: no second call.
    expect((await of(entry('stop'))).map(({ code }) => code)).toEqual(['stop']);
    expect(cloud.calls.map(({ path }) => path)).toEqual([`/servers/${SERVER}/os-instance-actions`]);
  });
  it('leave out what has no name or time, whatever else is odd', async () => {
    const odd = [{}, entry('', {}), entry('start', { start_time: 'soon' }), entry('start', { start_time: null }), entry('constructor')];
    const told = await of(...odd, entry('stop', { request_id: null, user_id: 7 }));
    expect(told.map(({ code, kind, detail }) => [code, kind, detail])).toEqual([
      ['constructor', 'model', 'Nova: constructor by the user ann'],
      ['stop', 'state', 'Nova: stop'],
    ]);
  });
  it('are none of what is gone, of other types, and of what cannot be', async () => {
    on(/os-instance-actions$/, { status: 404, body: { itemNotFound: { code: 404, message: `Instance ${SERVER} could not be found.` } } });
    expect(await driver.events?.of?.({ type: 'Machine', key: SERVER }, context())).toEqual([]);
    cloud.calls.length = 0;
    expect(await driver.events?.of?.({ type: 'Volume', key: SERVER }, context())).toEqual([]);
    expect(await driver.events?.of?.({ type: 'Machine', key: '../flavors' }, context())).toEqual([]);
    expect(cloud.calls).toEqual([]);
  });
  it('of the cloud are alarms for servers in ERROR, the same ones whenever they are asked for', async () => {
    const fault = { code: 500, created: '2026-11-29T11:00:00Z', message: 'Build of instance aborted: no network' };
    Object.assign(cloud.state.servers?.[1] ?? {}, { status: 'ERROR', fault });
    const first = await driver.events?.since(undefined, context());
    expect(first?.events).toEqual([
      {
        ...{ id: `fault:${ID(2)}:2026-11-29T11:00:00Z`, at: Date.parse('2026-11-29T11:00:00Z'), type: 'Machine', key: ID(2) },
        ...{ kind: 'alarm', code: 'ERROR', detail: 'Build of instance aborted: no network', severity: 'high' },
      },
    ]);
    expect(await driver.events?.since(first?.cursor, context())).toEqual(first);
    expect(cloud.calls.at(-1)?.query.get('status')).toBe('ERROR');
    Object.assign(cloud.state.servers?.[1] ?? {}, { fault: undefined });
    const [bare] = (await driver.events?.since(first?.cursor, context()))?.events ?? [];
    expect(bare).toMatchObject({ at: Date.parse('2026-11-29T10:00:00Z'), detail: 'Nova put the server into ERROR and gives no reason' });
  });
});

describe('diagnostics', () => {
  const now = Date.now();
  const query = (aspect: string, more: Partial<SeriesQuery> = {}): SeriesQuery => ({
    ...{ type: 'Machine', key: SERVER, aspect, interval: 300, after: now - 900_000, upTo: now + 600_000 },
    ...more,
  });
  /** Diagnostics as Nova tells them from 2.48 on (api-ref, Show Server Diagnostics). */
  const told = (n: number, more: object = {}) => ({
    ...{
      state: 'running',
      driver: 'libvirt',
      hypervisor: 'kvm',
      uptime: 46664,
      num_cpus: 2,
      num_nics: 1,
      num_disks: 1,
      config_drive: true,
    },
    cpu_details: [0, 1].map((id) => ({ id, time: n * 1e6, utilisation: null })),
    memory_details: { maximum: 512, used: 256 },
    nic_details: [{ mac_address: 'fa:16:3e:00:00:01', rx_octets: n * 1000, tx_octets: n * 2000 }],
    disk_details: [{ read_bytes: 262144, write_bytes: 5778432 }],
    ...more,
  });
  let answers: FakeAnswer[];
  let source: Driver;
  const sample = async (...queries: SeriesQuery[]): Promise<readonly Series[]> => (await source.meters?.sample(queries, context())) ?? [];
  beforeEach(async () => {
    source = await cloud.connect({ meters: 'diagnostics' });
    answers = [];
    on(/\/diagnostics$/, () => (answers.length > 1 ? answers.shift() : answers[0]) ?? { status: 501 });
  });

  it('are one point of now, at a multiple of the interval, by one call for a machine', async () => {
    answers = [{ status: 200, body: told(1, { cpu_details: [10, 20].map((utilisation, id) => ({ id, time: 5, utilisation })) }) }];
    const [cpu, memory, received] = await sample(query('cpu'), query('memory'), query('inputBandwidth'));
    expect(cpu?.points.map(([at]) => at % 300_000)).toEqual([0]);
    expect(cpu?.points.map(([, value]) => value)).toEqual([15]);
    expect(memory?.points.map(([, value]) => value)).toEqual([256 * 1024 * 1024]);
    // Nothing is known of before.
    expect(received).toEqual({ points: [] });
    expect(cloud.calls.filter(({ path }) => path.endsWith('/diagnostics'))).toHaveLength(1);
  });
  it('make rates of counters by the reading before, and none where they began anew', async () => {
    answers = [1, 4, 2].map((n) => ({ status: 200, body: told(n) }));
    const all = () => sample(query('cpu'), query('inputBandwidth'), query('outputBandwidth'));
    expect((await all()).map(({ points }) => points.length)).toEqual([0, 0, 0]);
    const [cpu, received, sent] = (await all()).map(({ points }) => points[0]?.[1] ?? Number.NaN);
    expect(received).toBeGreaterThan(0);
    expect((sent ?? 0) / (received ?? 1)).toBeCloseTo(2);
    expect(cpu).toBeGreaterThan(0);
    expect(cpu).toBeLessThanOrEqual(100);
    expect((await all()).map(({ points }) => points.length)).toEqual([0, 0, 0]);
  });
  it('tell why there are none: policy, a hypervisor without, a machine that is off or gone, an old Nova', async () => {
    const refusals: [number, string, string][] = [
      [403, 'forbidden', 'Policy does not allow os_compute_api:os-server-diagnostics to be performed.'],
      [501, 'notImplemented', 'The driver does not support diagnostics'],
      [409, 'conflictingRequest', `Cannot 'get_diagnostics' instance ${SERVER} while it is in vm_state stopped`],
      [409, 'conflictingRequest', `Cannot 'get_diagnostics' instance ${SERVER} while it is in task_state rebooting`],
      [404, 'itemNotFound', `Instance ${SERVER} could not be found.`],
    ];
    for (const [status, name, message] of refusals) {
      answers = [{ status, body: { [name]: { code: status, message } } }];
      expect((await sample(query('memory')))[0]).toEqual({ points: [], missing: expect.stringContaining(message) as string });
    }
    answers = [{ status: 503, body: {} }];
    await expect(sample(query('memory'))).rejects.toMatchObject({ name: 'ProviderError', kind: 'unavailable' });
    const old = { version: { id: 'v2.1', status: 'CURRENT', version: '2.47', min_version: '2.1' } };
    on(/^\/$/, { status: 200, body: old });
    source = await cloud.connect({ meters: 'diagnostics' });
    expect((await sample(query('memory')))[0]?.missing).toMatch(/^Nova speaks no 2.48/);
  });
  it('are none of what they do not have', async () => {
    answers = [{ status: 200, body: told(1) }];
    expect(await sample(query('disk'), query('cpu', { type: 'Volume' }), query('cpu', { key: 'x' }))).toEqual([
      { points: [], missing: `Diagnostics have no disk of Machine ${SERVER}` },
      { points: [], missing: `Diagnostics have no cpu of Volume ${SERVER}` },
      { points: [], missing: 'Diagnostics have no cpu of Machine x' },
    ]);
  });
  it.each([null, [], {}, 'x', [{}], [{ time: null, rx_octets: -1 }]])('take odd parts (%j) for none', async (odd) => {
    answers = [{ status: 200, body: told(1, { cpu_details: odd, nic_details: odd, memory_details: odd, num_cpus: odd }) }];
    const asked = ['cpu', 'memory', 'inputBandwidth', 'outputBandwidth'].map((aspect) => query(aspect));
    await sample(...asked);
    expect(await sample(...asked)).toEqual(asked.map(() => ({ points: [] })));
  });
  it('are offered for machines alone, and no longer than they hold', () => {
    const offers = source.meters?.offers() ?? [];
    expect(offers.map(({ type, aspect }) => `${type} ${aspect}`)).toEqual([
      ...['Machine cpu', 'Machine memory', 'Machine inputBandwidth', 'Machine outputBandwidth'],
    ]);
    expect(offers[0]).toMatchObject({ resolution: 300, delay: 0, kept: 600 });
  });
});

describe('check', () => {
  const finding = async (more: object = {}) =>
    (await (await cloud.connect(more)).check(context())).find(({ what }) => what === 'Reading measured values');

  it('tells that nothing is measured, and what would', async () => {
    expect(await finding()).toMatchObject({ ok: true, message: expect.stringContaining('no metric service') as string });
    expect(await finding({ meters: 'none' })).toBeUndefined();
    expect(await finding({ meters: 'gnocchi' })).toMatchObject({
      ok: false,
      message: expect.stringContaining('No metric service') as string,
    });
  });
  it('tells whether Gnocchi may be read, and is filled', async () => {
    cloud.gnocchi = fakeGnocchi([]);
    expect(await finding()).toMatchObject({
      ok: true,
      message: expect.stringContaining('no server of this project is measured yet') as string,
    });
    cloud.gnocchi = () => refusal(403, 'Forbidden', 'Insufficient privileges');
    expect(await finding()).toMatchObject({ ok: false, message: 'Insufficient privileges' });
    cloud.gnocchi = () => refusal(404, 'Not Found', 'Resource type instance does not exist');
    expect(await finding()).toMatchObject({ ok: false, message: expect.stringContaining('Ceilometer does not fill it') as string });
  });
  it('tries the diagnostics of a machine', async () => {
    on(/\/diagnostics$/, { status: 403, body: { forbidden: { code: 403, message: 'Policy does not allow diagnostics' } } });
    expect(await finding({ meters: 'diagnostics' })).toMatchObject({ ok: false, message: 'Policy does not allow diagnostics' });
    on(/\/diagnostics$/, { status: 200, body: { state: 'running' } });
    expect(await finding({ meters: 'diagnostics' })).toMatchObject({ ok: true });
    cloud.state.servers = [];
    expect(await finding({ meters: 'diagnostics' })).toMatchObject({ message: expect.stringContaining('cannot be told') as string });
  });
});
