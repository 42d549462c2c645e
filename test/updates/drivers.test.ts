import { Ec2Disks } from '../../drivers/ec2/disks';
import { Ec2Volumes } from '../../drivers/ec2/volumes';
import { OpenstackDisks } from '../../drivers/openstack/disks';
import { OpenstackInterfaces } from '../../drivers/openstack/interfaces';
import { OpenstackNetworkPorts } from '../../drivers/openstack/network-ports';
import { OpenstackNetworks } from '../../drivers/openstack/networks';
import { OpenstackVolumes } from '../../drivers/openstack/volumes';
import { VsphereDisks } from '../../drivers/vsphere/disks';
import { VsphereInterfaces } from '../../drivers/vsphere/interfaces';
import { VsphereVolumes } from '../../drivers/vsphere/volumes';
import type { Updating } from '../../src/clouds/contract';
import { GROUPS, type ListedGroup } from '../../src/clouds/driver';
import { standardCatalogue } from '../../src/model/catalogue';
import { addressHandler } from '../../src/operations/address';
import { changesOf } from '../../src/operations/changes';
import { Refusal, type Changeable, type Found, type PlanContext, type UpdateRequest } from '../../src/operations/resource-handler';

/**
 * DSP0263 5.5, 4.2.1.3 on every cloud: for each writable attribute that its items show, what becomes of a PUT that leaves
 * it out and of one that names it without a value, by what the driver says that it can change (D159).
 */
const catalogue = standardCatalogue();
/** A group as it is before anything is asked of its provider. */
const around = { options: {}, define: () => undefined };
const of = (type: new (...args: never[]) => object): Updating => Reflect.construct(type, new Array(6).fill(around)) as Updating;
const NOTHING: Updating = { changes: {} };

/** Attributes that items show, with a value that is not the one that the standard gives by itself. */
const SHOWN: Readonly<Partial<Record<ListedGroup, Record<string, string | number | boolean | string[] | { href: string }>>>> = {
  disks: { capacity: 5 },
  volumes: { capacity: 5, bootable: true },
  volumeImages: { imageLocation: { href: 'urn:x' }, bootable: true },
  machineImages: { imageLocation: 'urn:x' },
  interfaces: {
    network: { href: 'networks/a' },
    networkPort: { href: 'networkPorts/a' },
    state: 'DISABLED',
    macAddress: '0a:00:00:00:00:01',
    mtu: 1300,
  },
  networks: { networkType: 'PUBLIC', mtu: 1400, classOfService: 'GOLD' },
  networkPorts: { network: { href: 'networks/a' }, portType: 'TRUNK', classOfService: 'GOLD' },
  addresses: {
    ip: '10.0.0.1',
    hostname: 'h',
    dns: ['10.0.0.2'],
    protocol: 'IPv4',
    mask: '255.0.0.0',
    defaultGateway: '10.0.0.3',
    network: { href: 'networks/a' },
  },
};

const DRIVERS: Readonly<Record<string, Partial<Record<ListedGroup, Updating>>>> = {
  ec2: { disks: of(Ec2Disks), volumes: of(Ec2Volumes) },
  openstack: {
    ...{ disks: of(OpenstackDisks), volumes: of(OpenstackVolumes), interfaces: of(OpenstackInterfaces) },
    ...{ networks: of(OpenstackNetworks), networkPorts: of(OpenstackNetworkPorts) },
  },
  vsphere: { disks: of(VsphereDisks), volumes: of(VsphereVolumes), interfaces: of(VsphereInterfaces) },
};

/** Decides what becomes of an attribute that is left out: a value, or that it is refused; all else stays what nobody can change. */
const LEFT_OUT: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  ec2: { 'Disk.capacity': 'refused', 'Volume.capacity': 'refused', 'Volume.bootable': 'refused' },
  openstack: {
    ...{ 'Disk.capacity': 'refused', 'Volume.capacity': 'refused', 'Volume.bootable': 'refused' },
    ...{
      'MachineNetworkInterface.state': 'ACTIVE',
      'Network.networkType': 'PRIVATE',
      'Network.mtu': 'refused',
      'NetworkPort.portType': 'ACCESS',
    },
  },
  vsphere: {
    ...{
      'Disk.capacity': 'refused',
      'Volume.capacity': 'refused',
      'Volume.bootable': 'refused',
      'MachineNetworkInterface.state': 'ACTIVE',
    },
    ...{ 'MachineNetworkInterface.network': 'refused', 'MachineNetworkInterface.macAddress': 'refused' },
  },
};

describe.each(Object.entries(DRIVERS))('%s', (driver, groups) => {
  const cases = Object.entries(SHOWN).flatMap(([group, values]) =>
    Object.keys(values).map((name): [ListedGroup, string] => [group as ListedGroup, name]),
  );

  test.each(cases)('%s.%s', (group, name) => {
    const type = GROUPS[group];
    const found = { path: `${group}/x`, type, values: { ...SHOWN[group] }, cloud: { key: driver } } as unknown as Found;
    const { changes = {} } = groups[group] ?? NOTHING;
    const outcome = (request: UpdateRequest): unknown => {
      try {
        return changesOf(catalogue, found, request, (each) => changes[each])[name];
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        expect([error.status, error.message]).toEqual([400, expect.stringMatching(new RegExp(`^${name}: cannot be removed.*${driver}`))]);
        return 'refused';
      }
    };
    const expected = LEFT_OUT[driver]?.[`${type}.${name}`];
    expect(outcome({ set: {}, erase: [name], omitted: [name] })).toBe(expected);
    // Named, it is never kept as if it were gone.
    expect(outcome({ set: {}, erase: [name] })).toBe(expected ?? 'refused');
    // What is sent as it is, is no change.
    expect(outcome({ set: { [name]: SHOWN[group]?.[name] }, erase: [] })).toBeUndefined();
  });

  test('it takes nothing that the standard does not let one write', () => {
    for (const [group, { changes }] of Object.entries(groups)) {
      expect(changes).toBeDefined();
      const declared = catalogue.attributesOf(GROUPS[group as ListedGroup]);
      for (const name of Object.keys(changes ?? {}))
        expect([name, declared[name]?.consumer]).toEqual([name, expect.stringMatching(/read-write$/)]);
    }
  });
});

test('D014: where a cloud does not keep addresses, a dynamic one stays so, in words', async () => {
  const cloud = { key: 'ec2', changes: () => undefined, offers: () => false };
  const found = { path: 'addresses/x', type: 'Address', values: { allocation: 'dynamic', ip: '10.0.0.1' }, cloud } as unknown as Changeable;
  const update = (allocation: string) =>
    Promise.resolve(addressHandler.update?.({ catalogue } as unknown as PlanContext, found, { set: { allocation }, erase: [] }));
  await expect(update('static')).rejects.toThrow("cloud 'ec2' cannot change allocation of addresses/x");
});
