import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { startEc2, TEST_KEYS, TEST_REGION } from '../backends/ec2';
import { startOpenstackAccount } from '../backends/openstack-account';
import { startVsphere } from '../backends/vsphere';
import type { Member } from './broker';

/** The clouds that are configured together, each over its counterpart, with nothing in it. */

export async function ec2Member(): Promise<Member> {
  const account = await startEc2();
  const options = {
    region: TEST_REGION,
    endpoint: account.url,
    cloudWatchEndpoint: account.url,
    ...TEST_KEYS,
    imageOwners: ['self', 'amazon', '099720109477'],
    settleMs: 300,
  };
  return {
    key: 'aws',
    config: { driver: 'ec2', options },
    machineConfig: 't3.micro',
    machineImage: 'debian-12-amd64',
    down: () => account.proxy.add({ drop: 'before' }),
    machines: async () => {
      const { Reservations = [] } = await account.direct.send(new DescribeInstancesCommand({ MaxResults: 1000 }));
      const alive = Reservations.flatMap(({ Instances = [] }) => Instances).filter(({ State }) => State?.Name !== 'terminated');
      return alive.flatMap(({ InstanceId }) => InstanceId ?? []);
    },
    leftovers: () => account.leftovers(),
    stop: () => account.stop(),
  };
}

export async function openstackMember(): Promise<Member> {
  const account = await startOpenstackAccount();
  return {
    key: 'stack',
    config: { driver: 'openstack', options: { ...account.options, settleMs: 300 } },
    machineConfig: 'm1.tiny',
    machineImage: 'cirros',
    down: () => account.proxy.add({ drop: 'before' }),
    machines: () => account.servers(),
    leftovers: () => account.leftovers(),
    stop: () => account.stop(),
  };
}

export async function vsphereMember(): Promise<Member> {
  const account = await startVsphere({ machines: 1, templates: 1 });
  return {
    key: 'vc',
    config: { driver: 'vsphere', options: { ...account.options, settleMs: 300 } },
    machineConfig: 'small',
    machineImage: 'template-0',
    down: () => account.proxy.add({ drop: 'before' }),
    machines: async () => (await account.machines()).filter(({ template }) => !template).map(({ key }) => key),
    leftovers: () => account.leftovers(),
    stop: () => account.stop(),
  };
}
