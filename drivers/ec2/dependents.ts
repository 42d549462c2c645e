import {
  DescribeInternetGatewaysCommand,
  DescribeSecurityGroupsCommand,
  type Filter,
  type Instance,
  type NetworkInterface,
} from '@aws-sdk/client-ec2';
import type { CallContext } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Wire } from './client';
import { enisWhere, instanceOf } from './enis';
import { instancesById } from './instance-reads';
import { TAG, tagsOf } from './naming';
import { NotYet } from './poll';

/** States of an instance from which it only ends, and those that it leaves by itself. */
export const ENDING: readonly string[] = ['shutting-down', 'terminated'];
export const MOVING: readonly string[] = ['pending', 'stopping', ...ENDING];

/**
 * Tells what a refusal for dependent things means: something stays (the conflict, naming it), or all that is there is about to end
 * (NotYet).
 * @param Filters of the interfaces that may depend
 * @param counts selects the interfaces that may be a reason; absent: all
 */
export async function stillHeld(
  wire: Wire,
  refusal: ProviderError,
  Filters: Filter[],
  context: CallContext,
  counts: (eni: NetworkInterface) => boolean = () => true,
): Promise<ProviderError> {
  const enis = (await enisWhere(wire, Filters, context)).filter(counts);
  const instances = await statesOf(
    wire,
    enis.flatMap((eni) => instanceOf(eni) ?? []),
    context,
  );
  const staying = enis.filter((eni) => !isEnding(eni, instances));
  if (staying.length === 0) return new NotYet(worded(refusal, enis), refusal);
  const { code, requestId } = refusal;
  return new ProviderError('conflict', worded(refusal, staying), { code, requestId, maybeDone: false, cause: refusal });
}

/** Names, in words, what was made in a VPC without the gateway and stays until somebody deletes it; undefined where nothing does. */
export async function staysInVpc(wire: Wire, vpc: string, context: CallContext): Promise<string | undefined> {
  const groups = { Filters: [{ Name: 'vpc-id', Values: [vpc] }] };
  const gateways = { Filters: [{ Name: 'attachment.vpc-id', Values: [vpc] }] };
  const { SecurityGroups } = await wire.send(new DescribeSecurityGroupsCommand(groups), context);
  const { InternetGateways } = await wire.send(new DescribeInternetGatewaysCommand(gateways), context);
  const names = [
    ...(SecurityGroups ?? []).filter(({ GroupName }) => GroupName !== 'default').map(({ GroupId }) => GroupId),
    ...(InternetGateways ?? []).filter(({ Tags }) => tagsOf(Tags)[TAG.owner] === undefined).map((each) => each.InternetGatewayId),
  ].flatMap((name) => name || []);
  return names.length === 0 ? undefined : names.slice(0, 5).join(', ');
}

function worded({ message }: ProviderError, enis: readonly NetworkInterface[]): string {
  const names = enis.slice(0, 5).map((eni) => {
    const instance = instanceOf(eni);
    return `${eni.NetworkInterfaceId ?? ''}${instance === undefined ? '' : ` of ${instance}`}`;
  });
  return names.length === 0 ? message : `${message}; still there: ${names.join(', ')}${enis.length > names.length ? ', …' : ''}`;
}

/** Tells whether the interface goes by itself: its instance ends, it is being detached, or nothing has it any more. */
function isEnding(eni: NetworkInterface, instances: ReadonlyMap<string, string>): boolean {
  if (eni.Status === 'detaching' || eni.Attachment?.Status === 'detaching') return true;
  const instance = instanceOf(eni);
  // What nothing has was let go, or deleted, a moment ago: whoever deletes a network deletes its ports first.
  if (instance === undefined) return true;
  return ENDING.includes(instances.get(instance) ?? 'terminated');
}

/** EC2's state words by instance id; what is proven gone is missing. */
async function statesOf(wire: Wire, ids: readonly string[], context: CallContext): Promise<ReadonlyMap<string, string>> {
  const { found } = ids.length === 0 ? { found: [] as Instance[] } : await instancesById(wire, ids, context);
  return new Map(found.map(({ InstanceId, State }) => [InstanceId ?? '', State?.Name ?? 'unknown']));
}

/** Tells whether all of these instances are about to end, or have ended. */
export async function areEnding(wire: Wire, ids: readonly string[], context: CallContext): Promise<boolean> {
  const states = await statesOf(wire, ids, context);
  return ids.every((id) => ENDING.includes(states.get(id) ?? 'terminated'));
}

/** Returns NotYet where the instance's state causes the refusal and will pass by itself; else the refusal. */
export async function orStillMoving(wire: Wire, refusal: ProviderError, id: string, context: CallContext): Promise<ProviderError> {
  const state = (await statesOf(wire, [id], context)).get(id) ?? '';
  if (!MOVING.includes(state) || ENDING.includes(state)) return refusal;
  return new NotYet(`the instance is ${state}: ${refusal.message}`, refusal);
}
