import { type Ec2Account, startEc2, TEST_KEYS, TEST_REGION } from '../backends/ec2';
import { motoAvailable } from '../backends/moto';
import { describeWith } from '../backends/need';
import { openstackAvailable } from '../backends/openstack';
import { type OpenstackAccount, startOpenstackAccount } from '../backends/openstack-account';
import { brokerSuite, type Member } from './broker';
import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';

async function ec2Member(): Promise<Member> {
  const account: Ec2Account = await startEc2();
  const options = {
    region: TEST_REGION,
    endpoint: account.url,
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

async function openstackMember(): Promise<Member> {
  const account: OpenstackAccount = await startOpenstackAccount();
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

describeWith('EC2 (moto) and OpenStack in one configuration', bothAvailable(), () =>
  brokerSuite(async () => Promise.all([ec2Member(), openstackMember()])),
);

function bothAvailable(): true | { missing: string } {
  const moto = motoAvailable();
  return moto === true ? openstackAvailable() : moto;
}
