import { describeWith } from '../backends/need';
import { vcsimAvailable } from '../backends/vcsim';
import { startVsphere, type VsphereAccount } from '../backends/vsphere';
import { comesTrue, waitUntil } from '../harness/wait';
import { pathOf } from '../protocol/scene';
import { Watching } from './watching';

/** The watcher over vSphere: what somebody does in vCenter's own console, and what vCenter raises by itself. */
describeWith('vcsim', vcsimAvailable(), () => {
  let account: VsphereAccount;
  let watching: Watching;
  let key: string;
  beforeAll(async () => {
    account = await startVsphere({ machines: 2 });
    key = (await account.machines()).find(({ template }) => !template)?.key ?? '';
    watching = await Watching.start({ driver: 'vsphere', options: account.options });
  });
  afterAll(async () => {
    await watching.stop();
    await account.stop();
  });

  const power = (what: string): Promise<string> =>
    account.console(`<${what}VM_Task xmlns="urn:vim25"><_this type="VirtualMachine">${key}</_this></${what}VM_Task>`);
  const rounds = async (): Promise<void> => {
    const before = account.proxy.count('CreateCollectorForEvents');
    await waitUntil(() => account.proxy.count('CreateCollectorForEvents') >= before + 3);
  };

  test('a machine that is switched off and on behind the back is told once each, with the state before; a restart tells nothing', async () => {
    const log = await watching.logOf(`machines/it.${key}`);
    await power('PowerOff');
    await comesTrue(async () => expect(await watching.told(log)).toEqual(['state STARTED STOPPED']));
    await rounds();
    await watching.restart();
    await rounds();
    expect(await watching.told(log)).toEqual(['state STARTED STOPPED']);
    await power('PowerOn');
    await comesTrue(async () => expect(await watching.told(log)).toEqual(['state STARTED STOPPED', 'state STOPPED STARTED']));
    await rounds();
    expect(await watching.told(log)).toEqual(['state STARTED STOPPED', 'state STOPPED STARTED']);
  });

  test('an alarm of vCenter is an alarm in the log of its machine, once', async () => {
    const { client } = watching;
    const { eventLog } = (await client.get(`machines/it.${key}`)).json;
    const log = pathOf(client, (eventLog as { href?: string } | undefined)?.href);
    const status =
      `<alarm><name>CPU</name><alarm type="Alarm">alarm-1</alarm></alarm><source><name>n</name><entity type="VirtualMachine">${key}</entity></source>` +
      `<entity><name>n</name><entity type="VirtualMachine">${key}</entity></entity><from>green</from><to>red</to>`;
    await account.call(
      `<PostEvent xmlns="urn:vim25"><_this type="EventManager">EventManager</_this><eventToPost xsi:type="AlarmStatusChangedEvent"><key>0</key>` +
        `<chainId>0</chainId><createdTime>2026-01-01T00:00:00Z</createdTime><userName/>${status}</eventToPost></PostEvent>`,
    );
    const alarms = async () => (await watching.events(log)).filter(({ type }) => String(type).endsWith('/alarm'));
    await comesTrue(async () => expect(await alarms()).toHaveLength(1));
    await rounds();
    expect(await alarms()).toMatchObject([
      {
        severity: 'critical',
        content: { code: 'AlarmStatusChangedEvent', resource: { href: `${client.base}machines/it.${key}` } },
      },
    ]);
  });
});
