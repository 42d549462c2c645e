import { StopInstancesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { CIMI } from '../../src/model/define';
import { startEc2, TEST_KEYS, TEST_REGION, type Ec2Account } from '../backends/ec2';
import { planned, withStatus } from '../backends/ec2-status';
import { motoAvailable } from '../backends/moto';
import { describeWith } from '../backends/need';
import { comesTrue, waitUntil } from '../harness/wait';
import { made } from '../protocol/scene';
import { Watching } from './watching';

/** The watcher over EC2: what somebody does with the AWS console, what EC2 plans, and what CloudWatch measures beyond a threshold. */
describeWith('moto', motoAvailable(), () => {
  let account: Ec2Account;
  let watching: Watching;
  beforeAll(async () => {
    account = await startEc2();
    const options = { region: TEST_REGION, endpoint: account.url, cloudWatchEndpoint: account.url, ...TEST_KEYS };
    watching = await Watching.start({ driver: 'ec2', options });
  });
  afterAll(async () => {
    await watching.stop();
    await account.stop();
  });

  const rounds = async (): Promise<void> => {
    const before = account.proxy.count('DescribeInstanceStatus');
    await waitUntil(() => account.proxy.count('DescribeInstanceStatus') >= before + 3);
  };
  /** Launches an instance past the gateway, and waits until the watcher has told of it. @returns its id, and its log */
  const launched = async (): Promise<{ id: string; log: string }> => {
    const [id = ''] = await account.launch(1);
    const log = await watching.logOf(`machines/it.${id}`);
    await comesTrue(async () => expect(await watching.told(log)).toEqual(['model create']));
    return { id, log };
  };
  const alarms = async (log: string) => (await watching.events(log)).filter(({ type }) => String(type).endsWith('/alarm'));

  test('a machine that is launched, stopped and terminated behind the back is told as such, each once; a restart tells nothing', async () => {
    const { id, log } = await launched();
    await account.direct.send(new StopInstancesCommand({ InstanceIds: [id] }));
    await comesTrue(async () => expect(await watching.told(log)).toEqual(['model create', 'state STARTED STOPPED']));
    await watching.restart();
    await rounds();
    expect(await watching.told(log)).toEqual(['model create', 'state STARTED STOPPED']);
    await account.direct.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    const path = `machines/it.${id}`;
    const changes = async () => {
      const events = await watching.store.events({ tenant: 'default', resource: path, limit: 10 });
      return events.reverse().map(({ content: { state, change } }) => state ?? change);
    };
    await comesTrue(async () => expect(await changes()).toEqual(['create', 'STOPPED', 'delete']));
  });

  test('what EC2 plans for a machine is an alarm in its log, once', async () => {
    const { id, log } = await launched();
    const plan = {
      id: 'instance-event-9',
      code: 'instance-retirement',
      description: 'will be retired',
      notBefore: '2030-01-01T00:00:00.000Z',
    };
    const end = account.proxy.add({ action: 'DescribeInstanceStatus', rewrite: (xml) => withStatus(xml, id, [planned(plan)]) });
    await comesTrue(async () => expect(await alarms(log)).toHaveLength(1));
    await rounds();
    await watching.restart();
    await rounds();
    expect(await alarms(log)).toMatchObject([
      {
        severity: 'critical',
        content: { code: 'instance-retirement', detail: expect.stringMatching(/2030-01-01.*will be retired/) as string },
        about: { href: `${watching.client.base}machines/it.${id}` },
      },
    ]);
    end();
  });

  test('a Meter whose threshold CloudWatch’s values cross makes an alarm, and another when they are back', async () => {
    const { id, log } = await launched();
    const FIVE = 300_000;
    // The newest period that has ended.
    const newest = Math.floor(Date.now() / FIVE) * FIVE - FIVE;
    const cpu = (at: number, value: number) => account.measure({ metric: 'CPUUtilization', key: id, points: [[at, value]] });
    await cpu(newest - FIVE, 97.5);
    const meterConfig = { aspect: `${CIMI}/aspect/cpu`, units: 'percent', sampleInterval: 300, timeScope: 'Point', isContinuous: true };
    const body = { resourceURI: `${CIMI}/MeterCreate`, name: 'load', above: '90', meterTemplate: { meterConfig } };
    const meter = await made(watching.client, `machines/it.${id}/meters`, body);
    await comesTrue(async () => {
      await watching.store.transaction((unit) => unit.wakeTask('alarms'));
      expect((await alarms(log)).map(({ content }) => content)).toMatchObject([{ code: 'cpu-above' }]);
    });
    expect(await alarms(log)).toMatchObject([
      {
        ...{ severity: 'high', outcome: 'Warning', timestamp: new Date(newest - FIVE).toISOString() },
        content: {
          code: 'cpu-above',
          detail: expect.stringMatching(/^cpu is 97\.5 percent, above 90, says the Meter .*\(load\)$/) as string,
        },
      },
    ]);
    await cpu(newest, 12);
    await later(String(meter.id).replace(watching.client.base, ''));
    await comesTrue(async () => {
      await watching.store.transaction((unit) => unit.wakeTask('alarms'));
      expect(await alarms(log)).toMatchObject([
        { severity: 'high', content: { code: 'cpu-above' } },
        { severity: 'low', content: { code: 'cpu-back' } },
      ]);
    });
  });

  /** Lets the time come at which CloudWatch is asked for a Meter again, which takes minutes, and reads its samples then. */
  async function later(meter: string): Promise<void> {
    const { store } = watching;
    const reached = (await store.series([meter])).get(meter)?.reached;
    const batch = { meter, samples: [], reached: (reached ?? 0) - 900_000, builtOn: reached, memory: null, ageing: true };
    await store.transaction((unit) => unit.putSamples([batch]));
    expect((await watching.client.get(`${meter}/samples`)).json.samples).toHaveLength(2);
  }
});
