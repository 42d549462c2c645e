import { capabilities as ec2 } from '../../../drivers/ec2/capabilities';
import { capabilities as openstack } from '../../../drivers/openstack/capabilities';
import { capabilitiesOf as simulator } from '../../../drivers/simulator/capabilities';
import { optionsSchema } from '../../../drivers/simulator/options';
import { capabilities as vsphere } from '../../../drivers/vsphere/capabilities';
import type { Capabilities, TypeCapabilities } from '../../../src/clouds/driver';
import { createCatalogue } from '../../../src/model/catalogue';
import { standardCollections, standardResources } from '../../../src/model/standard';
import { STATES } from './expectations';

/**
 * Capabilities held against the standard's names, and against what each provider's documentation says it can do, written
 * apart from the drivers.
 */
const SETTLE_MS = 1_234;
const AT_MOST = 3;
const options = optionsSchema.parse({ settleMs: SETTLE_MS, sizes: { atMost: AT_MOST }, mixedNetworks: true });
const clouds: Readonly<Record<string, Capabilities>> = {
  ec2: ec2(SETTLE_MS, AT_MOST, 40),
  openstack: openstack(SETTLE_MS, AT_MOST),
  simulator: simulator(options),
  vsphere: vsphere(SETTLE_MS),
};
const cloud = (name: string): Capabilities => clouds[name] as Capabilities;
const catalogue = createCatalogue(standardResources, standardCollections);
const rows = Object.entries(clouds).flatMap(([name, { types }]) =>
  Object.entries(types).map(([type, said]): [string, string, TypeCapabilities] => [name, type, said]),
);

test.each(rows)(
  '%s says of %s only what the standard has names for (5.2, 5.11.2)',
  (name, type, { capabilities = {}, attributes, constraints }) => {
    const declared = catalogue.resource(type);
    const extensions = (cloud(name).extensions ?? []).filter(({ types }) => types.includes(type)).map((one) => one.name);
    const known = [...Object.keys(catalogue.attributesOf(type)), ...extensions];
    for (const attribute of [...(attributes ?? []), ...Object.keys(constraints ?? {})]) expect(known).toContain(attribute);
    expect(new Set(attributes).size).toBe(attributes?.length ?? 0);
    for (const [capability, value] of Object.entries(capabilities)) {
      const of = declared.capabilities?.[capability];
      expect([capability, of === undefined]).toEqual([capability, false]);
      if (of?.values) for (const one of Array.isArray(value) ? value : [value]) expect(of.values).toContain(one);
      if (of?.type === 'boolean') expect(typeof value).toBe('boolean');
    }
    const { DefaultInitialState: initial, InitialStates: states } = capabilities;
    if (initial !== undefined) expect(STATES[type]).toContain(initial);
    if (Array.isArray(states)) for (const state of [...states, initial]) expect(STATES[type]).toContain(state);
  },
);

test.each(Object.keys(clouds))('%s names each extension of a type once, and of types that there are (5.2)', (name) => {
  const { extensions = [] } = cloud(name);
  const places = extensions.flatMap((one) => one.types.map((type) => `${one.name} of ${type}`));
  expect(places.filter((one, index) => places.indexOf(one) !== index)).toEqual([]);
  for (const { name: extension, types, kind } of extensions) {
    expect(extension).toMatch(/^[a-z][A-Za-z]+$/);
    // Its items in XML are named without the s.
    if (kind === 'strings') expect(extension).toMatch(/s$/);
    expect(types.length).toBeGreaterThan(0);
    for (const type of types) expect(() => catalogue.resource(type)).not.toThrow();
  }
});

test('what an operator set is what is announced', () => {
  for (const name of ['ec2', 'openstack', 'simulator'])
    expect(cloud(name)).toMatchObject({ settleMs: SETTLE_MS, sizes: { atMost: AT_MOST } });
  expect(cloud('vsphere').settleMs).toBe(SETTLE_MS);
  expect(cloud('ec2').types['CloudEntryPoint']).toEqual({ capabilities: { MaxPropertyItems: 40 } });
  const { settleMs: _settleMs, ...unsettled } = options;
  expect(simulator({ ...unsettled, visibilityDelayMs: 77 }).settleMs).toBe(77);
  expect(simulator({ ...options, mixedNetworks: false }).types['ForwardingGroup']).toEqual({ capabilities: { MixedNetwork: false } });
});

