import type { Image, Instance, InstanceTypeInfo } from '@aws-sdk/client-ec2';
import type { Choice, Fit } from '../../src/clouds/driver';
import { weighed, type SizesOption } from '../../src/clouds/sizes';

/** Rules that weigh instance types where figures choose one, from AWS's documentation of its families. */

/** Families that people take for anything, in this order; whatever is not here comes after them. */
const CLASSES: Readonly<Record<string, { place: number; kind: string }>> = {
  t: { place: 0, kind: 'burstable' },
  m: { place: 1, kind: 'general purpose' },
  a: { place: 1, kind: 'general purpose' },
  c: { place: 2, kind: 'compute optimized' },
  r: { place: 3, kind: 'memory optimized' },
  x: { place: 4, kind: 'memory optimized, extra large' },
  z: { place: 4, kind: 'memory optimized, high clock' },
  u: { place: 5, kind: 'high memory' },
};
const OTHERS = { place: 6, kind: 'special purpose' };
/** Families of dense storage (d, h, i, im, is) and for tightly coupled computing: paid for what nobody asked for. */
const DENSE = /^(?:d|h|hs|i|im|is)$/;
const COUPLED = /^hpc$/;
/** A family's name: letters, generation, and letters that say what it has more. */
const FAMILY = /^([a-z]+)(?:-[a-z0-9]+|(\d+)([a-z]*)(?:-[a-z0-9]+)?)$/;
/** Generations that a place in the order has room for. */
const NEWEST = 99;
/** Largest memory that EC2 hibernates, in MiB. */
const HIBERNATES = 153_600;
/** ENA came in June 2016: an older image that says nothing of it does not have it. */
const BEFORE_ENA = '2016-06';

/** Feature words on both sides (Fit). */
const ENA = 'ENA';
const NITRO_TPM = 'NitroTPM';
export const HIBERNATION = 'hibernation';
const root = (type: string): string => `root device ${type}`;
const virtualization = (type: string): string => `virtualization ${type}`;
const boot = (mode: string): string => `boot mode ${mode}`;
const only = (architecture: string): string => `architecture ${architecture}`;

/** Family of an instance type: what its name begins with. */
export const familyOf = (type: string): string => type.split('.')[0] ?? type;

/**
 * An instance type's place in the order: burstable before general purpose before the rest, newer before older
 * generations, families without extras before those with.
 * @param sizes the operator's option
 */
export function typeChoice(type: InstanceTypeInfo, architectures: readonly string[], sizes: SizesOption): Choice {
  const name = type.InstanceType ?? '';
  const family = familyOf(name);
  const [, letters = '', digits, extras = ''] = FAMILY.exec(family) ?? [];
  const { place, kind } = CLASSES[letters] ?? OTHERS;
  const generation = Math.min(Number(digits ?? 0), NEWEST);
  const rank = (place * 100 + (NEWEST - generation)) * 100 + plainness(family, extras);
  const excluded = exclusion(type, letters);
  return weighed(sizes, [name], {
    rank,
    kind,
    family,
    ...(architectures.length > 1 ? { architectures } : {}),
    ...(excluded ? { excluded } : {}),
  });
}

/**
 * Counts the features of a family that nobody asked for: a processor's make (i, a, g) counts nothing; disks, network and flex
 * limits do.
 */
function plainness(family: string, extras: string): number {
  const make = extras.replace(/^[aig]/, '');
  const first = extras.startsWith('a') ? 1 : 0;
  return Math.min(99, first + make.length * 10 + (family.includes('-') ? 5 : 0));
}

/** Returns the reason why figures never choose a type; undefined where they may. */
function exclusion(type: InstanceTypeInfo, letters: string): string | undefined {
  const { GpuInfo, FpgaInfo, InferenceAcceleratorInfo, NeuronInfo, MediaAcceleratorInfo, BareMetal, CurrentGeneration } = type;
  if (letters === 'mac') return 'is a Mac';
  if (BareMetal === true) return 'is bare metal';
  if (GpuInfo) return 'has GPUs';
  if (FpgaInfo) return 'has FPGAs';
  if (InferenceAcceleratorInfo ?? NeuronInfo ?? MediaAcceleratorInfo) return 'has accelerators';
  if (DENSE.test(letters)) return 'has dense storage';
  if (COUPLED.test(letters)) return 'is for tightly coupled computing';
  if (CurrentGeneration === false) return 'is of a previous generation';
  if (type.SupportedUsageClasses?.includes('on-demand') === false) return 'is not sold on demand';
  return undefined;
}

/** Returns what a type needs of an image, and what it has for one. */
export function typeFit(type: InstanceTypeInfo): Fit {
  const memory = type.MemoryInfo?.SizeInMiB ?? 0;
  const ena = type.NetworkInfo?.EnaSupport;
  return {
    needs: ena === 'required' ? [ENA] : [],
    has: [
      ...(type.SupportedBootModes ?? []).map(boot),
      ...(type.SupportedRootDeviceTypes ?? []).map(root),
      ...(type.SupportedVirtualizationTypes ?? []).map(virtualization),
      ...(type.ProcessorInfo?.SupportedArchitectures ?? []).map(only),
      ...(type.NitroTpmSupport === 'supported' ? [NITRO_TPM] : []),
      ...(type.HibernationSupported === true && memory < HIBERNATES ? [HIBERNATION] : []),
    ],
  };
}

/** Returns what an image needs of a type, and what it has for one. */
export function imageFit(image: Image): Fit {
  const { BootMode, RootDeviceType, VirtualizationType, Architecture, TpmSupport, EnaSupport, CreationDate } = image;
  const without = EnaSupport === false || (EnaSupport === undefined && CreationDate !== undefined && CreationDate < BEFORE_ENA);
  return {
    needs: [
      // An image of both modes is told so, and runs wherever one of them is.
      ...(BootMode === 'uefi' || BootMode === 'legacy-bios' ? [boot(BootMode)] : []),
      ...common(RootDeviceType, VirtualizationType, Architecture),
      ...(TpmSupport === undefined ? [] : [NITRO_TPM]),
    ],
    has: without ? [] : [ENA],
  };
}

/** Returns what an instance needs of another type, and what it has for one. */
export function instanceFit(instance: Instance): Fit {
  const { CurrentInstanceBootMode, RootDeviceType, VirtualizationType, Architecture, TpmSupport, EnaSupport, HibernationOptions } =
    instance;
  return {
    needs: [
      ...(CurrentInstanceBootMode === undefined ? [] : [boot(CurrentInstanceBootMode)]),
      ...common(RootDeviceType, VirtualizationType, Architecture),
      ...(TpmSupport === undefined || TpmSupport === '' ? [] : [NITRO_TPM]),
      ...(HibernationOptions?.Configured === true ? [HIBERNATION] : []),
    ],
    has: EnaSupport === false ? [] : [ENA],
  };
}

function common(rootDevice: string | undefined, virtualized: string | undefined, architecture: string | undefined): string[] {
  return [
    ...(rootDevice === undefined ? [] : [root(rootDevice)]),
    ...(virtualized === undefined ? [] : [virtualization(virtualized)]),
    ...(architecture === undefined ? [] : [only(architecture)]),
  ];
}
