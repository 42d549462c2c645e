import { join } from 'node:path';
import { OvfError } from '../../src/ovf/error';
import type { Content, VirtualSystem } from '../../src/ovf/package';
import { govmomiAvailable, govmomiFolder, govmomiReadings } from '../backends/govmomi';
import type { GovmomiReading } from '../backends/govmomi';
import { describeWith } from '../backends/need';
import { besides, corpus, tryReading } from './corpus';

/** Machines that govmomi's parser reads: not those of collections within collections. */
function machines(content: Content): VirtualSystem[] {
  if (content.kind === 'system') return [content];
  return content.members.filter((member): member is VirtualSystem => member.kind === 'system');
}

/**
 * Memory in bytes. Old writers' megabyte is 2^20 bytes (the captions beside it say 512MB of 512 of them), where the parser takes DSP0004's
 * 10^6; and without a unit its ToConfigSpec takes the number for MiB.
 */
const mended = ({ memory, units }: { memory: number; units: string }): number =>
  units === '' ? memory * 2 ** 20 : /^megabytes$/i.test(units) ? (memory / 10 ** 6) * 2 ** 20 : memory;

describeWith('govmomi', govmomiAvailable(), () => {
  let theirs: Record<string, GovmomiReading>;
  let compared: { path: string; ours: Exclude<ReturnType<typeof tryReading>, OvfError>; their: GovmomiReading }[];
  beforeAll(async () => {
    theirs = await govmomiReadings(join(await govmomiFolder(), 'ovf', 'fixtures'));
    compared = (await corpus()).flatMap(({ path, bytes }) => {
      const ours = tryReading(besides(bytes));
      const their = theirs[path];
      // It knows no general elements of 0.9: there it finds no machine.
      return ours instanceof OvfError || !their || their.error !== undefined || their.systems.length === 0 ? [] : [{ path, ours, their }];
    });
  });

  test('most of the corpus is read by both', () => expect(compared.length).toBeGreaterThan(600));

  test('the networks and the disks are the same, in their order', () => {
    for (const { path, ours, their } of compared) {
      expect([path, ours.networks.map(({ name }) => name)]).toEqual([path, their.networks]);
      expect([path, ours.disks.map(({ id }) => id)]).toEqual([path, their.disks.map(({ id }) => id)]);
    }
  });

  test('the capacities are the same wherever it has a number', () => {
    const pairs = compared.flatMap(({ path, ours, their }) =>
      their.disks.flatMap(({ id, capacity }) =>
        capacity === 0 ? [] : [[path, id, capacity, ours.disks.find((disk) => disk.id === id)?.capacity]],
      ),
    );
    expect(pairs.length).toBeGreaterThan(600);
    expect(pairs.filter(([, , theirCapacity, ourCapacity]) => theirCapacity !== ourCapacity)).toEqual([]);
    const without = compared.flatMap(({ their }) => their.disks.filter(({ capacity }) => capacity === 0).map(({ text }) => text));
    expect(without.filter((text) => !text.startsWith('${'))).toEqual([]);
  });

  test('each machine has the same processors, memory, disks and networks', () => {
    for (const { path, ours, their } of compared) {
      const found = machines(ours.content).map(({ id, hardware: { cpus, memory, disks, interfaces } }) => ({
        id,
        cpus: cpus ?? 0,
        memory: memory ?? 0,
        disks: disks.map(({ disk }) => disk).sort(),
        // It does not know EthernetPortItem, which OVF 2 has for interfaces.
        networks: ours.version === '2' ? [] : interfaces.map(({ network }) => network ?? ''),
      }));
      const expected = their.systems.map((system) => ({
        id: system.id,
        cpus: system.cpus,
        memory: mended(system),
        disks: [...system.disks].sort(),
        networks: system.networks,
      }));
      expect([path, found]).toEqual([path, expected]);
    }
  });
});
