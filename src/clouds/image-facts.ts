import type { Value, Values } from '../model/values';
import type { DriverExtension } from './driver';
import { ProviderError } from './errors';

/**
 * Attributes by which a machine image tells for what machine and what guest it is. A create may give them; a copy has those of its
 * source, as far as the cloud that takes it announces them.
 */
const FACTS = {
  /** Architecture in the words of Machine.cpuArch. */
  cpuArch: 'string',
  /** One of BOOT_MODES. */
  bootMode: 'string',
  /** Machines start nothing that is not signed. */
  secureBoot: 'boolean',
  /** Kind of guest: `linux`, `windows`. */
  guestOs: 'string',
} as const satisfies Record<string, DriverExtension['kind']>;

export type ImageFact = keyof typeof FACTS;
/** Names of all facts. */
export const IMAGE_FACTS = Object.keys(FACTS) as readonly ImageFact[];

/** Values of `bootMode`: `uefi-preferred` starts by either. */
export const BOOT_MODES = ['legacy-bios', 'uefi', 'uefi-preferred'] as const;
export type BootMode = (typeof BOOT_MODES)[number];

const GUESTS = ['linux', 'windows'] as const;

/** Values of `hardware`: what most guests have drivers for, and what is quick where a guest has drivers for it. */
export const HARDWARE = ['safe', 'native'] as const;
export type Hardware = (typeof HARDWARE)[number];

/** Extension for clouds that give the machines of an image one kind of hardware or another. */
export const HARDWARE_EXTENSION: DriverExtension = { name: 'hardware', types: ['MachineImage'], kind: 'string' };

/** Extensions for the facts that a cloud keeps of its images. */
export const factExtensions = (...names: readonly ImageFact[]): DriverExtension[] =>
  names.map((name) => ({ name, types: ['MachineImage'], kind: FACTS[name] }));

/** Facts of an upload as its request gives them. */
export interface GivenFacts {
  bootMode?: BootMode | undefined;
  secureBoot?: boolean | undefined;
  guestOs?: (typeof GUESTS)[number] | undefined;
  hardware?: Hardware | undefined;
}

/** Reads the facts of an upload. @throws ProviderError (invalid) for a word that is none */
export function factsGiven(extensions: Values = {}): GivenFacts {
  return {
    bootMode: wordOf('bootMode', extensions.bootMode, BOOT_MODES),
    secureBoot: typeof extensions.secureBoot === 'boolean' ? extensions.secureBoot : undefined,
    guestOs: wordOf('guestOs', extensions.guestOs, GUESTS),
    hardware: wordOf('hardware', extensions.hardware, HARDWARE),
  };
}

/** One of the words, where any is given. @throws ProviderError (invalid) for another */
export function wordOf<T extends string>(name: string, given: Value | undefined, known: readonly T[]): T | undefined {
  if (given === undefined) return undefined;
  const found = known.find((word) => word === given);
  if (found !== undefined) return found;
  throw new ProviderError('invalid', `${name} is one of ${known.join(', ')}`, { maybeDone: false });
}

/** Kind of guest that a word of a product for its operating system means: a guest id, the name of a distribution. */
export function guestOf(word: string | undefined): (typeof GUESTS)[number] | undefined {
  if (word === undefined) return undefined;
  if (/^win|windows/i.test(word)) return 'windows';
  return LINUX.test(word) ? 'linux' : undefined;
}

/** Words that names of Linux distributions contain, as products write them. */
const LINUX = /linux|debian|ubuntu|rhel|red ?hat|centos|sles|suse|fedora|oracle|rocky|alma|photon|asianux|coreos|gentoo|arch|mandr|turbo/i;
