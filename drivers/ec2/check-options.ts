import { DescribeSecurityGroupsCommand, type Subnet } from '@aws-sdk/client-ec2';
import type { CallContext, Finding } from '../../src/clouds/driver';
import { Gone, ProviderError } from '../../src/clouds/errors';
import { oneById, type Wire } from './client';
import { subnetsById, vpcsById } from './subnets';

/** Checks that what the options name exists and fits together; asks nothing for options that are not set. */
export async function checkOptions(wire: Wire, context: CallContext): Promise<Finding[]> {
  const { subnet: id, vpc, securityGroups = [], availabilityZone } = wire.options;
  const findings: Finding[] = [];
  const subnet =
    id === undefined ? undefined : await looked(findings, 'subnet', () => oneById('subnet', id, (ids) => subnetsById(wire, ids, context)));
  if (vpc !== undefined) await looked(findings, 'vpc', () => oneById('VPC', vpc, (ids) => vpcsById(wire, ids, context)));
  if (subnet?.AvailabilityZone !== undefined && availabilityZone !== undefined && subnet.AvailabilityZone !== availabilityZone)
    findings.push(
      wrong('availabilityZone', `subnet ${id ?? ''} is in ${subnet.AvailabilityZone}, availabilityZone says ${availabilityZone}`),
    );
  if (subnet?.VpcId !== undefined && vpc !== undefined && subnet.VpcId !== vpc)
    findings.push(wrong('vpc', `subnet ${id ?? ''} is in ${subnet.VpcId}, vpc says ${vpc}: machines and networks would not meet`));
  if (securityGroups.length > 0) await looked(findings, 'securityGroups', () => sameVpc(wire, securityGroups, subnet, context));
  return findings;
}

const wrong = (option: string, message: string): Finding => ({ ok: false, what: `Option ${option}`, message });

async function sameVpc(wire: Wire, GroupIds: string[], subnet: Subnet | undefined, context: CallContext): Promise<void> {
  const { SecurityGroups } = await wire.send(new DescribeSecurityGroupsCommand({ GroupIds }), context);
  const other = SecurityGroups?.find(({ VpcId }) => subnet?.VpcId !== undefined && VpcId !== undefined && VpcId !== subnet.VpcId);
  if (!other) return;
  const message = `security group ${other.GroupId ?? ''} is in ${other.VpcId ?? ''}, the option subnet in ${subnet?.VpcId ?? ''}`;
  throw new ProviderError('invalid', message, { maybeDone: false });
}

/** Looks up what an option names and adds a finding; undefined where it cannot be had. */
async function looked<T>(findings: Finding[], option: string, look: () => Promise<T>): Promise<T | undefined> {
  try {
    const found = await look();
    findings.push({ ok: true, what: `Option ${option}` });
    return found;
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    findings.push(wrong(option, error instanceof Gone ? `Not found: ${error.message}` : error.message));
    return undefined;
  }
}
