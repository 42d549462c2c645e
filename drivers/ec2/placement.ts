import type { DriverExtension, GuestNeed } from '../../src/clouds/driver';
import { factExtensions } from '../../src/clouds/image-facts';
import { SIZES_EXTENSION } from '../../src/clouds/sizes';
import type { Value, Values } from '../../src/model/values';
import { HIBERNATION } from './choice';

/** Placement and the like of machines, beyond the standard. */
export const MACHINE_EXTENSIONS: readonly DriverExtension[] = [
  { name: 'availabilityZone', types: ['Machine', 'Volume'], kind: 'string', choosing: 'zone' },
  { name: 'placementGroup', types: ['Machine'], kind: 'string' },
  { name: 'tenancy', types: ['Machine'], kind: 'string' },
  { name: 'securityGroups', types: ['Machine'], kind: 'strings' },
  { name: 'hibernation', types: ['Machine'], kind: 'boolean', choosing: { needs: HIBERNATION } },
  SIZES_EXTENSION,
  { name: 'instanceProfile', types: ['Machine'], kind: 'string' },
  { name: 'httpTokens', types: ['Machine'], kind: 'string' },
  { name: 'rootVolumeSize', types: ['Machine'], kind: 'integer' },
  { name: 'rootVolumeType', types: ['Machine'], kind: 'string' },
  { name: 'rootVolumeEncrypted', types: ['Machine'], kind: 'boolean' },
  { name: 'kmsKey', types: ['Machine', 'Volume'], kind: 'string' },
];

/** The same of volumes: operations and MiB a second where the volume type leaves them open. */
export const STORAGE_EXTENSIONS: readonly DriverExtension[] = [
  { name: 'iops', types: ['Volume'], kind: 'integer' },
  { name: 'throughput', types: ['Volume'], kind: 'integer' },
  { name: 'encrypted', types: ['Volume'], kind: 'boolean' },
];

/** Facts of images made of bytes that the bytes do not tell. EC2 has one kind of hardware, and secure boot by variables of its own. */
export const IMAGE_EXTENSIONS: readonly DriverExtension[] = factExtensions('cpuArch', 'bootMode', 'guestOs');

/** Current instances have their disks by NVMe and their cards by ENA, and nothing else. */
export const GUEST_NEEDS: readonly GuestNeed[] = [
  { guestOs: 'linux', words: 'its cloud-init finds nothing here if its datasource_list leaves out Ec2' },
  { guestOs: 'linux', words: 'it starts on EC2 with the drivers for NVMe and ENA in its initramfs alone' },
  { guestOs: 'windows', words: "it starts on EC2 with AWS's drivers for NVMe and ENA alone: install them before" },
  { guestOs: 'unknown', words: 'it starts on EC2 with drivers for NVMe and ENA alone' },
];

export interface MachineExtensions {
  availabilityZone: string | undefined;
  placementGroup: string | undefined;
  tenancy: string | undefined;
  securityGroups: string[] | undefined;
  hibernation: boolean;
  instanceProfile: string | undefined;
  httpTokens: string | undefined;
  root: RootExtensions;
}

/** Settings of the root volume; the size in GiB. */
interface RootExtensions {
  size: number | undefined;
  type: string | undefined;
  encrypted: boolean | undefined;
  kmsKey: string | undefined;
}

export interface StorageExtensions {
  availabilityZone: string | undefined;
  iops: number | undefined;
  throughput: number | undefined;
  encrypted: boolean | undefined;
  kmsKey: string | undefined;
}

const text = (value: Value | undefined): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
const flag = (value: Value | undefined): boolean | undefined => (typeof value === 'boolean' ? value : undefined);
const whole = (value: Value | undefined): number | undefined => (typeof value === 'number' ? value : undefined);

/** Extension attributes of a create of a machine. */
export function machineExtensions(given: Values = {}): MachineExtensions {
  const groups = Array.isArray(given.securityGroups) ? given.securityGroups.filter((group) => typeof group === 'string') : [];
  return {
    availabilityZone: text(given.availabilityZone),
    placementGroup: text(given.placementGroup),
    tenancy: text(given.tenancy),
    securityGroups: groups.length > 0 ? groups : undefined,
    hibernation: given.hibernation === true,
    instanceProfile: text(given.instanceProfile),
    httpTokens: text(given.httpTokens),
    root: {
      size: whole(given.rootVolumeSize),
      type: text(given.rootVolumeType),
      encrypted: flag(given.rootVolumeEncrypted),
      kmsKey: text(given.kmsKey),
    },
  };
}

/** Extension attributes of a create of a volume. */
export function storageExtensions(given: Values = {}): StorageExtensions {
  return {
    availabilityZone: text(given.availabilityZone),
    iops: whole(given.iops),
    throughput: whole(given.throughput),
    encrypted: flag(given.encrypted),
    kmsKey: text(given.kmsKey),
  };
}
