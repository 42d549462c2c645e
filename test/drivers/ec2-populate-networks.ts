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

/** Ways by which the account comes to hold things of a group of networks. */
export const NETWORK_POPULATION: Readonly<Record<string, (account: Ec2Account, count: number) => Promise<Undo>>> = {
  networks: subnets,
  networkPorts: ports,
  interfaces,
  addresses,
  forwardingGroups: vpcs,
};

export const NETWORK_PAGES: Readonly<Partial<Record<ListedGroup, number>>> = {
  interfaces: 5,
  networks: 5,
  networkPorts: 5,
  addresses: 5,
  forwardingGroups: 5,
};
