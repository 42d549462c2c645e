import { DescribeInstancesCommand, type Instance, type Reservation } from '@aws-sdk/client-ec2';
import type { CallContext } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { readByIds, type Wire } from './client';

const ID = /^i-[0-9a-f]+$/;
/** Ids in one call; EC2 takes up to 1000 and advises fewer. */
const BATCH = 500;

export function instancesOf(answer: { Reservations?: Reservation[] | undefined }): Instance[] {
  return (answer.Reservations ?? []).flatMap((reservation) => reservation.Instances ?? []);
}

/** Instances by id, terminated ones that EC2 still shows included, without those that are gone. */
export async function instancesById(wire: Wire, ids: readonly string[], context: CallContext): Promise<Instance[]> {
  return readByIds(ids, ID, BATCH, async (InstanceIds) =>
    instancesOf(await wire.send(new DescribeInstancesCommand({ InstanceIds }), context)),
  );
}

/** Availability zone of an instance. @throws ProviderError notFound */
export async function zoneOf(wire: Wire, id: string, context: CallContext): Promise<string> {
  const [instance] = await instancesById(wire, [id], context);
  const zone = instance?.Placement?.AvailabilityZone;
  if (zone === undefined) throw new ProviderError('notFound', `EC2 has no instance ${id}`, { code: 'InvalidInstanceID.NotFound' });
  return zone;
}
