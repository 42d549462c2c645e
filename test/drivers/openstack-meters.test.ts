import type { CallContext, Driver, Series, SeriesQuery } from '../../src/clouds/driver';
import { batches } from '../../drivers/openstack/meters';
import { type FakeCloud, ID, startFakeCloud } from './openstack-fake';
import { fakeGnocchi, type FakeMetrics, refusal } from './openstack-fake-gnocchi';

/** Gnocchi as a source of Meters, over its documented answers. */

const context = (): CallContext => ({ signal: AbortSignal.timeout(10_000) });
const S = 1000;
/** A whole hour that is past. */
const T0 = Math.floor((Date.now() - 24 * 3_600_000) / 3_600_000) * 3_600_000;
const at = (minutes: number): number => T0 + minutes * 60 * S;
const SERVER = ID(1);
const query = (more: Partial<SeriesQuery> = {}): SeriesQuery => ({
  ...{ type: 'Machine', key: SERVER, aspect: 'cpu', interval: 300, after: at(0), upTo: at(30) },
  ...more,
});
/** Measures every five minutes, ten seconds past. */
const every = (values: readonly (number | undefined)[], minutes = 5) =>
  values.flatMap((value, n) => (value === undefined ? [] : [[at(n * minutes) + 10 * S, value] as const]));
const usual = { policy: 'ceilometer-low-rate' };
const instance = (metrics: FakeMetrics['metrics'], id = SERVER): FakeMetrics => ({ type: 'instance', id, metrics });
const CPU = { ...usual, measures: every([0, 150e9, 300e9, 300e9, 600e9]) };

