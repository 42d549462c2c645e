import { DescribeVolumesModificationsCommand, ModifyVolumeCommand, type Volume } from '@aws-sdk/client-ec2';
import type { CallContext } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { kbToGib } from '../../src/model/units';
import type { Wire } from './client';

/** States of a modification that will come to its end or has. */
const UNDER_WAY: readonly string[] = ['modifying', 'optimizing', 'completed'];

/**
 * Grows a volume to at least `capacity` kB; the size it has is no change. Repeatable: where EC2 refuses because the same
 * modification is on its way already (an answer was lost), that is success.
 * @throws ProviderError conflict where another modification is, quota where EC2 wants hours between two
 */
export async function grow(wire: Wire, volume: Volume, capacity: number, context: CallContext): Promise<void> {
  const VolumeId = volume.VolumeId ?? '';
  const Size = kbToGib(capacity);
  if (Size === volume.Size) return;
  try {
    await wire.send(new ModifyVolumeCommand({ VolumeId, Size }), context);
  } catch (error) {
    if (!(error instanceof ProviderError) || (error.kind !== 'conflict' && error.kind !== 'quota')) throw error;
    if (!(await growsAlready(wire, VolumeId, Size, context))) throw error;
  }
}

async function growsAlready(wire: Wire, VolumeId: string, size: number, context: CallContext): Promise<boolean> {
  const answer = await wire.send(
    new DescribeVolumesModificationsCommand({ Filters: [{ Name: 'volume-id', Values: [VolumeId] }] }),
    context,
  );
  return (answer.VolumesModifications ?? []).some(
    (change) => change.VolumeId === VolumeId && change.TargetSize === size && UNDER_WAY.includes(change.ModificationState ?? ''),
  );
}
