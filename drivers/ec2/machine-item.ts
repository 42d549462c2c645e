import type { Instance } from '@aws-sdk/client-ec2';
import type { Item } from '../../src/clouds/driver';
import type { Values } from '../../src/model/values';
import { familyOf, instanceFit } from './choice';
import { cpuArch } from './configs';
import { namingOf, TAG, tagsOf } from './naming';
import type { RootTask } from './root-tasks';
import { bornAt, failedLaunch, machineState, reasonOf } from './states';

/**
 * An instance as a Machine.
 * @param figures what its type gives (memory in KiB); undefined for a type that EC2 no longer tells about
 * @param task its newest root volume task, where it was restored lately
 */
export function machineItem(instance: Instance, figures: Values | undefined, task: RootTask | undefined): Item {
  const tags = tagsOf(instance.Tags);
  const reason = failedLaunch(instance);
  const { state, unmapped } = machineState(instance, task?.state);
  const because = reasonOf(instance);
  const threads = (instance.CpuOptions?.CoreCount ?? 0) * (instance.CpuOptions?.ThreadsPerCore ?? 0);
  return {
    key: instance.InstanceId ?? '',
    values: {
      ...namingOf(tags),
      state: reason === undefined ? state : 'ERROR',
      cpu: threads > 0 ? threads : figures?.cpu,
      memory: figures?.memory,
      cpuArch: cpuArch(instance.Architecture === undefined ? undefined : [instance.Architecture]) ?? figures?.cpuArch,
      cpuSpeed: figures?.cpuSpeed,
      ...placed(instance),
    },
    choice: { rank: 0, family: familyOf(instance.InstanceType ?? '') },
    fit: instanceFit(instance),
    tag: tags[TAG.id],
    token: tags[TAG.token] ?? instance.ClientToken,
    created: bornAt(instance)?.toISOString(),
    ...(unmapped === undefined ? {} : { unmappedState: unmapped }),
    ...(because === undefined ? {} : { reason: because }),
    ...(reason === undefined ? {} : { gone: { reason } }),
    ...(task?.failure === undefined ? {} : { failure: task.failure }),
    refuses: refusals(instance),
  };
}

/** Attributes of its placement, in the form that a create takes (placement.ts). */
function placed({ Placement, SecurityGroups, HibernationOptions, IamInstanceProfile, MetadataOptions }: Instance): Values {
  return {
    availabilityZone: Placement?.AvailabilityZone,
    tenancy: Placement?.Tenancy,
    ...(Placement?.GroupName === undefined || Placement.GroupName === '' ? {} : { placementGroup: Placement.GroupName }),
    ...(SecurityGroups === undefined || SecurityGroups.length === 0
      ? {}
      : { securityGroups: SecurityGroups.flatMap(({ GroupId }) => GroupId ?? []) }),
    hibernation: HibernationOptions?.Configured === true,
    ...(IamInstanceProfile?.Arn ? { instanceProfile: IamInstanceProfile.Arn } : {}),
    ...(MetadataOptions?.HttpTokens ? { httpTokens: MetadataOptions.HttpTokens } : {}),
  };
}

/** Actions that this very instance cannot do, with the reason. */
function refusals(instance: Instance): Record<string, string> {
  const refuses: Record<string, string> = {};
  if (instance.HibernationOptions?.Configured !== true) refuses.suspend = 'The instance was not launched for hibernation';
  if (instance.RootDeviceType === 'instance-store') {
    refuses.stop = 'The root disk is instance storage: the instance can only run or be deleted';
    refuses.restore = 'The root disk is instance storage and cannot be replaced';
  } else if (instance.State?.Name !== 'running') {
    refuses.restore = 'EC2 replaces the root volume of running instances only: start the machine first';
  }
  return refuses;
}
