import type { Cloud } from '../clouds/cloud';
import type { Values } from '../model/values';
import type { VirtualSystem } from '../ovf/package';
import { nameOf } from './machine-facts';

/** Words for what a guest needs that is moved as it is: no byte within its disks is changed. */
export interface GuestWarnings {
  /** Name of the machine. */
  machine: string;
  words: readonly string[];
}

/** Ways in which a guest comes to another cloud. */
export interface Passage {
  /** Cloud that it goes to. */
  to: Pick<Cloud, 'key' | 'driver' | 'capabilities'>;
  /** Driver of the cloud that it comes from; absent where it comes from none. */
  from?: string | undefined;
  /** Facts of the guest and its machine. */
  facts: Values;
  /** Those of them that the image keeps, and the hardware that was chosen for it. */
  kept: Values;
  /** True where its disks were captured while it ran. */
  running?: boolean | undefined;
}

/** Facts that a machine may not start without, with what each is called. */
const LOST: readonly (readonly [name: string, usual: readonly unknown[], words: (value: string) => string])[] = [
  ['cpuArch', ['x86_64'], (value) => `is for ${value}`],
  ['bootMode', ['legacy-bios', 'uefi-preferred'], () => 'starts by UEFI'],
  ['secureBoot', [false], () => 'has secure boot'],
];

const ADDRESSES: Readonly<Record<string, string>> = {
  windows: 'Windows takes its cards for new ones (their MAC addresses change), and IP settings made in it stay with the old ones',
  linux: 'its cards get new MAC addresses: networks that it names by them (udev, netplan) have to be named anew',
  unknown: 'its cards get new MAC addresses',
};

/** Said of a Linux that goes to a cloud of another kind. */
const DEVICES = 'its disks get other names: what fstab or the boot loader call by a name (sda1) has to be called by UUID or label first';

/** Tells what is to be known of the guest of a machine that is moved: in short words, and only what concerns it. */
export function warningsOf(system: VirtualSystem, { to, from, facts, kept, running }: Passage): GuestWarnings {
  const guest = typeof facts.guestOs === 'string' ? facts.guestOs : 'unknown';
  const hardware = typeof kept.hardware === 'string' ? kept.hardware : undefined;
  const needs = (to.capabilities.guestNeeds ?? []).filter(
    (need) => from !== to.driver && (need.guestOs ?? guest) === guest && (need.hardware === undefined || need.hardware === hardware),
  );
  const lost = LOST.flatMap(([name, usual, words]) => {
    const value = facts[name];
    if (value === undefined || usual.includes(value) || kept[name] === value) return [];
    return [`it ${words(String(value))}, which images of cloud '${to.key}' do not keep: machines made there may not start`];
  });
  const { length: cards } = system.hardware.interfaces;
  const shuffled = cards > 1 && to.capabilities.interfaceOrder === 'bestEffort';
  const captured = running === true && guest === 'windows';
  return {
    machine: nameOf(system),
    words: [
      ...lost,
      ...needs.map(({ words }) => words),
      ...(guest === 'linux' && from !== to.driver ? [DEVICES] : []),
      ...(cards === 0 ? [] : [ADDRESSES[guest] ?? '']),
      ...(shuffled
        ? [`its ${cards} cards are asked for in their order, which cloud '${to.key}' does not promise: compare their networks`]
        : []),
      ...(captured ? ['its disks were captured while it ran: Windows repairs them when it starts, or does not start'] : []),
    ],
  };
}

/** The same in the words of a Job. */
export const guestsTold = (warnings: readonly GuestWarnings[]): string[] =>
  warnings.flatMap(({ machine, words }) => (words.length === 0 ? [] : [`the guest of '${machine}': ${words.join(', and ')}`]));