/** Abilities of a provider's machines, what is shown of them, and what may be said at their creation. */
interface MachineFacts {
  machine: TypeCapabilities;
  configuration: readonly string[];
  image: TypeCapabilities;
  extensions: readonly string[];
  besides: Partial<Capabilities>;
}

const facts: Readonly<Record<string, MachineFacts>> = {
  ec2: {
    machine: {
      capabilities: {
        DefaultInitialState: 'STARTED',
        // RunInstances starts what it launches; a launch can be stopped after it, and is hibernated only where that was prepared.
        InitialStates: ['STARTED', 'STOPPED'],
        // StopInstances takes Force, and is gentle without it.
        MachineStopForce: true,
        MachineStopForceDefault: false,
        // CreateReplaceRootVolumeTask takes an AMI.
        RestoreFromImage: true,
        // The instance metadata service hands UserData out.
        UserData: 'metadata',
      },
      attributes: ['cpu', 'cpuArch', 'cpuSpeed', 'created'],
    },
    // DescribeInstanceTypes: VCpuInfo, InstanceStorageInfo, ProcessorInfo.
    configuration: ['cpu', 'disks', 'cpuArch', 'cpuSpeed'],
    // DescribeImages tells CreationDate and the source; AMIs and snapshots are images.
    image: { attributes: ['relatedImage', 'created'], constraints: { type: { values: ['IMAGE', 'SNAPSHOT'] } } },
    extensions: [
      ...['availabilityZone', 'placementGroup', 'tenancy', 'securityGroups', 'hibernation', 'sizeAtMost', 'instanceProfile', 'httpTokens'],
      ...['rootVolumeSize', 'rootVolumeType', 'rootVolumeEncrypted', 'kmsKey'],
    ],
    // RunInstances takes NetworkInterfaces, with up to 50 addresses of each on the largest types.
    besides: { portsAtCreate: true, addressesAtCreate: 50 },
  },
  openstack: {
    machine: {
      capabilities: {
        DefaultInitialState: 'STARTED',
        // os-stop has no forced form.
        MachineStopForce: false,
        // The action rebuild takes an imageRef.
        RestoreFromImage: true,
        // The metadata service hands user_data out.
        UserData: 'metadata',
      },
      attributes: ['cpu', 'created', 'availabilityZone', 'securityGroups'],
    },
    // Flavors: vcpus, disk and OS-FLV-EXT-DATA:ephemeral.
    configuration: ['cpu', 'disks'],
    image: { attributes: ['relatedImage', 'created'], constraints: { type: { values: ['IMAGE', 'SNAPSHOT'] } } },
    extensions: [...['availabilityZone', 'securityGroups', 'serverGroup', 'schedulerHints', 'bootFromVolume', 'volumeType', 'sizeAtMost']],
    // POST /servers takes networks.port, and one networks.fixed_ip; nothing says in which order a guest finds its cards.
    besides: { portsAtCreate: true, addressesAtCreate: 1, interfaceOrder: 'bestEffort' },
  },
  simulator: {
    machine: {
      capabilities: {
        DefaultInitialState: 'STARTED',
        MachineStopForce: true,
        MachineStopForceDefault: false,
        RestoreFromImage: true,
        UserData: 'metadata',
      },
      attributes: ['cpu', 'cpuArch', 'latestSnapshot'],
    },
    configuration: ['cpu', 'disks', 'cpuArch'],
    image: { attributes: ['relatedImage'] },
    extensions: ['sizeAtMost'],
    besides: {},
  },
  vsphere: {
    machine: {
      capabilities: {
        DefaultInitialState: 'STARTED',
        // PowerOffVM_Task beside ShutdownGuest, which is asked first.
        MachineStopForce: true,
        MachineStopForceDefault: false,
        UserData: 'metadata',
      },
      // VirtualMachine.config.createDate and snapshot.currentSnapshot.
      attributes: ['cpu', 'created', 'latestSnapshot'],
    },
    configuration: ['cpu', 'disks'],
    image: { attributes: ['relatedImage', 'created'], constraints: { type: { values: ['IMAGE', 'SNAPSHOT'] } } },
    extensions: [
      ...['datacenter', 'cluster', 'resourcePool', 'folder', 'datastore', 'network', 'guestId', 'customization', 'linkedClone'],
      ...['sizeAtMost'],
    ],
    // ReconfigVM_Task adds CPUs and memory to machines that run, where they allow it.
    besides: { resizesIn: ['STOPPED', 'STARTED'] },
  },
};

