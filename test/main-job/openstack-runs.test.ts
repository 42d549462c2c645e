import { encodeId } from '../../src/clouds/identity';
import { CIMI } from '../../src/model/define';
import { describeWith } from '../backends/need';
import { hypervisorAvailable, startHypervisor } from '../backends/openstack';
import { startOpenstackAccount, type OpenstackAccount } from '../backends/openstack-account';
import { bootSector } from '../backends/qemu';
import { bytes, startOrigin, type Origin } from '../fetch/origin';
import { Client, type Json } from '../harness/client';
import { simulatedCloud, startTestGateway, type TestGateway } from '../harness/gateway';
import { eventually } from '../harness/wait';
import { made, succeeded } from '../protocol/scene';

/** A disk that is moved into an OpenStack whose servers really run, and a Machine made of it. */
const TEXT = 'the machine that was moved here runs';
const PRIVATE = 'private';

describeWith('OpenStack with libvirt and QEMU', hypervisorAvailable(), () => {
  let account: OpenstackAccount;
  let gateway: TestGateway;
  let client: Client;
  let origin: Origin;
  let flavor: string;

  beforeAll(async () => {
    account = await startOpenstackAccount();
    flavor = await startHypervisor();
    // The flavor is nobody's: others' servers stay where they were.
    await account.admin.call('POST', 'compute', `/flavors/${flavor}/action`, { addTenantAccess: { tenant: account.direct.projectId } });
    origin = await startOrigin({ '/disk.raw': bytes(Buffer.concat([bootSector(TEXT)], 2 ** 20)) });
    const config = {
      fetch: { hosts: [`127.0.0.1:${origin.port}`], schemes: ['http'], addresses: ['127.0.0.1/32'] },
      clouds: {
        simulated: simulatedCloud(),
        [PRIVATE]: { driver: 'openstack', guard: { cacheMs: 300 }, options: { ...account.options, settleMs: 1000 } },
      },
    };
    gateway = await startTestGateway({ config });
    client = new Client(gateway.base);
  }, 1_800_000);
  afterAll(async () => {
    await gateway.stop();
    await origin.close();
    await account.admin.call('POST', 'compute', `/flavors/${flavor}/action`, {
      removeTenantAccess: { tenant: account.direct.projectId },
    });
    await account.stop();
  });

  const imageIn = (cloud: string, location: string): Promise<Json> =>
    made(client, 'machineImages', { resourceURI: `${CIMI}/MachineImage`, name: 'disk', cloud, imageLocation: location });

  test('a Machine of an image that came from another cloud runs what is on its disk', async () => {
    const before = await imageIn('simulated', `${origin.url}disk.raw`);
    const image = await imageIn(PRIVATE, String(before.id));
    const machine = await made(client, 'machines', {
      ...{ resourceURI: `${CIMI}/MachineCreate`, name: 'moved' },
      machineTemplate: {
        machineConfig: { href: `machineConfigs/${encodeId(PRIVATE, flavor)}` },
        machineImage: { href: image.id },
        initialState: 'STARTED',
      },
    });
    expect(machine.state).toBe('STARTED');
    const [server = ''] = await account.servers();
    const said = await eventually(async () => {
      const { output } = await account.direct.call<{ output: string }>('POST', 'compute', `/servers/${server}/action`, {
        'os-getConsoleOutput': {},
      });
      return output.includes(TEXT) ? output : undefined;
    });
    expect(said).toContain(TEXT);
    for (const { id } of [machine, image]) await succeeded(client, await client.delete(String(id)));
    expect(await account.leftovers()).toEqual([]);
  });
});
