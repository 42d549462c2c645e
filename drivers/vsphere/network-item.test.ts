import { maskOf } from './addresses';
import { cardsOf, externalIdOf, isConnected, marksOf, nicsOf, partsOf } from './card-item';
import type { Seen } from './collector';
import { networkItem, networkRef } from './network-item';
import { isUplink } from './places';
import type { Ref } from './types';

const seen = (ref: Ref, properties: Record<string, unknown>): Seen => ({
  ref,
  properties: new Map(Object.entries(properties)),
  missing: new Map(),
});
const group = (properties: Record<string, unknown>) =>
  seen(networkRef('dvportgroup-7'), { name: 'a', 'summary.accessible': true, ...properties });
const machine = (properties: Record<string, unknown>) => seen({ type: 'VirtualMachine', value: 'vm-7' }, properties);

test.each([
  ['dvportgroup-7', 'DistributedVirtualPortgroup'],
  ['network-7', 'Network'],
  ['network-o7', 'OpaqueNetwork'],
])('%s is a %s', (value, type) => {
  expect(networkRef(value)).toEqual({ type, value });
});

test.each([
  [{ tag: [{ $type: 'Tag', key: 'SYSTEM/DVS.UPLINKPG' }], name: 'plain' }, true],
  [{ tag: [{ $type: 'Tag', key: 'SYSTEM/OTHER' }], name: 'a-DVUplinks-7' }, false],
  [{ name: 'a-DVUplinks-7' }, false],
])('of %j being an uplink port group is %s', (properties, is) => {
  expect(isUplink(group(properties))).toBe(is);
});

test('a VLAN ID is told where there is one: not of no VLAN, not of a trunk', () => {
  const vlan = (of: object) => networkItem(group({ 'config.defaultPortConfig': { $type: 'VMwareDVSPortSetting', vlan: of } }), []).values;
  expect(vlan({ $type: 'VmwareDistributedVirtualSwitchVlanIdSpec', vlanId: 12 })).toMatchObject({ vlan: 12 });
  expect(vlan({ $type: 'VmwareDistributedVirtualSwitchVlanIdSpec', vlanId: 0 })).not.toHaveProperty('vlan');
  expect(vlan({ $type: 'VmwareDistributedVirtualSwitchTrunkVlanSpec' })).not.toHaveProperty('vlan');
});

test('D3: vCenter has no date of a network, so it has none', () => {
  expect(networkItem(group({ 'config.description': 'a network' }), []).created).toBeUndefined();
});

test('what NSX shows of its own switch is NSX’s to change', () => {
  const words = expect.stringMatching(/NSX/) as string;
  const { refuses } = networkItem(seen(networkRef('network-o7'), { name: 'web', 'summary.accessible': true }), []);
  expect(refuses).toEqual({ edit: words, delete: words });
});

test('what vCenter does not tell of its being accessible is ERROR', () => {
  expect(networkItem(group({ 'summary.accessible': undefined }), []).values.state).toBe('ERROR');
});

test('the network of a card: by its backing; of NSX’s own switch where the machine has one such network', () => {
  const card = (backing: object) => ({ $type: 'VirtualVmxnet3', key: 4000, backing });
  const opaque = { $type: 'VirtualEthernetCardOpaqueNetworkBackingInfo', opaqueNetworkId: 'x' };
  const of = (backing: object, network: string[]) =>
    cardsOf(machine({ 'config.hardware.device': [card(backing), { $type: 'VirtualCdrom' }], network: network.map(networkRef) })).map(
      ({ key, network: own }) => [key, own],
    );
  expect(of({ $type: 'VirtualEthernetCardNetworkBackingInfo', network: networkRef('network-3') }, [])).toEqual([
    ['vm-7:4000', 'network-3'],
  ]);
  expect(of(opaque, ['network-3', 'network-o4'])).toEqual([['vm-7:4000', 'network-o4']]);
  expect(of(opaque, ['network-o3', 'network-o4'])).toEqual([['vm-7:4000', undefined]]);
  expect(of({ $type: 'SomeOtherBackingInfo' }, [])).toEqual([['vm-7:4000', undefined]]);
  expect(cardsOf(machine({ 'config.hardware.device': [card({ $type: 'SomeOtherBackingInfo' })] }))[0]?.card.backing).toBeUndefined();
  expect(cardsOf(machine({ 'config.template': true, 'config.hardware.device': [card(opaque)] }))).toEqual([]);
});

test('marks of a card are those of its own machine and of our making', () => {
  const marks = { tag: 'id-1:mac', token: 'token-1' };
  const read = (externalId: string | undefined) => marksOf({ key: '', card: { externalId }, machine: 'vm-7', network: undefined });
  expect(read(externalIdOf('vm-7', marks))).toEqual(marks);
  for (const other of [externalIdOf('vm-8', marks), 'a-vif-of-nsx', 'cimi vm-7', '', undefined]) expect(read(other)).toEqual({});
});

test('a card is connected by what is so now, or by what will be when its machine is started', () => {
  const card = { connectable: { connected: false, startConnected: true } };
  expect(isConnected(machine({ 'runtime.powerState': 'poweredOn' }), card)).toBe(false);
  expect(isConnected(machine({ 'runtime.powerState': 'poweredOff' }), card)).toBe(true);
  expect(isConnected(machine({ 'runtime.powerState': 'suspended' }), {})).toBe(true);
});

test('a guest that does not run tells nothing', () => {
  const guest = (power: string) => nicsOf(machine({ 'guest.net': [{ macAddress: 'a' }], 'runtime.powerState': power }));
  expect([guest('poweredOn').length, guest('poweredOff').length, guest('suspended').length]).toEqual([1, 0, 0]);
});

test.each(['vm-7', 'vm-7:', ':4000', 'vm-7:4000/1', 'vm 7:4000', 'vm-7:-1'])('%s is no key of an interface', (key) => {
  expect(partsOf(key)).toBeUndefined();
});

test.each([
  [0, '0.0.0.0'],
  [8, '255.0.0.0'],
  [20, '255.255.240.0'],
  [25, '255.255.255.128'],
  [32, '255.255.255.255'],
])('a prefix of %i bits is the mask %s', (length, mask) => {
  expect(maskOf(length)).toBe(mask);
});