describe('Gnocchi', () => {
  let cloud: FakeCloud;
  let driver: Driver;
  const sample = async (...queries: SeriesQuery[]): Promise<readonly Series[]> => (await driver.meters?.sample(queries, context())) ?? [];
  const one = async (more: Partial<SeriesQuery> = {}): Promise<Series | undefined> => (await sample(query(more)))[0];
  const values = (series: Series | undefined) => series?.points.map(([time, value]) => [(time - T0) / 60_000, value]);
  const calls = () => cloud.calls.filter(({ service }) => service === 'metric').map(({ method, path }) => `${method} ${path}`);
  beforeEach(async () => {
    cloud = await startFakeCloud();
    cloud.gnocchi = fakeGnocchi([instance({ cpu: CPU })]);
    driver = await cloud.connect();
  });
  afterEach(() => cloud.stop());

  it('has the cpu in percent of the vCPUs that Nova tells, from cumulative ns', async () => {
    const expected = [
      [5, 50],
      [10, 50],
      [15, 0],
      [20, 100],
    ];
    expect(values(await one())).toEqual(expected);
    Object.assign(cloud.state.servers?.[0] ?? {}, { flavor: { vcpus: 4 } });
    expect(values(await one())).toEqual(expected.map(([time, value = 0]) => [time, value / 4]));
  });
  it('never tells more than 100 percent, though measures come off the second', async () => {
    cloud.gnocchi = fakeGnocchi([instance({ cpu: { ...usual, measures: every([0, 303e9]) } })]);
    expect(values(await one())).toEqual([[5, 100]]);
  });
  it('reads vCPUs of a flavor that Nova before 2.47 only names', async () => {
    Object.assign(cloud.state.servers?.[0] ?? {}, { flavor: { id: '1' } });
    expect(values(await one())?.[0]).toEqual([5, 50]);
  });
  it('has memory in bytes from its MiB', async () => {
    cloud.gnocchi = fakeGnocchi([instance({ 'memory.usage': { policy: 'ceilometer-low', measures: every([100, 200.5]) } })]);
    expect(values(await one({ aspect: 'memory' }))).toEqual([[5, 200.5 * 1024 * 1024]]);
    expect(calls()).toEqual(['POST /aggregates']);
  });
  it('adds what all interfaces of a machine receive, and what they send', async () => {
    const port = (id: string, received: readonly (number | undefined)[]): FakeMetrics => ({
      ...{ type: 'instance_network_interface', id, instance_id: SERVER, name: `tap${id.slice(0, 11)}` },
      metrics: {
        'network.incoming.bytes': { ...usual, measures: every(received) },
        'network.outgoing.bytes': { ...usual, measures: every(received.map((each) => each && each * 2)) },
      },
    });
    cloud.gnocchi = fakeGnocchi([port(ID(70), [0, 3000, 6000, 9000]), port(ID(71), [0, 300, 600, 900])]);
    expect(values(await one({ aspect: 'inputBandwidth' }))).toEqual([
      [5, 11],
      [10, 11],
      [15, 11],
    ]);
    expect(values(await one({ aspect: 'outputBandwidth', upTo: at(5) }))).toEqual([[5, 22]]);
    expect(values(await one({ type: 'NetworkPort', key: ID(71), aspect: 'inputBandwidth', upTo: at(5) }))).toEqual([[5, 1]]);
  });
  it('takes the writes to a volume as its input, from the disk of the machine that has it', async () => {
    const disk = (name: string, written: number): FakeMetrics => ({
      ...{ type: 'instance_disk', id: ID(name === 'vdb' ? 90 : 91), instance_id: SERVER, name },
      metrics: {
        'disk.device.write.bytes': { ...usual, measures: every([0, written]) },
        'disk.device.read.bytes': { ...usual, measures: every([0, written * 10]) },
      },
    });
    cloud.gnocchi = fakeGnocchi([disk('vda', 77_700), disk('vdb', 600)]);
    const volume = { type: 'Volume', key: ID(40) };
    expect(values(await one({ ...volume, aspect: 'inputBandwidth' }))).toEqual([[5, 2]]);
    expect(values(await one({ ...volume, aspect: 'outputBandwidth' }))).toEqual([[5, 20]]);
    const free = await one({ type: 'Volume', key: ID(42), aspect: 'inputBandwidth' });
    expect(free).toEqual({ points: [], missing: `The volume ${ID(42)} is attached to no machine: nothing is measured of it` });
  });

  it('leaves gaps, and the time over which a counter began anew', async () => {
    cloud.gnocchi = fakeGnocchi([instance({ cpu: { ...usual, measures: every([0, 30e9, undefined, 90e9, 120e9, 5e9, 35e9]) } })]);
    expect(values(await one({ upTo: at(60) }))).toEqual([
      [5, 10],
      [20, 10],
      [30, 10],
    ]);
  });
  it('tells rates by the second also where measures are taken more often than points are kept', async () => {
    // 60 s apart: rate:mean would be a fifth of what it is.
    const measures = Array.from({ length: 20 }, (_, n) => [at(n) + 10 * S, n * 30e9] as const);
    cloud.gnocchi = fakeGnocchi([instance({ cpu: { ...usual, measures } })]);
    expect(values(await one({ upTo: at(15) }))).toEqual([
      [5, 50],
      [10, 50],
      [15, 50],
    ]);
  });

  it('reads policies where they are others, once, and the metric by what each keeps', async () => {
    const measures = every([0, 60e9, 120e9, 180e9]);
    cloud.gnocchi = fakeGnocchi([
      instance({ cpu: { policy: 'ceilometer-low-rate', measures } }, ID(1)),
      instance({ cpu: { policy: 'by-minute', measures } }, ID(2)),
      instance({ cpu: { policy: 'by-hour', measures } }, ID(3)),
      instance({ cpu: { policy: 'rates-only', measures } }, ID(4)),
      instance({ cpu: { policy: 'counts', measures } }, ID(5)),
      instance({}, ID(6)),
    ]);
    cloud.state.servers = [1, 2, 3, 4, 5, 6, 7].map((n) => ({ ...cloud.state.servers?.[0], id: ID(n) }));
    const asked = [1, 2, 3, 4, 5, 6, 7].map((n) => query({ key: ID(n), upTo: at(10) }));
    const twenty = [
      [5, 20],
      [10, 20],
    ];
    const first = await sample(...asked);
    expect(first.map(values)).toEqual([twenty, twenty, [], twenty, [], [], []]);
    expect(first.map(({ missing }) => missing)).toEqual([
      undefined,
      undefined,
      'The archive policy by-hour of its cpu keeps points of 3600 s, none of 300 s',
      undefined,
      'The archive policy counts of its cpu keeps none of mean, last, median, max, min, first, rate:mean',
      `Gnocchi has no cpu of Machine ${ID(6)}`,
      `Gnocchi has no cpu of Machine ${ID(7)}`,
    ]);
    cloud.calls.length = 0;
    expect(await sample(...asked)).toEqual(first);
    // Only what nobody measured is looked for again, until a page has nothing new.
    const search = 'POST /search/resource/instance';
    expect(calls()).toEqual([search, search, 'POST /aggregates', 'POST /aggregates', 'POST /aggregates']);
  });
  it('adds interfaces also where one has another policy, and one has not the metric', async () => {
    const port = (n: number, policy: string): FakeMetrics => ({
      ...{ type: 'instance_network_interface', id: ID(n), instance_id: SERVER, name: `tap${n}` },
      metrics: { 'network.incoming.bytes': { policy, measures: every([0, 3000, 6000]) } },
    });
    const bare = { ...port(73, 'by-minute'), metrics: {} };
    cloud.gnocchi = fakeGnocchi([port(70, 'ceilometer-low-rate'), port(71, 'by-minute'), bare]);
    expect(values(await one({ aspect: 'inputBandwidth' }))).toEqual([
      [5, 20],
      [10, 20],
    ]);
    cloud.gnocchi = fakeGnocchi([port(70, 'ceilometer-low-rate'), port(71, 'by-hour')]);
    // What one of them does not keep would be missing in the sum.
    const again = await cloud.connect();
    expect((await again.meters?.sample([query({ aspect: 'inputBandwidth' })], context()))?.[0]?.missing).toMatch(/policy by-hour/);
  });
  it('means the points that lie in a longer interval, of the finest that all have', async () => {
    expect(values(await one({ interval: 600, upTo: at(20) }))).toEqual([
      [10, 25],
      [20, expect.any(Number)],
    ]);
    expect(calls()).toEqual(['POST /aggregates']);
  });
  it('tells no interval that is not over', async () => {
    const now = Date.now();
    const begin = Math.floor(now / 300_000) * 300_000;
    const measures = [-4, -3, -2, -1, 0].map((n) => [begin + n * 300_000 + S, (n + 4) * 30e9] as const);
    cloud.gnocchi = fakeGnocchi([instance({ cpu: { ...usual, measures } })]);
    const series = await one({ after: begin - 1_200_000, upTo: now });
    expect(series?.points.map(([time]) => (time - begin) / 300_000)).toEqual([-3, -2]);
  });

  it('asks once for a thousand machines, and for each aspect', async () => {
    const keys = Array.from({ length: 1000 }, (_, n) => ID(n + 1));
    cloud.state.servers = keys.map((id) => ({ ...cloud.state.servers?.[0], id }));
    cloud.gnocchi = fakeGnocchi(keys.map((id) => instance({ cpu: CPU }, id)));
    await one();
    cloud.calls.length = 0;
    const series = await sample(...keys.map((key) => query({ key })));
    expect(series.every((each) => each.points.length === 4)).toBe(true);
    expect(cloud.calls.map(({ service, method, path }) => `${method} ${service} ${path}`)).toEqual([
      'GET compute /servers/detail',
      'POST metric /aggregates',
    ]);
  });
  it('lets a question for a month not make the others’ calls longer', () => {
    const month = { after: at(0) - 30 * 86_400_000 };
    const made = batches([query(), query({ key: ID(2) }), query({ key: ID(3), ...month }), query({ key: ID(4), ...month })]);
    expect(made.map(({ queries }) => queries.map(({ key }) => key))).toEqual([
      [ID(1), ID(2)],
      [ID(3), ID(4)],
    ]);
    const many = batches(Array.from({ length: 100 }, (_, n) => query({ key: ID(n), ...month })));
    expect(many.map(({ queries }) => queries.length)).toEqual([11, 11, 11, 11, 11, 11, 11, 11, 11, 1]);
  });
  it('answers none for what is not there or not measured, beside what is', async () => {
    const answers = await sample(
      query({ key: ID(99) }),
      query({ key: 'no-id' }),
      query({ aspect: 'disk' }),
      query({ type: 'System' }),
      query({ type: '__proto__', aspect: 'constructor' }),
      query({ aspect: 'inputBandwidth' }),
      query(),
    );
    expect(answers.map(({ missing }) => missing)).toEqual([
      `Nova has no server ${ID(99)}`,
      'There is no Machine no-id',
      'No disk of a Machine is measured on OpenStack',
      'No cpu of a System is measured on OpenStack',
      'No constructor of a __proto__ is measured on OpenStack',
      `Gnocchi has no network.incoming.bytes of Machine ${SERVER}`,
      undefined,
    ]);
    expect(answers.at(-1)?.points).toHaveLength(4);
  });

  it('offers nothing once the catalogue is known to have no metric service, and says so', async () => {
    delete cloud.gnocchi;
    // Nobody knows before the first login.
    expect(driver.meters?.offers().length).toBeGreaterThan(0);
    expect((await one({ aspect: 'memory' }))?.missing).toBe(
      'No metric service with a public endpoint; the catalogue has compute, image, network, volumev3 in one',
    );
    expect(driver.meters?.offers()).toEqual([]);
    expect((await cloud.connect({ meters: 'none' })).meters).toBeUndefined();
  });
  it('offers what Ceilometer measures, at the distance that the options say', () => {
    const offers = driver.meters?.offers() ?? [];
    expect(offers.map(({ type, aspect }) => `${type} ${aspect}`)).toEqual([
      ...['Machine cpu', 'Machine memory', 'Machine inputBandwidth', 'Machine outputBandwidth'],
      ...['Volume inputBandwidth', 'Volume outputBandwidth', 'NetworkPort inputBandwidth', 'NetworkPort outputBandwidth'],
    ]);
    expect(offers[0]).toEqual({ type: 'Machine', aspect: 'cpu', resolution: 300, delay: 600, kept: 2_592_000 });
  });
  it('tells a lack of permission as the reason, and throws what passes', async () => {
    cloud.gnocchi = () => refusal(403, 'Forbidden', 'Insufficient privileges');
    expect(await one()).toEqual({ points: [], missing: 'Insufficient privileges' });
    cloud.gnocchi = () => refusal(503, 'Service Unavailable', 'Unable to contact the indexer');
    await expect(one()).rejects.toMatchObject({ name: 'ProviderError', kind: 'unavailable', message: 'Unable to contact the indexer' });
    cloud.gnocchi = () => ({
      status: 429,
      body: { code: 429, title: 'Too Many Requests', description: 'slow down' },
      headers: { 'retry-after': '3' },
    });
    await expect(one()).rejects.toMatchObject({ kind: 'throttled', retryAfterMs: 3000 });
    cloud.gnocchi = () => ({ status: 200, raw: '<html>Sign in</html>', headers: { 'content-type': 'text/html' } });
    await expect(one()).rejects.toMatchObject({ kind: 'unavailable' });
    cloud.gnocchi = () => ({ status: 200, body: {}, cut: true });
    await expect(one()).rejects.toMatchObject({ kind: 'timeout', maybeDone: false });
    await expect(driver.meters?.sample([query()], { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'ProviderError' });
  });
  it.each([
    null,
    '',
    [],
    {},
    'odd',
    17,
    true,
    [null],
    [[null]],
    { [SERVER]: null },
    { [SERVER]: { cpu: 7 } },
    { [SERVER]: { cpu: { mean: [[1]] } } },
  ])('takes odd measures (%j) for none', async (measures) => {
    cloud.gnocchi = () => ({ status: 200, body: { measures, references: [{ id: SERVER, metrics: {} }, null, {}, 'x'] } });
    const series = await one().catch((error: unknown) => error);
    if (measures === null) expect(series).toMatchObject({ name: 'ProviderError', kind: 'unavailable' });
    else expect(series).toEqual({ points: [] });
  });
  it('puts points that come in any order into theirs, and drops what are none', async () => {
    const iso = (minutes: number) => new Date(at(minutes)).toISOString();
    const told = [
      [iso(10), 300, 90e9],
      [iso(5), 300, 60e9],
      [iso(0), 300, 30e9],
      [iso(15), 60, 1],
      [iso(15), 300, null],
      ['never', 300, 5],
    ];
    cloud.gnocchi = () => ({ status: 200, body: { measures: { [SERVER]: { cpu: { mean: told } } }, references: [{ id: SERVER }] } });
    expect(values(await one())).toEqual([
      [5, 10],
      [10, 10],
    ]);
  });
});
