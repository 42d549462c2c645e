import type { Driver, SeriesQuery } from '../../src/clouds/driver';
import type { Value } from '../../src/model/values';
import { describeWith } from '../backends/need';
import { vcsimAvailable } from '../backends/vcsim';
import { context } from './counterpart';
import { vcenter } from './vsphere-kit';

const OPTION = 'config.vpxd.stats.maxQueryMetrics';
/** Answer of QueryOptions; the simulator has no such option. */
const option = (value: number) =>
  '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ' +
  'xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soapenv:Body><QueryOptionsResponse xmlns="urn:vim25"><returnval xsi:type="OptionValue">' +
  `<key>${OPTION}</key><value xsi:type="xsd:int">${value}</value></returnval></QueryOptionsResponse></soapenv:Body></soapenv:Envelope>`;

describeWith('vcsim', vcsimAvailable(), () => {
  describe('what vCenter measures and tells', () => {
    const vc = vcenter({ machines: 9, templates: 1 });
    const meters = (driver: Driver = vc.driver) => driver.meters ?? fail('no meters');
    const since = async (cursor?: Value) => vc.driver.events?.since(cursor, context()) ?? fail('no events');
    const fail = (words: string): never => {
      throw new Error(words);
    };
    const keys = async () => (await vc.account.machines()).filter(({ template }) => !template).map(({ key }) => key);
    const upTo = Math.floor(Date.now() / 300_000) * 300_000;
    const query = (key: string, more: Partial<SeriesQuery> = {}): SeriesQuery => ({
      ...{ type: 'Machine', key, aspect: 'cpu', interval: 20, after: upTo - 100_000, upTo },
      ...more,
    });
    const power = (key: string, what: string) =>
      vc.account.console(`<${what}VM_Task xmlns="urn:vim25"><_this type="VirtualMachine">${key}</_this></${what}VM_Task>`);
    const post = (type: string, inner: string) =>
      vc.account.call(
        `<PostEvent xmlns="urn:vim25"><_this type="EventManager">EventManager</_this><eventToPost xsi:type="${type}"><key>0</key>` +
          `<chainId>0</chainId><createdTime>2026-01-01T00:00:00Z</createdTime><userName/>${inner}</eventToPost></PostEvent>`,
      );
    /** Lets the driver open another session, and know of no limit. */
    const anew = async (): Promise<void> => {
      await vc.account.endSessions();
      await since();
    };
    afterEach(async () => void (await vc.account.sim.order({ maxQueryMetrics: 0 })));

    test('counters are found by name, and one query asks for all of a machine’s', async () => {
      const [key = ''] = await keys();
      const aspects = ['cpu', 'memory', 'inputBandwidth', 'outputBandwidth'];
      const series = await meters().sample(
        aspects.map((aspect) => query(key, { aspect })),
        context(),
      );
      expect(series.map(({ points, missing }) => [points.length, missing])).toEqual(aspects.map(() => [5, undefined]));
      expect(vc.account.proxy.count('QueryPerf')).toBe(1);
      await meters().sample([query(key, { interval: 300, after: upTo - 7_200_000 })], context());
      expect(vc.account.proxy.count('RetrievePropertiesEx')).toBe(1);
    });
    test('a machine that does not run has no points, and one that is gone has none with the reason', async () => {
      const [on = '', off = ''] = await keys();
      await power(off, 'PowerOff');
      const series = await meters().sample([query('vm-999999'), query(off), query(on), query('vm-999998')], context());
      expect(series.map(({ points }) => points.length)).toEqual([0, 0, 5, 0]);
      expect(series.map(({ missing }) => missing !== undefined)).toEqual([true, false, false, true]);
      await power(off, 'PowerOn');
    });
    test('a query asks for no more metrics than vCenter says that it takes', async () => {
      const all = (await keys()).flatMap((key) => ['cpu', 'memory'].map((aspect) => query(key, { aspect })));
      expect(all).toHaveLength(16);
      vc.account.proxy.add({ method: 'QueryOptions', times: 1, answer: { status: 200, body: option(5) } });
      await vc.account.sim.order({ maxQueryMetrics: 5 });
      await anew();
      const series = await meters().sample(all, context());
      expect(series.every(({ points }) => points.length === 5)).toBe(true);
      expect(vc.account.proxy.count('QueryPerf')).toBe(4);
    });
    test('where the limit cannot be read it is found, once', async () => {
      const all = (await keys()).flatMap((key) => ['cpu', 'memory'].map((aspect) => query(key, { aspect })));
      await vc.account.sim.order({ maxQueryMetrics: 4 });
      await anew();
      await meters().sample(all, context());
      const before = vc.account.proxy.count('QueryPerf');
      const series = await meters().sample(all, context());
      expect(series.every(({ points }) => points.length === 5)).toBe(true);
      expect(vc.account.proxy.count('QueryPerf') - before).toBe(4);
    });
    test('what the datastores hold is a point of now', async () => {
      const [key = ''] = await keys();
      const now = Date.now();
      const [series] = await meters().sample([query(key, { aspect: 'disk', interval: 300, after: now - 600_000, upTo: now })], context());
      expect(series?.points).toHaveLength(1);
      expect((series?.points[0]?.[0] ?? 0) % 300_000).toBe(0);
    });
    test('a failure of vCenter is one of the whole call', async () => {
      const [key = ''] = await keys();
      vc.account.proxy.add({ method: 'QueryPerf', fault: 'DatabaseError' });
      await expect(meters().sample([query(key)], context())).rejects.toMatchObject({ kind: 'unavailable' });
    });
    test('events are those after the cursor, in CIMI’s words, and no collector is left', async () => {
      const [key = ''] = await keys();
      const { events, cursor } = await since();
      expect(events).toEqual([]);
      await power(key, 'PowerOff');
      await power(key, 'PowerOn');
      const entity = (type: string, value: string) => `<name>n</name><entity type="${type}">${value}</entity>`;
      const status = (of: string) =>
        `<alarm><name>CPU</name><alarm type="Alarm">alarm-1</alarm></alarm><source>${of}</source><entity>${of}</entity><from>green</from><to>red</to>`;
      await post('AlarmStatusChangedEvent', status(entity('VirtualMachine', key)));
      await post('AlarmStatusChangedEvent', status(entity('HostSystem', 'host-1')));
      await post('GeneralUserEvent', '<message>not told</message>');
      const told = await since(JSON.parse(JSON.stringify(cursor)) as Value);
      expect(told.events).toMatchObject([
        { kind: 'state', code: 'VmPoweredOffEvent', state: 'STOPPED', type: 'Machine', key },
        { kind: 'state', code: 'VmPoweredOnEvent', state: 'STARTED', type: 'Machine', key },
        { kind: 'alarm', code: 'AlarmStatusChangedEvent', severity: 'critical', type: 'Machine', key },
        { kind: 'alarm', code: 'AlarmStatusChangedEvent', severity: 'critical' },
      ]);
      expect(told.events[3]?.key).toBeUndefined();
      expect(new Set(told.events.map(({ id }) => id)).size).toBe(4);
      expect(await since(told.cursor)).toEqual({ events: [], cursor: told.cursor });
      expect(vc.account.proxy.count('DestroyCollector')).toBe(vc.account.proxy.count('CreateCollectorForEvents'));
    });
    test('who asks first is told which alarms are raised, by their names', async () => {
      const [key = ''] = await keys();
      const status = (what: string) =>
        post('EventEx', `<eventTypeId>vcsim.vm.${what}</eventTypeId><objectId>${key}</objectId><objectType>VirtualMachine</objectType>`);
      await status('fatal');
      const { events } = await since();
      expect(events).toMatchObject([{ kind: 'alarm', code: 'AlarmStatusChangedEvent', severity: 'critical', type: 'Machine', key }]);
      expect(events[0]?.detail).toMatch(/^Alarm '.+' on .+ is red$/);
      expect((await since()).events).toEqual(events);
      await status('success');
      expect((await since()).events).toEqual([]);
    });
    test('a window that is none costs no query, and an interval that is none is refused', async () => {
      const [key = ''] = await keys();
      const series = await meters().sample([query(key, { after: upTo }), query(key, { interval: 0 })], context());
      expect(series.map(({ points, missing }) => [points.length, missing === undefined])).toEqual([
        [0, true],
        [0, false],
      ]);
      expect(vc.account.proxy.count('QueryPerf')).toBe(0);
    });
    // The simulator keeps a thousand of them.
    test('a page that is full is not the last', async () => {
      const [key = ''] = await keys();
      const { cursor } = await since();
      for (let index = 0; index < 1_000; index += 1)
        await post('VmMigratedEvent', `<vm><name>n</name><vm type="VirtualMachine">${key}</vm></vm>`);
      const told = await since(cursor);
      expect(told.events).toHaveLength(1_000);
      expect(new Set(told.events.map(({ id }) => id)).size).toBe(1_000);
      expect(vc.account.proxy.count('ReadNextEvents')).toBe(2);
    });
  });
});
