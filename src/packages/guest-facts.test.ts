import type { Values } from '../model/values';
import { readDescriptor } from '../ovf/reader';
import { writeDescriptor } from '../ovf/writer';
import { factsOfSystem, systemsOf, withFacts } from './guest-facts';
import { PackageBuilder } from './package-builder';

/** Facts of machines and guests, as they are written into packages and read from those of others. */

function described(facts: Values): string {
  const builder = new PackageBuilder();
  const disk = builder.disk({ cloud: 'a', group: 'machineImages', path: 'machineImages/1' }, 512);
  const machine = builder.machine({ path: 'machines/1', naming: {}, disks: [disk], networks: [], notExported: [], memory: 2 ** 20 });
  return writeDescriptor(PackageBuilder.described(builder.whole(machine), new Map([[disk, { capacity: 512, facts }]])));
}
const read = (text: string) => systemsOf(readDescriptor(Buffer.from(text), { maxDiskBytes: 2 ** 40 }).content);
const factsIn = (text: string): Values[] => read(text).map(factsOfSystem);

test.each<Values>([
  { cpuArch: 'ARM', bootMode: 'uefi', guestOs: 'linux' },
  { cpuArch: 'x86_64', bootMode: 'uefi', secureBoot: true, guestOs: 'windows' },
  { bootMode: 'legacy-bios', guestOs: 'linux' },
  {},
])('%j is read as it was written', (facts) => {
  expect(factsIn(described(facts))).toEqual([facts]);
});

test('they are written where VMware reads them, and a Linux of 64 bits by its number', () => {
  const text = described({ bootMode: 'uefi-preferred', secureBoot: true, guestOs: 'linux', cpuArch: 'x86_64' });
  expect(text).toContain('<vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="efi"/>');
  expect(text).toContain('<vmw:Config ovf:required="false" vmw:key="bootOptions.efiSecureBootEnabled" vmw:value="true"/>');
  expect(text).toContain('<OperatingSystemSection ovf:id="101">');
});

test.each([
  [{ id: 96 }, 'linux'],
  [{ id: 115 }, 'windows'],
  [{ id: 78 }, undefined],
  // VMware's own word says more than the number.
  [{ id: 1, guestId: 'windows2019srv_64Guest' }, 'windows'],
  [{ id: 102, guestId: 'rockylinux_64Guest' }, 'linux'],
  [{ id: 0, description: 'Microsoft Windows Server 2022 (64-bit)' }, 'windows'],
  [{ id: 42, guestId: 'freebsd12_64Guest', description: 'FreeBSD' }, undefined],
  [undefined, undefined],
])('the operating system %j is %s', (operatingSystem, guestOs) => {
  const [system] = read(described({}));
  expect(factsOfSystem({ hardware: system?.hardware ?? withoutHardware(), operatingSystem })).toEqual(
    guestOs === undefined ? {} : { guestOs },
  );
});

const withoutHardware = (): never => {
  throw new Error('the descriptor has no machine');
};

test('a machine of which nothing is known stays as it is', () => {
  const [system] = read(described({}));
  expect(system && withFacts(system, {})).toEqual(system);
});
