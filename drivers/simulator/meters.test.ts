import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Driver, Series, SeriesQuery } from '../../src/clouds/driver';
import { foreignInstance, openControl, type SimulatorControl } from './control';
import { driver as simulator } from './index';
import { optionsSchema } from './options';

const MINUTE = 60_000;
const context = () => ({ signal: AbortSignal.timeout(10_000) });

describe('what the simulated cloud measures', () => {
  /** A whole minute that is past. */
  const noon = Math.floor(Date.now() / MINUTE) * MINUTE - 10 * MINUTE;
  let dataDir: string;
  let control: SimulatorControl;
  let cloud: Driver;
  const connect = async (options: object = {}): Promise<Driver> =>
    simulator.connect(optionsSchema.parse(options), { dataDir, warn: () => undefined });
  const query = (more: Partial<SeriesQuery> = {}): SeriesQuery => ({
    ...{ type: 'Machine', key: 'vm-a', aspect: 'cpu', interval: 60, after: noon, upTo: noon + 3 * MINUTE },
    ...more,
  });
  const sample = async (...queries: SeriesQuery[]): Promise<readonly Series[]> => (await cloud.meters?.sample(queries, context())) ?? [];
  const times = ([series]: readonly Series[]): number[] => (series?.points ?? []).map(([at]) => (at - noon) / MINUTE);

  beforeEach(async () => {
    dataDir = mkdtempSync(join(tmpdir(), 'simulator-'));
    control = openControl(join(dataDir, 'simulator.sqlite'));
    cloud = await connect();
    control.add([foreignInstance('vm-a', noon - 60 * MINUTE), foreignInstance('vm-b', noon - 60 * MINUTE)]);
  });
  afterEach(async () => {
    await cloud.close();
    control.close();
    rmSync(dataDir, { recursive: true });
  });

  it('is every aspect of Table 53 that a Machine, a Volume, a Network and a NetworkPort can have', () => {
    const offers = (cloud.meters?.offers() ?? []).map(({ type, aspect }) => `${type} ${aspect}`);
    expect(offers.sort()).toEqual([
      ...['Machine cpu', 'Machine disk', 'Machine inputBandwidth', 'Machine memory', 'Machine outputBandwidth', 'Network bandwidth'],
      ...['NetworkPort inputBandwidth', 'NetworkPort outputBandwidth', 'Volume disk', 'Volume inputBandwidth', 'Volume outputBandwidth'],
    ]);
  });
  it('is the same for every process that asks, at every time', async () => {
    const first = await sample(query(), query({ key: 'vm-b' }), query({ aspect: 'memory' }));
    const other = await connect();
    expect(await other.meters?.sample([query({ after: noon + MINUTE })], context())).toEqual([{ points: first[0]?.points.slice(1) }]);
    await other.close();
    expect(first[0]?.points.map(([at]) => at)).toEqual([1, 2, 3].map((minutes) => noon + minutes * MINUTE));
    expect(new Set(first.flatMap(({ points }) => points.map(([, value]) => value))).size).toBe(9);
    for (const [at, value] of first[0]?.points ?? []) expect(control.measured({ type: 'Machine', key: 'vm-a' }, 'cpu', at)).toBe(value);
    for (const [, value] of first[0]?.points ?? []) expect(value > 0 && value < 100).toBe(true);
    for (const [, bytes] of first[2]?.points ?? []) expect(bytes > 0 && bytes < 2048 * 1024 ** 2).toBe(true);
  });
  it('comes as late as is set, no longer than it is kept, and not of a gap', async () => {
    const now = Date.now();
    control.set({ meterDelay: 300 });
    const [late] = await sample(query({ after: now - 8 * MINUTE, upTo: now }));
    // From 8 minutes ago to 5, whatever second it is.
    expect([2, 3, 4]).toContain(late?.points.length);
    control.set({ meterDelay: 0, meterGaps: [{ from: noon + 2 * MINUTE, to: noon + 3 * MINUTE, id: 'vm-a', quantity: 'cpu' }] });
    expect(times(await sample(query()))).toEqual([1, 3]);
    expect(times(await sample(query({ aspect: 'memory' })))).toEqual([1, 2, 3]);
    expect(times(await sample(query({ key: 'vm-b' })))).toEqual([1, 2, 3]);
    control.set({ meterKept: 120 });
    expect(await sample(query())).toEqual([{ points: [] }]);
    expect(cloud.meters?.offers()[0]).toEqual({ type: 'Machine', aspect: 'cpu', resolution: 60, delay: 0, kept: 120 });
  });
  it('has a gap for the time in which a machine was not running, and keeps it', async () => {
    const stopped = foreignInstance('vm-a', noon - 60 * MINUTE);
    control.add([{ ...stopped, timeline: [{ phase: 'stopped', from: noon + 1.5 * MINUTE }] }]);
    expect(times(await sample(query()))).toEqual([1]);
    control.add([{ ...stopped, timeline: [{ phase: 'running', from: noon + 2.5 * MINUTE }] }]);
    expect(times(await sample(query()))).toEqual([1, 3]);
  });
  it('is refused in words where there is none, beside what there is', async () => {
    const answers = await sample(
      query({ key: 'vm-none' }),
      query({ type: 'System' }),
      query({ type: 'Volume' }),
      query({ interval: 90 }),
      query({ interval: 0 }),
      query({ after: Number.NaN }),
      query(),
    );
    expect(answers.map(({ points, missing }) => [points.length, missing])).toEqual([
      [0, 'There is no instance vm-none'],
      [0, 'no cpu of a System is measured here'],
      [0, 'no cpu of a Volume is measured here'],
      [0, 'Points are 60 s apart, or a multiple of it, not 90 s'],
      [0, 'Points are 60 s apart, or a multiple of it, not 0 s'],
      [0, undefined],
      [3, undefined],
    ]);
  });
  it('fails as a whole in an outage, and costs one request for 500 questions', async () => {
    control.resetCalls();
    await sample(...Array.from({ length: 501 }, () => query()));
    expect(control.calls()).toEqual({ 'meters.sample': 2 });
    control.set({ meterOutage: true });
    await expect(sample(query())).rejects.toMatchObject({ name: 'ProviderError', kind: 'unavailable' });
  });
});
