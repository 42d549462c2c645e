import type { ProviderEvent } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Value } from '../../src/model/values';
import { impaired, planned, withStatus } from '../backends/ec2-status';
import { motoAvailable } from '../backends/moto';
import { describeWith } from '../backends/need';
import { context } from './counterpart';
import { Ec2Bench } from './ec2-kit';

const REBOOT = { id: 'instance-event-1', code: 'system-reboot', description: 'scheduled reboot', notBefore: '2026-12-05T10:00:00.000Z' };

describeWith('moto', motoAvailable(), () => {
  let bench: Ec2Bench;
  let machines: string[];
  beforeAll(async () => {
    bench = await Ec2Bench.start();
    // Three pages of the five that a page has here.
    machines = await bench.account.launch(12);
  }, 300_000);
  afterAll(() => bench.stop());

  const since = async (cursor?: Value): Promise<{ events: readonly ProviderEvent[]; cursor: Value }> => {
    if (!bench.driver.events) throw new Error('no events');
    const { events, cursor: next } = await bench.driver.events.since(cursor, context());
    return { events, cursor: JSON.parse(JSON.stringify(next)) as Value };
  };
  /** Lets EC2 tell of one instance what moto does not, until it is taken back. */
  const tell = (machine: string, ...parts: string[]) =>
    bench.account.proxy.add({ action: 'DescribeInstanceStatus', rewrite: (xml) => withStatus(xml, machine, parts) });

  test('what EC2 plans is told once, whatever page it is on, and again when it changes or is over', async () => {
    const [machine = ''] = machines.slice(-1);
    let end = tell(machine, planned(REBOOT));
    const before = bench.account.proxy.count('DescribeInstanceStatus');
    const first = await since();
    expect(bench.account.proxy.count('DescribeInstanceStatus') - before).toBe(3);
    expect(first.events).toEqual([
      expect.objectContaining({ type: 'Machine', key: machine, kind: 'alarm', code: 'system-reboot', severity: 'high' }),
    ]);
    const second = await since(first.cursor);
    expect(second.events).toEqual([]);
    end();
    end = tell(machine, planned({ ...REBOOT, notBefore: '2026-12-07T10:00:00.000Z' }));
    const third = await since(second.cursor);
    expect(third.events.map(({ detail }) => detail)).toEqual([expect.stringMatching(/not before 2026-12-07/)]);
    end();
    end = tell(machine, planned({ ...REBOOT, description: '[Completed] scheduled reboot' }));
    const fourth = await since(third.cursor);
    expect(fourth.events).toEqual([
      expect.objectContaining({ key: machine, severity: 'low', detail: expect.stringMatching(/completed/) as string }),
    ]);
    // Who asks for the first time is told what is pending alone.
    expect((await since()).events).toEqual([]);
    end();
    expect(await since(fourth.cursor)).toEqual({ events: [], cursor: [] });
  });

  test('a check that fails is an alarm since it fails, and again when it is passed', async () => {
    const [machine = ''] = machines;
    const { cursor } = await since();
    let end = tell(machine, impaired('systemStatus', 'impaired', '2026-11-30T11:00:00.000Z'));
    const failed = await since(cursor);
    expect(failed.events).toEqual([
      expect.objectContaining({
        key: machine,
        code: 'system-status-impaired',
        severity: 'critical',
        at: Date.parse('2026-11-30T11:00:00Z'),
      }),
    ]);
    end();
    end = tell(machine, impaired('systemStatus', 'initializing'));
    const waiting = await since(failed.cursor);
    expect(waiting.events).toEqual([]);
    end();
    end = tell(machine, impaired('systemStatus', 'ok'));
    const passed = await since(waiting.cursor);
    expect(passed.events.map(({ code }) => code)).toEqual(['system-status-ok']);
    expect((await since(passed.cursor)).events).toEqual([]);
    end();
  });

  test('an event without its times and words, and an instance without its id, spoil nothing', async () => {
    const [machine = ''] = machines;
    const end = tell(machine, '<eventsSet><item><code>instance-stop</code></item><item/></eventsSet>');
    const codes = (await since()).events.map(({ code }) => code);
    expect(codes).toEqual(['instance-stop', 'unknown']);
    end();
    const nameless = bench.account.proxy.add({
      action: 'DescribeInstanceStatus',
      rewrite: (xml) => xml.replace(/<instanceId>[^<]*<\/instanceId>/, ''),
    });
    expect((await since()).events).toEqual([]);
    nameless();
  });

  test('a refusal is told as such, and a cursor that is none begins anew', async () => {
    const end = bench.account.proxy.add({ action: 'DescribeInstanceStatus', fail: { code: 'UnauthorizedOperation', status: 403 } });
    const error: unknown = await since().catch((thrown: unknown) => thrown);
    end();
    expect(error instanceof ProviderError && error.kind).toBe('forbidden');
    for (const cursor of ['nonsense', 7, { a: [1] }]) expect((await since(cursor)).events).toEqual([]);
  });
});
