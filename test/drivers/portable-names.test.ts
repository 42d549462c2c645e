import { CIMI } from '../../src/model/define';
import { startEc2, TEST_IMAGE, TEST_KEYS, TEST_REGION, type Ec2Account } from '../backends/ec2';
import { answerXml } from '../backends/ec2-xml';
import { startFakeOpenstack, type FakeOpenstack } from '../backends/fake-openstack';
import { motoAvailable } from '../backends/moto';
import { type Availability, describeWith } from '../backends/need';
import { startVcsim, vcsimAvailable, type Vcsim } from '../backends/vcsim';
import { Client, type Json } from '../harness/client';
import { startTestGateway, type TestGateway } from '../harness/gateway';

const both: Availability = [motoAvailable(), vcsimAvailable()].find((one) => one !== true) ?? true;

const hrefOf = (value: unknown): string | undefined => (value as { href?: string } | undefined)?.href;

/** One name for images and sizes of EC2 (moto), OpenStack (our stand-in) and vSphere (vcsim), each found in its cloud's own way. */
describeWith('moto and vcsim', both, () => {
  let openstack: FakeOpenstack;
  let vcsim: Vcsim;
  let account: Ec2Account;
  let gateway: TestGateway;
  let client: Client;
  let debian: string;

  beforeAll(async () => {
    [openstack, vcsim, account] = await Promise.all([startFakeOpenstack(), startVcsim({ machines: 1, templates: 1 }), startEc2()]);
    debian = await uploaded('bookworm', { visibility: 'public' });
    await uploaded('mine', { visibility: 'private' });
    const stack = { authUrl: `${openstack.url}/v3`, username: 'ann', password: 'a-long-secret', projectName: 'web', settleMs: 0 };
    const vmware = { url: vcsim.url, username: vcsim.username, password: vcsim.password, insecure: true, settleMs: 0 };
    const amazon = { region: TEST_REGION, endpoint: account.url, ...TEST_KEYS, settleMs: 0 };
    const clouds = {
      stack: {
        driver: 'openstack',
        options: stack,
        images: { base: { properties: { os_distro: 'debian', visibility: 'public' } }, 'debian-12': 'default' },
        sizes: { small: 'small' },
      },
      vmware: { driver: 'vsphere', options: vmware, images: { base: 'template-*' }, sizes: { small: { cpu: 1, memory: 1_048_576 } } },
      amazon: {
        driver: 'ec2',
        options: amazon,
        images: {
          base: { owner: '801119661308', name: 'debian-12-*' },
          'debian-12': 'default',
          arm: { owner: 'amazon', name: 'debian-*', architecture: 'ARM' },
        },
        sizes: { small: 't3.micro' },
      },
    };
    gateway = await startTestGateway({ config: { worker: { sweepMs: 200 }, jobs: { graceMs: 10_000 }, clouds } });
    client = new Client(gateway.base);
  });
  afterAll(async () => {
    await gateway.stop();
    await vcsim.stop();
    await openstack.stop();
    await account.stop();
  });

  /** An image in Glance, as its owner describes it. */
  async function uploaded(name: string, more: object): Promise<string> {
    const body = JSON.stringify({ name, os_distro: 'debian', os_version: '12', disk_format: 'raw', container_format: 'bare', ...more });
    const headers = { 'content-type': 'application/json', 'x-auth-token': 'any' };
    const made = (await (await fetch(`${openstack.url}/image/v2/images`, { method: 'POST', headers, body })).json()) as { id: string };
    await fetch(`${openstack.url}/image/v2/images/${made.id}/file`, { method: 'PUT', headers: { 'x-auth-token': 'any' }, body: 'bytes' });
    return made.id;
  }

  const places = async (path: string): Promise<Record<string, string>> => {
    const { places: all = [] as unknown as Json } = (await client.get(path)).json;
    const told = (all as unknown as Json[]).map(({ cloud, machineImage, machineConfig, reason }): [string, string] => [
      String(cloud),
      String(hrefOf(machineImage ?? machineConfig) ?? reason).replace(client.base, ''),
    ]);
    return Object.fromEntries(told);
  };

  test('finds an image by its owner and name, by its properties, by its template’s name', async () => {
    const found = await places('machineImages/base');
    expect(found.amazon).toBe(`machineImages/amazon.${TEST_IMAGE}`);
    expect(found.stack).toBe(`machineImages/stack.${debian}`);
    expect(found.vmware).toMatch(/^machineImages\/vmware\.vm-\d+$/);
    expect((await places('machineImages/arm')).amazon).toBe('machineImages/amazon.ami-0c1a1f00000000002');
  });

  test('default is the newest of Debian’s own account, and the public image that Glance says is Debian 12', async () => {
    const image = (id: string, date: string) =>
      `<item><imageId>${id}</imageId><imageOwnerId>136693071363</imageOwnerId><isPublic>true</isPublic><architecture>x86_64</architecture>` +
      `<name>debian-12-amd64-${date}</name><creationDate>${date}T00:00:00.000Z</creationDate><imageState>available</imageState></item>`;
    const [old, newer] = [image('ami-0000000000000aaa1', '2026-01-01'), image('ami-0000000000000aaa2', '2026-03-01')];
    const answering = (when: (parameters: URLSearchParams) => boolean, images: string) =>
      account.proxy.add({
        action: 'DescribeImages',
        when: ({ parameters }) => when(parameters),
        answer: { status: 200, type: 'text/xml', body: answerXml('DescribeImages', `<imagesSet>${images}</imagesSet>`) },
      });
    const asked: Record<string, string>[] = [];
    const byOwner = answering((parameters) => {
      if (parameters.get('Owner.1') !== '136693071363') return false;
      asked.push(Object.fromEntries(parameters));
      return true;
    }, newer + old);
    const byId = answering((parameters) => parameters.get('ImageId.1') === 'ami-0000000000000aaa2', newer);
    expect(await places('machineImages/debian-12')).toEqual({
      amazon: 'machineImages/amazon.ami-0000000000000aaa2',
      stack: `machineImages/stack.${debian}`,
    });
    // What publishers have is asked for once in a while, narrowed down by EC2.
    await client.get('machineImages');
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ 'Filter.1.Name': 'name', 'Filter.1.Value.1': 'debian-12-amd64-*', 'Filter.2.Value.1': 'x86_64' });
    byOwner();
    byId();
  });

  test.each(['amazon', 'stack', 'vmware'])('one create makes a machine on %s', async (cloud) => {
    const machineTemplate = { machineConfig: { href: 'machineConfigs/small' }, machineImage: { href: 'machineImages/base' } };
    const answer = await client.post('machines', { resourceURI: `${CIMI}/MachineCreate`, name: `on-${cloud}`, cloud, machineTemplate });
    const job = await client.ended(answer);
    expect([job.state, job.statusMessage]).toEqual(['SUCCESS', expect.stringContaining(`machineImages/base is machineImages/${cloud}.`)]);
    expect((await client.get(String(answer.headers.get('location')))).json).toMatchObject({ cloud, memory: 1_048_576 });
  });
});
