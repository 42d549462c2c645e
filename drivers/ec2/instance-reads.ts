import { DescribeInstancesCommand, type Instance, type Reservation } from '@aws-sdk/client-ec2';
import type { CallContext } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { type ById, oneById, readByIds, type Wire } from './client';

/** Instances of an answer, without what has no id. */
export function instancesOf(wire: Wire, answer: { Reservations?: Reservation[] | undefined }): Instance[] {
  const all = (answer.Reservations ?? []).flatMap((reservation) => reservation.Instances ?? []);
  return wire.keyed('instance', all, ({ InstanceId }) => InstanceId);
}

/** Instances by id, terminated ones that EC2 still shows included. */
export async function instancesById(wire: Wire, ids: readonly string[], context: CallContext): Promise<ById<Instance>> {
  const read = async (InstanceIds: string[]) => instancesOf(wire, await wire.send(new DescribeInstancesCommand({ InstanceIds }), context));
  return readByIds('instance', ids, read, ({ InstanceId }) => InstanceId);
}

/**
 * Reads one instance.
 * @throws Gone
 */
export async function instanceById(wire: Wire, id: string, context: CallContext): Promise<Instance> {
  return oneById('instance', id, (ids) => instancesById(wire, ids, context));
}

/** Availability zone of an instance. @throws ProviderError, Gone where there is no such instance */
export async function zoneOf(wire: Wire, id: string, context: CallContext): Promise<string> {
  const zone = (await instanceById(wire, id, context)).Placement?.AvailabilityZone;
  if (zone === undefined) throw new ProviderError('unavailable', `EC2 does not tell the zone of ${id}`, { maybeDone: false });
  return zone;
}
