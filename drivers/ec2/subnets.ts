import {
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
  type Filter,
  type Subnet,
  type Vpc,
} from '@aws-sdk/client-ec2';
import type { CallContext } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { batches, type ById, readByIds, type Wire } from './client';

const FILTER_VALUES = 200;

/** Key of the network that Elastic IPs are of: Amazon's own, which is no subnet. */
export const PUBLIC_NETWORK = 'public';

/** Pages of subnets. */
export async function* subnetPages(wire: Wire, Filters: Filter[] | undefined, context: CallContext): AsyncIterable<readonly Subnet[]> {
  const ask = (NextToken: string | undefined) =>
    wire.send(new DescribeSubnetsCommand({ Filters, MaxResults: wire.options.pageSize, NextToken }), context);
  for await (const page of wire.pages(ask)) yield subnetsOf(wire, page.Subnets);
}

/** Pages of VPCs. */
export async function* vpcPages(wire: Wire, Filters: Filter[] | undefined, context: CallContext): AsyncIterable<readonly Vpc[]> {
  const ask = (NextToken: string | undefined) =>
    wire.send(new DescribeVpcsCommand({ Filters, MaxResults: wire.options.pageSize, NextToken }), context);
  for await (const page of wire.pages(ask)) yield vpcsOf(wire, page.Vpcs);
}

/** Collects all entries of all pages. */
export async function whole<T>(pages: AsyncIterable<readonly T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const page of pages) all.push(...page);
  return all;
}

/** Subnets by id. */
export async function subnetsById(wire: Wire, ids: readonly string[], context: CallContext): Promise<ById<Subnet>> {
  const read = async (SubnetIds: string[]) =>
    subnetsOf(wire, (await wire.send(new DescribeSubnetsCommand({ SubnetIds }), context)).Subnets);
  return readByIds('subnet', ids, read, ({ SubnetId }) => SubnetId);
}

/** VPCs by id. */
export async function vpcsById(wire: Wire, ids: readonly string[], context: CallContext): Promise<ById<Vpc>> {
  const read = async (VpcIds: string[]) => vpcsOf(wire, (await wire.send(new DescribeVpcsCommand({ VpcIds }), context)).Vpcs);
  return readByIds('VPC', ids, read, ({ VpcId }) => VpcId);
}

const subnetsOf = (wire: Wire, list: Subnet[] | undefined): Subnet[] => wire.keyed('subnet', list, ({ SubnetId }) => SubnetId);
const vpcsOf = (wire: Wire, list: Vpc[] | undefined): Vpc[] => wire.keyed('VPC', list, ({ VpcId }) => VpcId);

/** Blocks of addresses that a VPC has now. */
export function blocksOfVpc(vpc: Vpc): string[] {
  const more = (vpc.CidrBlockAssociationSet ?? []).filter(({ CidrBlockState }) => CidrBlockState?.State === 'associated');
  return [...new Set([vpc.CidrBlock, ...more.map(({ CidrBlock }) => CidrBlock)].flatMap((cidr) => cidr ?? []))];
}

/** @throws ProviderError where the network is not one that machines can be in. */
export function requireSubnet(network: string): string {
  if (network !== PUBLIC_NETWORK) return network;
  throw new ProviderError('invalid', 'network: the public network holds Elastic IPs only: put ports and machines into a subnet', {
    maybeDone: false,
  });
}

/**
 * Returns those of the configured security groups that are of the same VPC as the subnets; undefined where none is, so that the
 * VPC's own default group counts. Costs two reads where groups are configured, else none.
 */
export async function groupsFor(wire: Wire, subnets: readonly string[], context: CallContext): Promise<string[] | undefined> {
  const { securityGroups: configured = [] } = wire.options;
  if (configured.length === 0) return undefined;
  const vpcs = (await subnetsById(wire, subnets, context)).found.map(({ VpcId }) => VpcId);
  const found: string[] = [];
  for (const Values of batches(configured, FILTER_VALUES)) {
    const Filters = [{ Name: 'group-id', Values }];
    const { SecurityGroups } = await wire.send(new DescribeSecurityGroupsCommand({ Filters }), context);
    for (const { GroupId, VpcId } of SecurityGroups ?? []) if (GroupId !== undefined && vpcs.includes(VpcId)) found.push(GroupId);
  }
  return found.length > 0 ? found : undefined;
}
