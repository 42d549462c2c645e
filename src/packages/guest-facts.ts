import { guestOf } from '../clouds/image-facts';
import type { Value, Values } from '../model/values';
import type { Content, Hardware, OperatingSystem, VirtualSystem } from '../ovf/package';

/** Facts of a machine and its guest (clouds/image-facts.ts) as packages write them. */

/** Values of CIM_OperatingSystem.OsType (DSP0004) that are some Linux, and those that are some Windows. */
const LINUX = new Set([36, 79, 80, ...range(82, 87), ...range(89, 101), ...range(106, 109)]);
const WINDOWS = new Set([15, 16, 17, 18, 19, 58, 63, 67, ...range(69, 77), 103, 105, ...range(111, 115)]);
/** Those that are written: no value stands for Windows of any version. */
const [OTHER, LINUX_ANY, LINUX_64] = [1, 36, 101];

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** Returns the machines of a package, in their order. */
export const systemsOf = (content: Content): VirtualSystem[] =>
  content.kind === 'system' ? [content] : content.members.flatMap((member) => systemsOf(member));

/** Reads the facts of a machine of a package, as attributes of the image that it starts from. */
export function factsOfSystem({ hardware, operatingSystem }: Pick<VirtualSystem, 'hardware' | 'operatingSystem'>): Values {
  const { firmware, secureBoot, cpuArch } = hardware;
  const guestOs = operatingSystem && guestOfSystem(operatingSystem);
  return {
    ...(cpuArch === undefined ? {} : { cpuArch }),
    ...(firmware === 'efi' ? { bootMode: 'uefi' } : firmware === 'bios' ? { bootMode: 'legacy-bios' } : {}),
    ...(secureBoot === true ? { secureBoot } : {}),
    ...(guestOs === undefined ? {} : { guestOs }),
  };
}

function guestOfSystem({ id, guestId, description }: OperatingSystem): string | undefined {
  const byId = WINDOWS.has(id) ? 'windows' : LINUX.has(id) ? 'linux' : undefined;
  return guestOf(guestId) ?? byId ?? guestOf(description);
}

/** Writes the facts of an image into the machine that starts from it. */
export function withFacts(system: VirtualSystem, { bootMode, secureBoot, cpuArch, guestOs }: Values): VirtualSystem {
  const hardware: Hardware = {
    ...system.hardware,
    ...(bootMode === undefined ? {} : { firmware: bootMode === 'legacy-bios' ? 'bios' : 'efi' }),
    ...(secureBoot === true ? { secureBoot } : {}),
    ...(typeof cpuArch === 'string' ? { cpuArch } : {}),
  };
  const operatingSystem = operatingSystemOf(guestOs, cpuArch);
  return { ...system, hardware, ...(operatingSystem ? { operatingSystem } : {}) };
}

function operatingSystemOf(guestOs: Value | undefined, cpuArch: Value | undefined): OperatingSystem | undefined {
  if (guestOs === 'windows') return { id: OTHER, description: 'Microsoft Windows' };
  return guestOs === 'linux' ? { id: cpuArch === 'x86_64' ? LINUX_64 : LINUX_ANY, description: 'Linux' } : undefined;
}