test.each(Object.entries(facts))(
  '%s: machines are what the provider makes of them',
  (name, { machine, configuration, image, extensions, besides }) => {
    const announced = cloud(name);
    expect(announced.types['Machine']).toEqual(machine);
    expect(announced.types['MachineConfiguration']).toEqual({ attributes: configuration });
    expect(announced.types['MachineImage']).toEqual(image);
    expect((announced.extensions ?? []).filter(({ types }) => types.includes('Machine')).map((one) => one.name)).toEqual(extensions);
    expect(announced).toMatchObject(besides);
  },
);

test('as many properties can be kept as the provider’s tags and metadata leave room for', () => {
  const most = (name: string) => cloud(name).types['CloudEntryPoint']?.capabilities;
  // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions: 50 tags of a resource, 14 for others and us.
  expect(ec2(SETTLE_MS, AT_MOST).types['CloudEntryPoint']).toEqual({ capabilities: { MaxPropertyItems: 50 - 14 } });
  // https://docs.openstack.org/nova/latest/user/quotas.html: 128 metadata items of a server, 28 for others and us.
  expect(most('openstack')).toEqual({ MaxPropertyItems: 128 - 28 });
  expect(most('vsphere')).toEqual({ MaxPropertyItems: 100 });
  expect(most('simulator')).toBeUndefined();
});

test('yes and no are told apart from texts among the extensions', () => {
  const kinds = (name: string, kind: string): string[] =>
    (cloud(name).extensions ?? []).filter((one) => one.kind === kind && one.types.includes('Machine')).map((one) => one.name);
  expect(kinds('vsphere', 'boolean')).toEqual(['linkedClone']);
  expect(kinds('openstack', 'boolean')).toEqual(['bootFromVolume']);
  expect(kinds('openstack', 'strings')).toEqual(['securityGroups', 'schedulerHints']);
  expect(kinds('openstack', 'string')).toEqual(['availabilityZone', 'serverGroup', 'volumeType']);
  expect(kinds('vsphere', 'string')).toEqual([
    ...['datacenter', 'cluster', 'resourcePool', 'folder', 'datastore', 'network', 'guestId', 'customization'],
  ]);
  expect(kinds('vsphere', 'integer')).toEqual(['sizeAtMost']);
  expect(kinds('openstack', 'integer')).toEqual(['sizeAtMost']);
});

const KB_PER_GIB = (1024 * 1024 * 1024) / 1000;

test('the simulated cloud’s storage and networks have the bounds that its provider holds requests to', () => {
  const { types } = cloud('simulator');
  const sized = { ranges: [{ low: 1, high: Math.floor(16_384 * KB_PER_GIB) }] };
  const mtu = { ranges: [{ low: 576, high: 9216 }] };
  const classOfService = { values: ['GOLD', 'SILVER', 'BRONZE'] };
  const type = { values: ['http://cimi-gateway.org/volume-type/block', 'http://schemas.dmtf.org/cimi/1/mapped'] };
  expect(types).toMatchObject({
    Disk: { attributes: ['initialLocation'], constraints: { capacity: sized } },
    MachineVolume: { attributes: ['initialLocation'] },
    MachineNetworkInterface: { attributes: ['networkPort', 'macAddress', 'mtu'], constraints: { mtu } },
    Volume: { capabilities: { SharedVolumeSupport: false }, attributes: [], constraints: { type, capacity: sized } },
    VolumeConfiguration: { attributes: ['format'], constraints: { type } },
    Network: {
      capabilities: { DefaultInitialState: 'STARTED' },
      attributes: ['mtu', 'classOfService', 'forwardingGroup'],
      constraints: { mtu, classOfService },
    },
    NetworkConfiguration: { attributes: ['networkType', 'mtu', 'classOfService'] },
    NetworkPort: { capabilities: { DefaultInitialState: 'STARTED' }, constraints: { classOfService } },
    Address: { attributes: ['hostname', 'defaultGateway', 'dns', 'mask'] },
    ForwardingGroup: { capabilities: { MixedNetwork: true } },
  });
});
