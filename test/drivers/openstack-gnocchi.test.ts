import type { Driver, Series, SeriesQuery } from '../../src/clouds/driver';
import { driver as module } from '../../drivers/openstack/index';
import { describeWith } from '../backends/need';
import { metricsAvailable } from '../backends/openstack';
import { type OpenstackAccount, startOpenstackAccount } from '../backends/openstack-account';
import { every, measure, past, USUAL } from '../backends/openstack-metrics';
import { waitUntil } from '../harness/wait';
import { context } from './counterpart';

/** Gnocchi itself, filled as Ceilometer fills it, and Nova's own diagnostics and log. */

const NOTHING = '00000000-0000-4000-8000-000000000000';
let sequence = 0;
const uuid = (): string =>
  `${Date.now().toString(16).padStart(12, '0').slice(-8)}-${(process.pid % 65536).toString(16).padStart(4, '0')}-4000-8000-${String((sequence += 1)).padStart(12, '0')}`;

describeWith('OpenStack, measured', metricsAvailable(), () => {
  let account: OpenstackAccount;
  let driver: Driver;
  let server: string;
  const from = past();
  const query = (more: Partial<SeriesQuery>): SeriesQuery => ({
    ...{ type: 'Machine', key: server, aspect: 'cpu', interval: 300, after: from, upTo: from + 1_800_000 },
    ...more,
  });
  const sample = async (...queries: SeriesQuery[]): Promise<readonly Series[]> => (await driver.meters?.sample(queries, context())) ?? [];
  const values = (series: Series | undefined) =>
    series?.points.map(([at, value]) => [(at - from) / 60_000, Math.round(value * 1000) / 1000]);
  const one = async (more: Partial<SeriesQuery>) => (await sample(query(more)))[0];

  beforeAll(async () => {
    account = await startOpenstackAccount();
    driver = await module.connect(module.options.parse(account.options), { dataDir: '', warn: () => undefined });
    [server = ''] = await account.launch(1);
    const cpu = { policy: USUAL, measures: every(from, [0, 150e9, 300e9, 300e9, 600e9]) };
    const memory = { policy: 'ceilometer-low', measures: every(from, [100, 200, 200.5]) };
    await measure(account, { type: 'instance', id: server, metrics: { cpu, 'memory.usage': memory } });
  }, 1_800_000);
  afterAll(async () => {
    await driver.close();
    await account.stop();
  });

  it('has a machine’s cpu in percent and its memory in bytes, one call for each', async () => {
    account.proxy.reset();
    const [cpu, memory] = await sample(query({}), query({ aspect: 'memory' }));
    expect(values(cpu)).toEqual([
      [5, 50],
      [10, 50],
      [15, 0],
      [20, 100],
    ]);
    expect(values(memory)).toEqual([
      [5, 209_715_200],
      [10, 210_239_488],
    ]);
    expect(account.proxy.calls().filter((call) => call.includes(' metric '))).toEqual([
      'POST metric /v1/aggregates',
      'POST metric /v1/aggregates',
    ]);
    expect(values(await one({ interval: 600 }))).toEqual([
      [10, 25],
      [20, 100],
    ]);
  });
  it('tells rates by the second where rate:mean is but a fifth of them', async () => {
    const id = uuid();
    const measures = Array.from({ length: 20 }, (_, n) => [from + n * 60_000 + 10_000, n * 6000] as const);
    const name = `tap${id.slice(0, 11)}`;
    const metrics = { 'network.incoming.bytes': { policy: USUAL, measures } };
    await measure(account, { type: 'instance_network_interface', id: uuid(), name, instance_id: uuid(), metrics });
    expect(values(await one({ type: 'NetworkPort', key: id, aspect: 'inputBandwidth', upTo: from + 900_000 }))).toEqual([
      [5, 100],
      [10, 100],
      [15, 100],
    ]);
    const grown = await account.admin.call<{ measures: Record<string, Record<string, { 'rate:mean': [string, number, number][] }>> }>(
      'POST',
      'metric',
      '/v1/aggregates?granularity=300',
      {
        operations: ['metric', 'network.incoming.bytes', 'rate:mean'],
        resource_type: 'instance_network_interface',
        search: { in: { name: [name] } },
      },
    );
    const [told] = Object.values(grown.measures);
    expect(told?.['network.incoming.bytes']?.['rate:mean'].at(-1)?.[2]).toBe(6000);
  });
  it('adds a machine’s interfaces, and takes a volume’s traffic from its device', async () => {
    const [machine = ''] = await account.launch(1);
    const { volume } = await account.direct.call<{ volume: { id: string } }>('POST', 'volumev3', '/volumes', { volume: { size: 1 } });
    const attach = { volumeAttachment: { volumeId: volume.id } };
    const path = `/servers/${machine}/os-volume_attachments`;
    await waitForVolume(account, volume.id, 'available');
    const { volumeAttachment } = await account.direct.call<{ volumeAttachment: { device: string } }>('POST', 'compute', path, attach);
    await waitForVolume(account, volume.id, 'in-use');
    const written = { 'disk.device.write.bytes': { policy: USUAL, measures: every(from, [0, 600]) } };
    const other = { 'disk.device.write.bytes': { policy: USUAL, measures: every(from, [0, 77_700]) } };
    const disk = { type: 'instance_disk', instance_id: machine } as const;
    await measure(account, { ...disk, id: uuid(), name: volumeAttachment.device.replace('/dev/', ''), metrics: written });
    await measure(account, { ...disk, id: uuid(), name: 'vdz', metrics: other });
    for (const bytes of [3000, 300]) {
      const metrics = { 'network.outgoing.bytes': { policy: USUAL, measures: every(from, [0, bytes]) } };
      await measure(account, { type: 'instance_network_interface', id: uuid(), name: 'tap', instance_id: machine, metrics });
    }
    const volumes = { type: 'Volume', key: volume.id };
    const answers = await sample(
      query({ ...volumes, aspect: 'inputBandwidth' }),
      query({ ...volumes, aspect: 'outputBandwidth' }),
      query({ key: machine, aspect: 'outputBandwidth' }),
    );
    expect(answers.map(values)).toEqual([[[5, 2]], [], [[5, 11]]]);
    expect(answers[1]?.missing).toContain('Gnocchi has no disk.device.read.bytes');
    await account.terminate([machine]);
    await waitForVolume(account, volume.id, 'available');
    await account.direct.call('DELETE', 'volumev3', `/volumes/${volume.id}`);
  }, 300_000);
  it('meets metrics by their own policies where these are others', async () => {
    const servers = await account.launch(4);
    const policies = ['by-minute', 'by-hour', 'rates-only', USUAL];
    const measures = every(from, [0, 60e9, 120e9, 180e9]);
    for (const [n, id] of servers.entries())
      await measure(account, { type: 'instance', id, metrics: { cpu: { policy: policies[n] ?? USUAL, measures } } });
    const asked = servers.map((key) => query({ key, upTo: from + 600_000 }));
    const answers = await sample(...asked);
    const twenty = [
      [5, 20],
      [10, 20],
    ];
    expect(answers.map(values)).toEqual([twenty, [], twenty, twenty]);
    expect(answers[1]?.missing).toBe('The archive policy by-hour of its cpu keeps points of 3600 s, none of 300 s');
    account.proxy.reset();
    expect(await sample(...asked)).toEqual(answers);
    expect(account.proxy.calls().filter((call) => call.includes(' metric '))).toEqual(Array(3).fill('POST metric /v1/aggregates'));
    await account.terminate(servers);
  }, 300_000);
  it('tells nothing of another project, and of what is not measured', async () => {
    const stranger = await startOpenstackAccount();
    const other = await module.connect(module.options.parse(stranger.options), { dataDir: '', warn: () => undefined });
    try {
      expect(values(await one({ aspect: 'memory' }))).toHaveLength(2);
      const asked = [query({ aspect: 'memory' }), query({ aspect: 'memory', key: NOTHING })];
      const answers = (await other.meters?.sample(asked, context())) ?? [];
      expect(answers.map(({ points }) => points)).toEqual([[], []]);
      for (const { missing } of answers) expect(missing).toContain('Gnocchi has no memory.usage');
      const [finding] = (await other.check(context())).filter(({ what }) => what === 'Reading measured values');
      expect(finding).toMatchObject({ ok: true, message: expect.stringContaining('no server of this project is measured yet') as string });
    } finally {
      await other.close();
      await stranger.stop();
    }
  }, 300_000);
  it('has diagnostics for administrators alone, as Nova’s policy says', async () => {
    const connect = (more: object) =>
      module.connect(module.options.parse({ ...account.options, meters: 'diagnostics', ...more }), { dataDir: '', warn: () => undefined });
    const member = await connect({});
    const asked = ['cpu', 'memory', 'inputBandwidth'].map((aspect) =>
      query({ aspect, after: Date.now() - 900_000, upTo: Date.now() + 60_000 }),
    );
    const refused = (await member.meters?.sample(asked, context())) ?? [];
    for (const { missing } of refused) expect(missing).toContain('os-server-diagnostics');
    await member.close();
    const admin = await connect({ username: 'admin', projectId: account.admin.projectId });
    await admin.meters?.sample(asked, context());
    const told = (await admin.meters?.sample(asked, context())) ?? [];
    // Nova's fake driver: a utilisation of 15 percent, no memory used, counters that stand still.
    expect(told.map(({ points }) => points.map(([, value]) => value))).toEqual([[15], [0], [0]]);
    await admin.close();
  });
  it('tells Nova’s log of a machine, and alarms for those in ERROR', async () => {
    const told = (await driver.events?.of?.({ type: 'Machine', key: server }, context())) ?? [];
    expect(told.map(({ code, kind, change }) => [code, kind, change])).toEqual([['create', 'model', 'create']]);
    await account.admin.call('POST', 'compute', `/servers/${server}/action`, { 'os-resetState': { state: 'error' } });
    const { events = [] } = (await driver.events?.since(undefined, context())) ?? {};
    expect(events).toMatchObject([{ kind: 'alarm', type: 'Machine', key: server, code: 'ERROR' }]);
  });
});

async function waitForVolume({ direct }: OpenstackAccount, id: string, status: string): Promise<void> {
  await waitUntil(
    async () => (await direct.call<{ volume: { status: string } }>('GET', 'volumev3', `/volumes/${id}`)).volume.status === status,
    () => `the volume is ${status}`,
  );
}
