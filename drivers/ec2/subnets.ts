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
import { batches, type Wire } from './client';

const SUBNET_ID = /^subnet-[0-9a-f]+$/;
const VPC_ID = /^vpc-[0-9a-f]+$/;
const FILTER_VALUES = 200;

/** Key of the network that Elastic IPs are of: Amazon's own, which is no subnet. */
export const PUBLIC_NETWORK = 'public';

/** Pages of subnets. */
export async function* subnetPages(wire: Wire, Filters: Filter[] | undefined, context: CallContext): AsyncIterable<readonly Subnet[]> {
  const ask = (NextToken: string | undefined) =>
    wire.send(new DescribeSubnetsCommand({ Filters, MaxResults: wire.options.pageSize, NextToken }), context);
  for await (const page of wire.pages(ask)) yield page.Subnets ?? [];
}

/** Pages of VPCs. */
export async function* vpcPages(wire: Wire, Filters: Filter[] | undefined, context: CallContext): AsyncIterable<readonly Vpc[]> {
  const ask = (NextToken: string | undefined) =>
    wire.send(new DescribeVpcsCommand({ Filters, MaxResults: wire.options.pageSize, NextToken }), context);
  for await (const page of wire.pages(ask)) yield page.Vpcs ?? [];
}

/** Everything on the pages. */
export async function whole<T>(pages: AsyncIterable<readonly T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const page of pages) all.push(...page);
  return all;
}

/** Subnets by id, without those that are gone. By filter: an id that is gone makes EC2 refuse a whole call by id. */
export async function subnetsById(wire: Wire, ids: readonly string[], context: CallContext): Promise<Subnet[]> {
  const found: Subnet[] = [];
  for (const Values of batches(unique(ids, SUBNET_ID), FILTER_VALUES))
    found.push(...(await whole(subnetPages(wire, [{ Name: 'subnet-id', Values }], context))));
  return found;
}

/** VPCs by id, without those that are gone. */
export async function vpcsById(wire: Wire, ids: readonly string[], context: CallContext): Promise<Vpc[]> {
  const found: Vpc[] = [];
  for (const Values of batches(unique(ids, VPC_ID), FILTER_VALUES))
    found.push(...(await whole(vpcPages(wire, [{ Name: 'vpc-id', Values }], context))));
  return found;
}

const unique = (ids: readonly string[], shape: RegExp): string[] => [...new Set(ids)].filter((id) => shape.test(id));

/** Blocks of addresses that a VPC has now. */
export function blocksOfVpc(vpc: Vpc): string[] {
  const more = (vpc.CidrBlockAssociationSet ?? []).filter(({ CidrBlockState }) => CidrBlockState?.State === 'associated');
  return [...new Set([vpc.CidrBlock, ...more.map(({ CidrBlock }) => CidrBlock)].flatMap((cidr) => cidr ?? []))];
}

/** @throws ProviderError where the network is not one that machines can be in. */
export function requireSubnet(network: string): string {
  if (network !== PUBLIC_NETWORK) return network;
  throw new ProviderError('invalid', 'Elastic IPs alone are in the public network: ports and machines go into a subnet', {
    maybeDone: false,
  });
}

/**
 * Those of the configured security groups that are of the same VPC as the subnets; undefined, so that the VPC's own
 * default group counts, where none is. Costs two reads where groups are configured, else none.
 */
export async function groupsFor(wire: Wire, subnets: readonly string[], context: CallContext): Promise<string[] | undefined> {
  const { securityGroups: configured = [] } = wire.options;
  if (configured.length === 0) return undefined;
  const vpcs = (await subnetsById(wire, subnets, context)).map(({ VpcId }) => VpcId);
  const found: string[] = [];
  for (const Values of batches(configured, FILTER_VALUES)) {
    const Filters = [{ Name: 'group-id', Values }];
    const { SecurityGroups } = await wire.send(new DescribeSecurityGroupsCommand({ Filters }), context);
    for (const { GroupId, VpcId } of SecurityGroups ?? []) if (GroupId !== undefined && vpcs.includes(VpcId)) found.push(GroupId);
  }
  return found.length > 0 ? found : undefined;
}
