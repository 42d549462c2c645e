import { ProviderError } from '../../src/clouds/errors';
import type { Wire } from './client';
import type { Seen } from './collector';
import { refOf } from './machine-item';
import { MANAGED_PATH } from './managed';
import type { Stages } from './operations';
import { DISK_PATHS, disksOf } from './vm-storage';

/** Properties of a machine that is to be deleted. */
export const MACHINE_PATHS_TO_DELETE: readonly string[] = [...DISK_PATHS, 'config.instanceUuid', 'snapshot.currentSnapshot', MANAGED_PATH];

/**
 * Takes all volumes off a machine that is about to be destroyed, which may take them with it. Its snapshots hold them, and go
 * with it anyway: they are deleted first, so that what was written since is in the volumes.
 * @throws ProviderError `unavailable` where vCenter does not tell which volumes those are
 */
export async function letGoOfVolumes(wire: Wire, machine: Seen, stages: Stages): Promise<void> {
  const { properties, ref } = machine;
  const isTold = Array.isArray(properties.get('config.hardware.device'));
  // What has no configuration yet is still being made, and has no volumes.
  if (!isTold && properties.get('config.instanceUuid') !== undefined)
    throw new ProviderError('unavailable', `vCenter does not tell the disks of ${ref.value}, which may be volumes`, { maybeDone: false });
  const volumes = disksOf(machine).flatMap(({ fcd }) => fcd ?? []);
  if (volumes.length === 0) return;
  if (refOf(properties.get('snapshot.currentSnapshot')))
    await stages.task('snapshots', () => wire.begin('RemoveAllSnapshots_Task', ref, {}, stages.context));
  for (const volume of volumes) await detach(wire, machine, volume, stages);
}

/** Takes a volume off its machine; somebody else may have been faster. */
export async function detach(wire: Wire, machine: Seen, volume: string, stages: Stages): Promise<void> {
  await stages.task(`detach ${volume}`, () => wire.begin('DetachDisk_Task', machine.ref, { diskId: { id: volume } }, stages.context), {
    forgive: ({ code }) => code === 'NotFound' || code === 'DeviceNotFound',
  });
}
