import {
  AllocateAddressCommand,
  CreateNetworkInterfaceCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DeleteNetworkInterfaceCommand,
  DeleteSubnetCommand,
  DeleteVpcCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
  ReleaseAddressCommand,
} from '@aws-sdk/client-ec2';
import type { Ec2Account } from '../backends/ec2';
import type { ListedGroup } from '../../src/clouds/driver';
import type { Skip } from './counterpart';

/** Networks made past the gateway, by EC2's own API; each answers the way to take it away again. */

type Undo = () => Promise<void>;
const many = <T>(count: number, make: (n: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, n) => make(n)));

async function vpcs({ direct }: Ec2Account, count: number): Promise<Undo> {
  const made = await many(count, () => direct.send(new CreateVpcCommand({ CidrBlock: '192.168.0.0/16' })));
  return async () => {
    await Promise.all(made.map(({ Vpc }) => direct.send(new DeleteVpcCommand({ VpcId: Vpc?.VpcId }))));
  };
}

async function subnets({ direct }: Ec2Account, count: number): Promise<Undo> {
  const Filters = [{ Name: 'is-default', Values: ['true'] }];
  const VpcId = (await direct.send(new DescribeVpcsCommand({ Filters }))).Vpcs?.[0]?.VpcId;
  const made = await many(count, (n) => direct.send(new CreateSubnetCommand({ VpcId, CidrBlock: `172.31.${200 + n}.0/24` })));
  return async () => {
    await Promise.all(made.map(({ Subnet }) => direct.send(new DeleteSubnetCommand({ SubnetId: Subnet?.SubnetId }))));
  };
}

async function ports({ direct }: Ec2Account, count: number): Promise<Undo> {
  const SubnetId = (await direct.send(new DescribeSubnetsCommand({}))).Subnets?.[0]?.SubnetId;
  const made = await many(count, () => direct.send(new CreateNetworkInterfaceCommand({ SubnetId })));
  return async () => {
    for (const { NetworkInterface } of made)
      await direct.send(new DeleteNetworkInterfaceCommand({ NetworkInterfaceId: NetworkInterface?.NetworkInterfaceId }));
  };
}

async function interfaces(account: Ec2Account, count: number): Promise<Undo> {
  const ids = await account.launch(count);
  return () => account.terminate(ids);
}

/** Elastic IPs, which EC2 tells in one answer, and interfaces, each with an address or two. */
async function addresses(account: Ec2Account, count: number): Promise<Undo> {
  const made = await many(2, () => account.direct.send(new AllocateAddressCommand({ Domain: 'vpc' })));
  const undo = await interfaces(account, count);
  return async () => {
    await Promise.all(made.map(({ AllocationId }) => account.direct.send(new ReleaseAddressCommand({ AllocationId }))));
    await undo();
  };
}

/** How the account comes to hold things of a group of networks. */
export const NETWORK_POPULATION: Readonly<Record<string, (account: Ec2Account, count: number) => Promise<Undo>>> = {
  networks: subnets,
  networkPorts: ports,
  interfaces,
  addresses,
  forwardingGroups: vpcs,
};

export const NETWORK_GROUPS = ['interfaces', 'networks', 'networkPorts', 'addresses', 'forwardingGroups'] as const;

export const NETWORK_PAGES: Readonly<Partial<Record<ListedGroup, number>>> = Object.fromEntries(NETWORK_GROUPS.map((group) => [group, 5]));

/** Each is a fact of EC2; what is left of the test is in ec2-networks.test.ts. */
export const NETWORK_SKIPS: readonly Skip[] = [
  { test: 'a network is stopped and started, each also when it is so already', reason: 'EC2 cannot switch a subnet off' },
  { test: 'a network keeps its type when its packet size changes', reason: 'EC2 sets the packet size of its networks itself' },
  {
    test: 'a port is started, stopped and changed, and keeps its network from being deleted',
    reason: 'EC2 can neither switch an ENI off nor make it a trunk; that it keeps its network is in ec2-networks.test.ts',
  },
  {
    test: 'a dynamic address that was made static outlives the machine',
    reason: 'EC2 turns none of an interface’s addresses into an Elastic IP',
  },
  {
    test: 'an interface takes a port of its own network, and moves to another network',
    reason: 'EC2 changes neither state nor network of an attached ENI; taking a port is in ec2-networks.test.ts',
  },
  {
    test: 'a forwarding group takes networks in and lets them go, and only of one type',
    reason: 'a subnet stays in the VPC that it was made in; joining when it is made is in ec2-networks.test.ts',
  },
];
