import { join } from 'node:path';
import { seededDisk } from '../../drivers/simulator/contents';
import { openControl } from '../../drivers/simulator/control';
import { encodeId } from '../../src/clouds/identity';
import { digestOf } from '../../src/disks/content-digest';
import { type Ec2Account, startEc2 } from '../backends/ec2';
import { motoAvailable } from '../backends/moto';
import { describeWith } from '../backends/need';
import { Client, type Json } from '../harness/client';
import { simulatedCloud, startTestGateway, type TestGateway } from '../harness/gateway';
import { succeeded } from '../protocol/scene';
import { CLOUD, ec2Config } from './ec2-world';

/** Images copied into EC2 as blocks and out of it again (5.14.7.1, 5.15.8.1): what comes back is what was there. */

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
});
