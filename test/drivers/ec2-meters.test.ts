import type { Driver, Series, SeriesQuery } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { changed, CLOUDWATCH, type MetricResult, questionIn } from '../backends/cloudwatch';
import { motoAvailable } from '../backends/moto';
import { describeWith } from '../backends/need';
import { context } from './counterpart';
import { Ec2Bench } from './ec2-kit';

const MINUTE = 60_000;
const FIVE = 5 * MINUTE;
/** End of the newest five minutes that are over for good: an hour ago. */
const NEWEST = Math.floor(Date.now() / FIVE) * FIVE - 12 * FIVE;
const window = { after: NEWEST - 4 * FIVE, upTo: NEWEST };

const ask = (key: string, aspect: string, more: Partial<SeriesQuery> = {}): SeriesQuery => ({
  type: key.startsWith('vol-') ? 'Volume' : 'Machine',
  key,
  aspect,
  interval: 300,
  ...window,
  ...more,
});
/** One value every `step`, the newest at NEWEST; in order of age. */
const each = (step: number, ...values: number[]): [number, number][] =>
  values.map((value, n) => [NEWEST - (values.length - 1 - n) * step, value]);

/** Keys that no other test uses: CloudWatch asks no instance whether it is there. */
let sequence = 0;
const key = (prefix = 'i') => `${prefix}-${(++sequence).toString(16).padStart(17, '0')}`;

