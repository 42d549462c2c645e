import { DescribeVolumesModificationsCommand, ModifyVolumeCommand, type Volume, type VolumeModification } from '@aws-sdk/client-ec2';
import type { CallContext } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { kbToGib } from '../../src/model/units';
import type { Wire } from './client';
import { NotYet, refusedBy } from './poll';

/** States of a modification that will come to its end or has. */
export const BUSY: readonly string[] = ['modifying', 'optimizing'];
export const UNDER_WAY: readonly string[] = [...BUSY, 'completed'];

/**
 * Grows a volume to at least `capacity` kB; the size it has is no change. Repeatable: where EC2 refuses because the same
 * modification is on its way already (an answer was lost), that is success.
 * @throws NotYet while another modification is under way; ProviderError quota where EC2 wants hours between two
 */
export async function grow(wire: Wire, volume: Volume, capacity: number, context: CallContext): Promise<void> {
  const VolumeId = volume.VolumeId ?? '';
  const Size = kbToGib(capacity);
  if (Size === volume.Size) return;
  try {
    await wire.send(new ModifyVolumeCommand({ VolumeId, Size }), context);
  } catch (error) {
    if (!(error instanceof ProviderError) || (error.kind !== 'conflict' && error.kind !== 'quota')) throw error;
    const changes = await changesOf(wire, VolumeId, context);
    if (changes.some(({ TargetSize, ModificationState = '' }) => TargetSize === Size && UNDER_WAY.includes(ModificationState))) return;
    const refusal = refusedBy(error, 'IncorrectModificationState', 'IncorrectState');
    // Another change is on its way: it ends, if late.
    throw refusal && changes.some(({ ModificationState = '' }) => BUSY.includes(ModificationState)) ? new NotYet(refusal.message) : error;
  }
}

async function changesOf(wire: Wire, VolumeId: string, context: CallContext): Promise<VolumeModification[]> {
  const Filters = [{ Name: 'volume-id', Values: [VolumeId] }];
  const { VolumesModifications } = await wire.send(new DescribeVolumesModificationsCommand({ Filters }), context);
  return (VolumesModifications ?? []).filter((change) => change.VolumeId === VolumeId);
}
