import type { Capabilities } from '../clouds/driver';
import type { Values } from '../model/values';
import type { VirtualSystem } from '../ovf/package';
import { guestsTold, warningsOf, type Passage } from './guest-warnings';

/** Words for guests that are moved as they are. */
const NEEDS = [
  { guestOs: 'linux', words: 'it needs NVMe' },
  { guestOs: 'windows', hardware: 'native', words: 'it needs drivers' },
];
const system = (cards: number): VirtualSystem => ({
  ...{ kind: 'system', id: 'web', name: 'web', products: [], licenses: [] },
  hardware: {
    ...{ families: [], transports: [], controllers: [], disks: [], drives: [], others: [] },
    interfaces: Array.from({ length: cards }, (_, n) => ({ id: `n${n}`, resourceType: 10, models: [], required: true, connected: true })),
  },
});
const told = (facts: Values, more: Partial<Passage> = {}, cards = 0): readonly string[] => {
  const capabilities: Capabilities = { settleMs: 0, types: {}, guestNeeds: NEEDS };
  return warningsOf(system(cards), { to: { key: 'b', driver: 'there', capabilities }, facts, kept: {}, ...more }).words;
};

/** Words of each Linux that comes from a cloud of another kind. */
const DEVICES: unknown = expect.stringMatching(/fstab or the boot loader .* by UUID or label/);

test('a guest of which nothing is to be said has no words', () => {
  expect(told({})).toEqual([]);
  expect(told({ cpuArch: 'x86_64', bootMode: 'legacy-bios' })).toEqual([]);
  expect(guestsTold([{ machine: 'web', words: [] }])).toEqual([]);
});

test('what a cloud needs of guests is told of those that it concerns, and of none that comes from such a cloud', () => {
  expect(told({ guestOs: 'linux' })).toEqual(['it needs NVMe', DEVICES]);
  expect(told({ guestOs: 'windows' })).toEqual([]);
  expect(told({ guestOs: 'windows' }, { kept: { hardware: 'native' } })).toEqual(['it needs drivers']);
  expect(told({ guestOs: 'linux' }, { from: 'there' })).toEqual([]);
  expect(told({ guestOs: 'linux' }, { from: 'elsewhere' })).toEqual(['it needs NVMe', DEVICES]);
});

test('that MAC addresses are others is told of machines with cards, with what it means for the guest', () => {
  expect(told({}, {}, 2)).toEqual(['its cards get new MAC addresses']);
  expect(told({ guestOs: 'windows' }, {}, 1)).toEqual([expect.stringMatching(/^Windows takes its cards for new ones/)]);
});

test('where a cloud promises no order of cards, it is told of machines with several', () => {
  const capabilities: Capabilities = { settleMs: 0, types: {}, interfaceOrder: 'bestEffort' };
  const to = { key: 'b', driver: 'there', capabilities };
  const [, order] = told({}, { to }, 2);
  expect(order).toBe("its 2 cards are asked for in their order, which cloud 'b' does not promise: compare their networks");
  expect(told({}, { to }, 1)).toEqual(['its cards get new MAC addresses']);
});

test('what the image does not keep is told where machines may not start without it', () => {
  const facts = { cpuArch: 'ARM', bootMode: 'uefi', secureBoot: true };
  expect(told(facts, { kept: facts })).toEqual([]);
  expect(told(facts, { kept: { cpuArch: 'ARM' } })).toEqual([
    expect.stringMatching(/^it starts by UEFI, which images of cloud 'b' do not keep/),
    expect.stringMatching(/^it has secure boot, which/),
  ]);
});

test('a Windows that was captured while it ran may not start; a Linux finds its way', () => {
  expect(told({ guestOs: 'windows' }, { running: true })).toEqual([expect.stringMatching(/captured while it ran/)]);
  expect(told({ guestOs: 'linux' }, { running: true, from: 'there' })).toEqual([]);
});