describeWith('moto', motoAvailable(), () => {
  let bench: Ec2Bench;
  beforeAll(async () => {
    bench = await Ec2Bench.start();
  }, 300_000);
  afterAll(() => bench.stop());
  afterEach(() => Object.assign(bench.account.proxy.manners, { metrics: { ...CLOUDWATCH } }));

  const sample = async (queries: readonly SeriesQuery[], driver: Driver = bench.driver): Promise<readonly Series[]> => {
    if (!driver.meters) throw new Error('no meters');
    return driver.meters.sample(queries, context());
  };
  const refusal = async (queries: readonly SeriesQuery[]): Promise<ProviderError> => {
    const thrown: unknown = await sample(queries).catch((error: unknown) => error);
    if (!(thrown instanceof ProviderError)) throw new Error('nothing was refused');
    return thrown;
  };
  const rule = async <T>(more: Parameters<typeof bench.account.proxy.add>[0], run: () => Promise<T>): Promise<T> => {
    const end = bench.account.proxy.add({ action: 'GetMetricData', ...more });
    return run().finally(end);
  };
  const rewriting = <T>(change: (results: MetricResult[]) => MetricResult[], run: () => Promise<T>, times = 1) =>
    rule({ times, rewrite: changed(change) }, run);

  test('cpu is the mean in percent, traffic the sum by the seconds of its period', async () => {
    const [machine, volume] = [key(), key('vol')];
    await bench.account.measure(
      { metric: 'CPUUtilization', key: machine, points: each(FIVE, 10, 20, 30) },
      { metric: 'NetworkIn', key: machine, points: each(FIVE, 300, 600, 900) },
      { metric: 'NetworkOut', key: machine, points: each(FIVE, 3000, 6000, 9000) },
      { metric: 'VolumeReadBytes', key: volume, points: each(MINUTE, 1, 1, 1, 1, 296) },
      { metric: 'VolumeWriteBytes', key: volume, points: each(FIVE, 600) },
    );
    const points = await sample([
      ask(machine, 'cpu'),
      ask(machine, 'inputBandwidth'),
      ask(machine, 'outputBandwidth'),
      ask(volume, 'inputBandwidth'),
    ]);
    expect(points).toEqual([
      { points: each(FIVE, 10, 20, 30) },
      { points: each(FIVE, 1, 2, 3) },
      { points: each(FIVE, 10, 20, 30) },
      { points: each(FIVE, 2) },
    ]);
  });

  test('a coarser distance has the mean of its time, and a gap stays a gap', async () => {
    const machine = key();
    const hour = 12 * FIVE;
    const begin = Math.floor(NEWEST / hour) * hour - hour;
    await bench.account.measure({
      metric: 'NetworkIn',
      key: machine,
      points: [
        [begin, 1800],
        [begin + FIVE, 1800],
        [begin + 3 * FIVE, 3600],
      ],
    });
    const [coarse, fine] = await sample([
      ask(machine, 'inputBandwidth', { interval: 3600, after: begin - 1, upTo: begin }),
      ask(machine, 'inputBandwidth', { after: begin - 1, upTo: begin + 3 * FIVE }),
    ]);
    expect(coarse).toEqual({ points: [[begin, 2]] });
    expect(fine?.points).toEqual([
      [begin, 6],
      [begin + FIVE, 6],
      [begin + 3 * FIVE, 12],
    ]);
  });

  test('1,000 Meters cost two calls, a metric that is asked for twice is paid once', async () => {
    const before = bench.account.proxy.count();
    const queries = Array.from({ length: 1000 }, () => ask(key(), 'cpu'));
    expect((await sample(queries)).every(({ points, missing }) => points.length === 0 && missing === undefined)).toBe(true);
    expect(bench.account.proxy.count() - before).toBe(2);
    expect(bench.account.proxy.counts()['GetMetricData']).toBeGreaterThanOrEqual(2);
    const asked: number[] = [];
    await rule({ when: (call) => asked.push(questionIn(call).MetricDataQueries.length) > 100 }, () =>
      sample([ask('i-1', 'cpu'), ask('i-1', 'cpu')]),
    );
    expect(asked).toEqual([1]);
    const idle = bench.account.proxy.count();
    expect(await sample([])).toEqual([]);
    expect(
      await sample([ask('i-1', 'cpu', { after: NEWEST, upTo: NEWEST }), ask('i-1', 'cpu', { after: Date.now(), upTo: Date.now() + FIVE })]),
    ).toEqual([{ points: [] }, { points: [] }]);
    expect(bench.account.proxy.count()).toBe(idle);
  });

  test('an answer in pages, with partial data, is read to its end', async () => {
    const machines = [key(), key(), key()];
    await bench.account.measure(
      ...machines.map((machine) => ({ metric: 'CPUUtilization' as const, key: machine, points: each(FIVE, 1, 2, 3, 4) })),
    );
    bench.account.proxy.manners.metrics = { ...CLOUDWATCH, maxPoints: 5 };
    const before = bench.account.proxy.count('GetMetricData');
    expect(await sample(machines.map((machine) => ask(machine, 'cpu')))).toEqual(machines.map(() => ({ points: each(FIVE, 1, 2, 3, 4) })));
    expect(bench.account.proxy.count('GetMetricData') - before).toBe(3);
  });

  test('pages that never end are given up', async () => {
    const body = JSON.stringify({ MetricDataResults: [], NextToken: 'again' });
    const answer = { status: 200, type: 'application/x-amz-json-1.0', body };
    const error = await rule({ answer }, () => refusal([ask(key(), 'cpu')]));
    expect([error.kind, error.message]).toEqual(['unavailable', expect.stringMatching(/again and again/)]);
  });

  test('points in any order come in order, late ones with the next question, and a gap where a value is no number', async () => {
    const machine = key();
    await bench.account.measure({ metric: 'CPUUtilization', key: machine, points: each(FIVE, 1, 2, 3, 4) });
    const backwards = (results: MetricResult[]) =>
      results.map((one) => ({ ...one, Timestamps: one.Timestamps.toReversed(), Values: one.Values.toReversed() }));
    const late = (results: MetricResult[]) =>
      results.map((one) => ({ ...one, Timestamps: one.Timestamps.slice(0, 2), Values: one.Values.slice(0, 2) }));
    expect(await rewriting(backwards, () => sample([ask(machine, 'cpu')]))).toEqual([{ points: each(FIVE, 1, 2, 3, 4) }]);
    expect(await rewriting(late, () => sample([ask(machine, 'cpu')]))).toEqual([{ points: each(FIVE, 1, 2, 3, 4).slice(0, 2) }]);
    const [rest] = await sample([ask(machine, 'cpu', { after: NEWEST - 2 * FIVE })]);
    expect(rest).toEqual({ points: each(FIVE, 3, 4) });
    const odd = (results: MetricResult[]) =>
      results.map((one) => ({ ...one, Values: one.Values.map((value, n) => (n === 1 ? Number.NaN : value)) }));
    const [left] = await rewriting(odd, () => sample([ask(machine, 'cpu')]));
    expect(left).toEqual({ points: each(FIVE, 1, 2, 3, 4).filter(([, value]) => value !== 2) });
  });

  test.each([
    ['Forbidden', /does not let these credentials/],
    ['InternalError', /could not read this metric now: try later/],
  ])('%s of one metric is told of that one', async (StatusCode, words) => {
    const machines = [key(), key()];
    await bench.account.measure(
      ...machines.map((machine) => ({ metric: 'CPUUtilization' as const, key: machine, points: each(FIVE, 1, 2) })),
    );
    const spoil = ([one, ...others]: MetricResult[]) =>
      one ? [{ ...one, StatusCode, Messages: [{ Code: 'Later', Value: 'try later' }] }, ...others] : [];
    const told = await rewriting(spoil, () => sample(machines.map((machine) => ask(machine, 'cpu'))));
    expect(told).toEqual([{ points: [], missing: expect.stringMatching(words) as string }, { points: each(FIVE, 1, 2) }]);
  });

  test('a metric that the answer leaves out, or whose times do not fit its values, is not known', async () => {
    const machines = [key(), key(), key()];
    await bench.account.measure(
      ...machines.map((machine) => ({ metric: 'CPUUtilization' as const, key: machine, points: each(FIVE, 1, 2) })),
    );
    const spoil = ([, second, third]: MetricResult[]) => (second && third ? [{ ...second, Values: [1] }, third] : []);
    const told = await rewriting(spoil, () => sample(machines.map((machine) => ask(machine, 'cpu'))));
    expect(told.map(({ missing }) => missing)).toEqual([
      expect.stringMatching(/without a word/),
      expect.stringMatching(/do not go together/),
      undefined,
    ]);
  });

  test('what cannot be asked is answered without a call, and takes nothing from the others', async () => {
    const machine = key();
    await bench.account.measure({ metric: 'CPUUtilization', key: machine, points: each(FIVE, 1) });
    const queries = [
      ask(machine, 'memory'),
      ask('vol-1', 'cpu'),
      ask('i-no', 'cpu'),
      { ...ask(machine, 'cpu'), type: 'Network' },
      ask(machine, 'cpu', { interval: 90 }),
    ];
    const before = bench.account.proxy.count('GetMetricData');
    for (const { points, missing } of await sample(queries)) expect([points, missing]).toEqual([[], expect.stringMatching(/CloudWatch/)]);
    expect(bench.account.proxy.count('GetMetricData')).toBe(before);
    expect((await sample([...queries, ask(machine, 'cpu')])).at(-1)).toEqual({ points: each(FIVE, 1) });
  });

  test.each([
    [{ code: 'AccessDenied', status: 403 }, 'forbidden'],
    [{ code: 'AccessDeniedException', status: 400 }, 'forbidden'],
    [{ code: 'Throttling', status: 400 }, 'throttled'],
    [{ code: 'ThrottlingException', status: 400 }, 'throttled'],
    [{ code: 'InternalServiceFault', status: 500 }, 'unavailable'],
    [{ code: 'InvalidParameterValue', status: 400 }, 'invalid'],
  ])('a refusal by %j is %s', async (fail, kind) => {
    const error = await rule({ fail, times: 1 }, () => refusal([ask(key(), 'cpu')]));
    expect([error.kind, error.code?.replace(/Exception$/, '')]).toEqual([kind, fail.code.replace(/Exception$/, '')]);
  });

  test.each([
    ['a portal’s page', { status: 200, type: 'text/html', body: '<html>Please log in</html>' }],
    ['an empty body', { status: 200, type: 'application/json', body: '' }],
    ['JSON of somebody else', { status: 200, type: 'application/json', body: '{"status":"ok"}' }],
    ['a document that was cut off', { status: 200, type: 'application/json', body: '{"MetricDataResults": [{"Id": "q0"' }],
    ['a proxy’s refusal', { status: 403, type: 'application/json', body: '{"message":"Forbidden"}' }],
    [
      'a document in which a time is none',
      { status: 200, type: 'application/json', body: '{"MetricDataResults": [{"Id": "q0", "Timestamps": ["then"], "Values": [1]}]}' },
    ],
  ])('%s is no answer', async (_name, answer) => {
    const error = await rule({ answer, times: 1 }, () => refusal([ask(key(), 'cpu')]));
    expect([error.kind, error.code]).toEqual(['unavailable', undefined]);
  });

  test('an answer that is lost on the way, and a call that is given up, are told as such', async () => {
    expect((await rule({ drop: 'after', times: 1 }, () => refusal([ask(key(), 'cpu')]))).kind).toBe('timeout');
    const given = bench.driver.meters?.sample([ask(key(), 'cpu')], { signal: AbortSignal.abort() });
    await expect(given).rejects.toBeInstanceOf(ProviderError);
  });

  test('a Meter of a minute has the points of detailed monitoring, and of basic monitoring those of five minutes', async () => {
    const [basic] = await bench.account.launch(1);
    const [detailed] = await bench.account.launch(1, { Monitoring: { Enabled: true } });
    if (basic === undefined || detailed === undefined) throw new Error('not launched');
    await bench.account.measure(
      { metric: 'NetworkIn', key: basic, points: each(FIVE, 600, 900) },
      { metric: 'NetworkIn', key: detailed, points: each(MINUTE, 60, 120, 180) },
    );
    const before = bench.account.proxy.counts();
    const told = await sample([basic, detailed].map((machine) => ask(machine, 'inputBandwidth', { interval: 60 })));
    expect(told).toEqual([{ points: each(FIVE, 2, 3) }, { points: each(MINUTE, 1, 2, 3) }]);
    const after = bench.account.proxy.counts();
    for (const action of ['DescribeInstances', 'GetMetricData']) expect((after[action] ?? 0) - (before[action] ?? 0)).toBe(1);
    await bench.account.terminate([basic, detailed]);
  });

  test('with detailedMonitoring new machines have it; where no CloudWatch is, nothing is measured', async () => {
    const driver = await bench.connect({ detailedMonitoring: true });
    const asked: boolean[] = [];
    const end = bench.account.proxy.add({
      action: 'RunInstances',
      when: (call) => asked.push(call.parameters.get('Monitoring.Enabled') === 'true') < 0,
    });
    const machine = await bench.machine({}, driver);
    end();
    expect(asked).toEqual([true]);
    expect(driver.meters?.offers()).toContainEqual(expect.objectContaining({ type: 'Machine', aspect: 'cpu', resolution: 60 }));
    await bench.drop(machine);
    await driver.close();
    const elsewhere = await bench.connect({ cloudWatchEndpoint: undefined });
    expect(elsewhere.meters).toBeUndefined();
    await elsewhere.close();
  });

  test('check tells a permission that is missing', async () => {
    const finding = async (permission: string) =>
      (await bench.driver.check(context())).find(({ what }) => what === `Permission ${permission}`);
    expect(await finding('cloudwatch:GetMetricData')).toEqual({ ok: true, what: 'Permission cloudwatch:GetMetricData' });
    const fail = { code: 'AccessDenied', message: 'not authorized to perform: cloudwatch:GetMetricData', status: 403 };
    const missing = await rule({ fail }, () => finding('cloudwatch:GetMetricData'));
    expect(missing).toMatchObject({ ok: false, message: expect.stringMatching(/to read the samples of meters.*not authorized/) as string });
    const end = bench.account.proxy.add({ action: 'DescribeInstanceStatus', fail: { code: 'UnauthorizedOperation', status: 403 } });
    const status = await finding('ec2:DescribeInstanceStatus');
    end();
    expect(status).toMatchObject({ ok: false });
  });
});
