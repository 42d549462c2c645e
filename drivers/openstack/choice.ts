import type { Choice, Fit } from '../../src/clouds/driver';
import { weighed, type SizesOption } from '../../src/clouds/sizes';
import { bytesToKb, gibToKb, mibToKib } from '../../src/model/units';

/** Rules that weigh flavors where figures choose one, from Nova's documentation of their extra specs. */

/** Facts about a flavor beside its figures; extra specs from 2.61 on, to those who may read them. */
export interface Specified {
  id: string;
  name: string;
  /** GiB; 0: the machine boots from a volume. */
  disk?: number | undefined;
  'OS-FLV-DISABLED:disabled'?: boolean | undefined;
  extra_specs?: Readonly<Record<string, string>> | undefined;
}

/** Extra specs by which a flavor is for something else than a machine as such, with why, in the order of asking. */
const SPECIAL_PURPOSE: readonly (readonly [name: RegExp, value: RegExp, why: string])[] = [
  [/^capabilities:hypervisor_type$/, /ironic/i, 'is bare metal'],
  [/^trait\d*:.*BARE_?METAL/i, /required/, 'is bare metal'],
  [/^resources\d*:CUSTOM_.*BARE_?METAL/i, /[1-9]/, 'is bare metal'],
  [/^resources\d*:VCPU$/, /^0$/, 'is bare metal'],
  [/^resources\d*:(?:VGPU|PGPU|CUSTOM_.*GPU.*)$/i, /[1-9]/, 'has GPUs'],
  [/^(?:trait\d*:.*GPU|pci_passthrough:gpu)/i, /./, 'has GPUs'],
  [/^pci_passthrough:alias$/, /gpu|nvidia|tesla|[avh]100|l40|t4/i, 'has GPUs'],
  [/^pci_passthrough:alias$/, /./, 'has PCI devices of its own'],
  [/^accel:device_profile$/, /./, 'has accelerators'],
  [/^resources\d*:(?:FPGA|CUSTOM_.*FPGA.*)$/i, /[1-9]/, 'has FPGAs'],
  [/^resources\d*:CUSTOM_/i, /[1-9]/, 'has resources of its own'],
];

/** Extra specs that make a flavor dearer, or go to hosts of their own: they come after the others. */
const LATER: readonly (readonly [name: RegExp, value: RegExp, rank: number, kind: string])[] = [
  [/^hw:cpu_policy$/, /^dedicated$|^mixed$/, 20, 'dedicated CPUs'],
  [/^hw:cpu_realtime$/, /^(?:yes|true|1)$/i, 30, 'real time'],
  [/^hw:mem_page_size$/, /^(?!any$|small$)/, 20, 'large pages'],
  [/^hw:numa_nodes$/, /./, 20, 'NUMA nodes'],
  [/^hw:mem_encryption$/, /^true$/i, 20, 'encrypted memory'],
  [/^aggregate_instance_extra_specs:/, /./, 10, 'hosts of its own'],
];
/** A flavor whose machines boot from a volume comes after one with a disk. */
const DISKLESS = 5;

/** Architectures in CIMI's words, by the words of traits and host capabilities. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: 'x86_64',
  aarch64: 'ARM',
  armv7: 'ARM',
  i686: 'x86',
  ppc64le: 'ppc64',
  ppc64: 'ppc64',
  s390x: 'z/Architecture',
};

/** A flavor's place in the order, and why figures never choose it. */
export function flavorChoice(flavor: Specified, sizes: SizesOption): Choice {
  const specs = Object.entries(flavor.extra_specs ?? {});
  const later = LATER.filter(([name, value]) => has(specs, name, value));
  const ranks = [...later.map(([, , rank]) => rank), ...(flavor.disk === 0 ? [DISKLESS] : [])];
  const kinds = [...later.map(([, , , kind]) => kind), ...(flavor.disk === 0 ? ['boots from a volume'] : [])];
  const excluded =
    flavor['OS-FLV-DISABLED:disabled'] === true ? 'is disabled' : SPECIAL_PURPOSE.find(([name, value]) => has(specs, name, value))?.[2];
  const architectures = specs.flatMap(architectureIn);
  return weighed(sizes, [flavor.name, flavor.id], {
    rank: ranks.reduce((sum, rank) => sum + rank, 0),
    family: familyOf(flavor.name),
    ...(kinds.length === 0 ? {} : { kind: kinds.join(', ') }),
    ...(architectures.length === 0 ? {} : { architectures: [...new Set(architectures)] }),
    ...(excluded === undefined ? {} : { excluded }),
  });
}

/** Beginning that the names of sizes of one kind share, as public clouds name them (m1.small, b2-7, a1-ram2-disk20). */
export const familyOf = (name: string): string => name.split(/[.\-_]/)[0] ?? name;

const has = (specs: readonly (readonly [string, string])[], name: RegExp, value: RegExp): boolean =>
  specs.some(([key, text]) => name.test(key) && value.test(text));

function architectureIn([name, value]: readonly [string, string]): string[] {
  const trait = /^trait\d*:(?:COMPUTE|HW)_ARCH_([A-Z0-9_]+)$/.exec(name)?.[1];
  const word =
    trait !== undefined && value === 'required' ? trait.toLowerCase() : /^capabilities:cpu_info:arch$/.test(name) ? lastWord(value) : '';
  const known = Object.hasOwn(ARCHITECTURES, word) ? ARCHITECTURES[word] : undefined;
  return known === undefined ? [] : [known];
}

/** The operand of a capability's comparison (`s== aarch64`). */
const lastWord = (text: string): string => (text.trim().split(/\s+/).at(-1) ?? '').toLowerCase();

/** A feature of flavors: machines on a disk of their host cannot do without it. */
const LOCAL_DISK = 'a root disk of its own';

/** Returns what a flavor has for an existing machine. */
export const flavorFit = ({ disk = 0 }: Pick<Specified, 'disk'>): Fit => ({ has: disk > 0 ? [LOCAL_DISK] : [] });

/** Returns what a server needs of another flavor: Nova makes no root disk smaller, and takes none away. */
export function serverFit({ image, flavor: { disk = 0 } }: { image?: unknown; flavor: { disk?: number | undefined } }): Fit | undefined {
  const local = image !== '' && image !== null && image !== undefined && disk > 0;
  return local ? { needs: [LOCAL_DISK], disk: gibToKb(disk) } : undefined;
}

/** Returns what an image needs of a flavor: its least memory and root disk, and room for its content. */
export function imageFit({ min_ram: ram, min_disk: disk, virtual_size: size }: Readonly<Record<string, unknown>>): Fit | undefined {
  const memory = mibToKib(whole(ram));
  const least = Math.max(gibToKb(whole(disk)), bytesToKb(whole(size)));
  if (memory === 0 && least === 0) return undefined;
  return { ...(memory === 0 ? {} : { memory }), ...(least === 0 ? {} : { disk: least }) };
}

/** A whole amount; what is none asks for nothing. */
const whole = (told: unknown): number => (typeof told === 'number' && Number.isSafeInteger(told) && told > 0 ? told : 0);
