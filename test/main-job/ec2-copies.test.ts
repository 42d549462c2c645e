import { join } from 'node:path';
import { DescribeNetworkInterfacesCommand } from '@aws-sdk/client-ec2';
import { seededDisk } from '../../drivers/simulator/contents';
import { openControl } from '../../drivers/simulator/control';
import { encodeId } from '../../src/clouds/identity';
import { digestOf } from '../../src/disks/content-digest';
import { type Ec2Account, startEc2 } from '../backends/ec2';
import { motoAvailable } from '../backends/moto';
import { describeWith } from '../backends/need';
import { Client, type Json } from '../harness/client';
import { simulatedCloud, startTestGateway, type TestGateway } from '../harness/gateway';
import { exported, machineIn } from '../packages/export-scene';
import { ACTION_URI, expectFault, listOf, made, succeeded } from '../protocol/scene';
import { CLOUD, ec2Config } from './ec2-world';

/**
 * Images copied into EC2 as blocks and out of it again (5.14.7.1, 5.15.8.1): what comes back is what was there. And a Machine that is
 * moved there with its address.
 */

/** Size that EC2 need not round up. */
const SIZE = 2 ** 30;
const DATA = 2 ** 20;

describeWith('moto', motoAvailable(), () => {
  let account: Ec2Account;
  let gateway: TestGateway;
  let client: Client;
  beforeAll(async () => {
    account = await startEc2();
    const { clouds, ...config } = ec2Config(account, { ebsEndpoint: account.url });
    const contents = { contentSize: SIZE, contentAllocated: DATA };
    gateway = await startTestGateway({
      config: { ...config, clouds: { ...clouds, from: simulatedCloud(contents), back: simulatedCloud(contents) } },
    });
    client = new Client(gateway.base);
    const control = openControl(join(gateway.dataDir, 'clouds', 'from', 'simulator.sqlite'));
    const named = { label: 'c', note: null, labels: {}, grade: 'x', bootable: false, madeAt: 0, tag: null, token: null };
    control.add([{ kind: 'copy', ...named, id: 'copy-1', sizeGiB: 1, timeline: [{ phase: 'ready', from: 0 }] }]);
    control.close();
  });
  afterAll(async () => {
    await gateway.stop();
    expect(await account.leftovers()).toEqual([]);
    await account.stop();
  });

  const copied = async (collection: string, cloud: string, imageLocation: unknown): Promise<Json> => {
    const answer = await client.post(collection, { name: `copied-to-${cloud}`, cloud, imageLocation });
    await succeeded(client, answer);
    return (await client.get(answer.headers.get('location') ?? '')).json;
  };

  test.each([
    ['machineImages', 'img-debian-12', (href: string) => href],
    ['volumeImages', 'copy-1', (href: string) => ({ href })],
  ])('%s', async (collection, key, reference) => {
    const sha256 = (await digestOf(seededDisk(key, SIZE, DATA))).replace('sha256:', '');
    const there = await copied(collection, CLOUD, reference(`${collection}/${encodeId('from', key)}`));
    expect(there).toMatchObject({ state: 'AVAILABLE', cloud: CLOUD, contentSha256: sha256 });
    const back = await copied(collection, 'back', reference(String(there.id)));
    expect(back).toMatchObject({ state: 'AVAILABLE', cloud: 'back', contentSha256: sha256 });
    for (const { id } of [there, back]) await succeeded(client, await client.delete(String(id)));
  });

  test('a Machine keeps its private address', async () => {
    const ip = '10.77.1.45';
    const block = '10.77.1.0/24';
    const group = await made(client, 'forwardingGroups', { cloud: CLOUD, cidr: '10.77.0.0/16', forwardingGroupTemplate: {} });
    const network = await made(client, 'networks', { cloud: CLOUD, cidr: block, networkTemplate: { forwardingGroup: { href: group.id } } });
    const lan = await made(client, 'networks', { name: 'lan', cloud: 'from', cidr: block, networkTemplate: {} });
    const machine = await machineIn(client, 'from', 'web', { networkInterfaces: [{ network: { href: lan.id }, addresses: [{ ip }] }] });
    const { url: source } = await exported(client, machine.id);
    const importing = (properties: object) =>
      client.post('systems', {
        ...{ action: `${ACTION_URI}import`, source },
        properties: { cloud: CLOUD, addresses: 'keep', 'ovf.network.lan': network.id, ...properties },
      });
    const plan = await succeeded(client, await importing({ plan: 'true' }));
    expect(listOf(plan, 'plan')).toContainEqual({ part: 'address of web', detail: `${ip} of network lan, kept` });
    const answer = await importing({});
    const job = await succeeded(client, answer);
    const Filters = [{ Name: 'addresses.private-ip-address', Values: [ip] }];
    const { NetworkInterfaces } = await account.direct.send(new DescribeNetworkInterfacesCommand({ Filters }));
    expect(NetworkInterfaces).toHaveLength(1);
    const shown = listOf((await client.get(`addresses?$filter=ip='${ip}' and cloud='${CLOUD}'`)).json, 'addresses');
    expect(shown.map((each) => each.network)).toEqual([{ href: network.id }]);
    expectFault(await importing({}), 409, /the machine 'web': 10\.77\.1\.45 of networks\/.* is in use: machines\//);
    await succeeded(client, await client.delete(answer.headers.get('location') ?? ''));
    for (const { href } of listOf(job, 'affectedResources'))
      if (/\/machineImages\//.test(String(href))) await succeeded(client, await client.delete(String(href)));
    for (const { id } of [network, group]) await succeeded(client, await client.delete(String(id)));
  });
});
