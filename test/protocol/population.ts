import { CIMI } from '../../src/model/define';
import type { SimulatorControl } from '../../drivers/simulator/control';
import type { Client, Json } from '../harness/client';
import { IMAGE, KEY_BYTES, listOf, machineCreate, made, NANO, pathOf, succeeded } from './scene';

/** One of everything that a gateway in front of a simulated cloud `sim` can have. */

const NET = 'networks/sim.net-default';
export const MACHINE = { machineConfig: { href: NANO }, machineImage: { href: IMAGE } };

/** Describes one component of a SystemTemplate. */
export const componentOf = (type: string, name: string, template: object) => ({
  name,
  type: `${CIMI}/${type}`,
  [`${(type[0] ?? '').toLowerCase()}${type.slice(1)}Template`]: template,
});
const of = componentOf;

/** Makers of resources, each following the create to its end. */
export interface Makers {
  /** Creates in a collection. @returns the path of what is made */
  make(collection: string, body: object): Promise<string>;
  volume(): Promise<string>;
  machine(template?: object): Promise<string>;
  address(): Promise<string>;
  network(): Promise<string>;
}

export function makersFor(client: Client): Makers {
  const make = async (collection: string, body: object) => pathOf(client, (await made(client, collection, body)).id);
  return {
    make,
    volume: () => make('volumes', { volumeTemplate: { volumeConfig: { capacity: 1_000_000 } } }),
    machine: (template = {}) => make('machines', machineCreate({ name: 'one', properties: { a: 'b' } }, template)),
    address: () => make('addresses', { addressTemplate: { network: { href: NET }, allocation: 'static', protocol: 'IPv4' } }),
    network: () => make('networks', { networkTemplate: { networkConfig: { networkType: 'PRIVATE' } } }),
  };
}

/** Template of a Meter of the owner that it is posted to. */
const meterOf = (aspect: string, targetResource?: string) => ({
  meterTemplate: {
    ...(targetResource && { targetResource: { href: targetResource } }),
    meterConfig: { aspect: `${CIMI}/aspect/${aspect}` },
  },
});

/** Makes a body for each Collection that offers add, and what the body needs. */
export type Bodies = Readonly<Record<string, () => Promise<object>>>;

export function bodiesFor({ make, volume, machine, address, network }: Makers): Bodies {
  return {
    machines: () => Promise.resolve(machineCreate()),
    machineTemplates: () => Promise.resolve(MACHINE),
    machineConfigs: () => Promise.resolve({ cpu: 1, memory: 524_288, disks: [{ capacity: 1_000_000, format: 'ext4' }] }),
    machineImages: async () => ({ imageLocation: await machine() }),
    credentials: () => Promise.resolve({ credentialTemplate: { key: KEY_BYTES } }),
    credentialTemplates: () => Promise.resolve({ userName: 'u', password: 'p', key: KEY_BYTES }),
    volumes: () => Promise.resolve({ volumeTemplate: { volumeConfig: { capacity: 1_000_000 } } }),
    volumeTemplates: () => Promise.resolve({ volumeConfig: { capacity: 1_000_000 } }),
    volumeConfigs: () => Promise.resolve({ capacity: 1_000_000, type: `${CIMI}/mapped`, format: 'ext4' }),
    volumeImages: async () => ({ imageLocation: { href: await volume() } }),
    networks: () => Promise.resolve({ networkTemplate: { networkConfig: { networkType: 'PRIVATE' } } }),
    networkTemplates: () => Promise.resolve({ networkConfig: { networkType: 'PRIVATE' } }),
    networkConfigs: () => Promise.resolve({ networkType: 'PRIVATE', mtu: 1500, classOfService: 'BRONZE' }),
    networkPorts: () => Promise.resolve({ networkPortTemplate: { network: { href: NET } } }),
    networkPortTemplates: () => Promise.resolve({ network: { href: NET }, networkPortConfig: { portType: 'ACCESS' } }),
    networkPortConfigs: () => Promise.resolve({ portType: 'ACCESS', classOfService: 'BRONZE' }),
    addresses: () => Promise.resolve({ addressTemplate: { network: { href: NET }, allocation: 'static', protocol: 'IPv4' } }),
    addressTemplates: () => Promise.resolve({ ip: '10.9.9.9', network: { href: NET }, allocation: 'static', protocol: 'IPv4' }),
    forwardingGroups: () => Promise.resolve({ forwardingGroupTemplate: {} }),
    forwardingGroupTemplates: () => Promise.resolve({ networks: [{ href: NET }] }),
    systems: () => Promise.resolve({ systemTemplate: { componentDescriptors: [of('Machine', 'm', MACHINE)] } }),
    systemTemplates: () => Promise.resolve({ componentDescriptors: [of('Machine', 'm', MACHINE)] }),
    meters: async () => meterOf('cpu', await machine()),
    meterTemplates: () => Promise.resolve(meterOf('memory').meterTemplate),
    meterConfigs: () =>
      Promise.resolve({
        ...{ associatedTo: [{ href: `${CIMI}/Machine` }], aspect: `${CIMI}/aspect/cpu`, units: 'percent', sampleInterval: 300 },
        ...{ timeScope: 'Interval', intervalDuration: 'P1D', isContinuous: true },
      }),
    eventLogs: async () => ({ eventLogTemplate: { targetResource: { href: await machine() }, persistence: 'weekly' } }),
    eventLogTemplates: async () => ({ targetResource: { href: await machine() }, persistence: 'daily' }),
    'System/meters': () => Promise.resolve(meterOf('memory')),
    'Machine/meters': () => Promise.resolve(meterOf('cpu')),
    'Volume/meters': () => Promise.resolve(meterOf('outputBandwidth')),
    'Network/meters': () => Promise.resolve(meterOf('bandwidth')),
    'NetworkPort/meters': () => Promise.resolve(meterOf('inputBandwidth')),
    'Machine/disks': () => Promise.resolve({ capacity: 2_000_000 }),
    'Machine/volumes': async () => ({ volume: { href: await volume() } }),
    'Machine/networkInterfaces': () => Promise.resolve({ network: { href: NET } }),
    'MachineNetworkInterface/addresses': async () => ({ address: { href: await address() } }),
    'ForwardingGroup/networks': async () => ({ network: { href: await network() } }),
    'System/systems': async () => ({ system: { href: await make('systems', { systemTemplate: { componentDescriptors: [] } }) } }),
    'System/machines': async () => ({ machine: { href: await machine() } }),
    'System/credentials': async () => ({ credential: { href: await make('credentials', { credentialTemplate: { key: KEY_BYTES } }) } }),
    'System/volumes': async () => ({ volume: { href: await volume() } }),
    'System/networks': async () => ({ network: { href: await network() } }),
    'System/networkPorts': async () => ({
      networkPort: { href: await make('networkPorts', { networkPortTemplate: { network: { href: NET } } }) },
    }),
    'System/addresses': async () => ({ address: { href: await address() } }),
    'System/forwardingGroups': async () => ({ forwardingGroup: { href: await make('forwardingGroups', { forwardingGroupTemplate: {} }) } }),
  };
}

/** Makes one of everything, in several states. */
export async function populate(client: Client, control: SimulatorControl): Promise<void> {
  const makers = makersFor(client);
  const { make, volume, machine, network } = makers;
  const bodies = bodiesFor(makers);
  const some = Object.entries(bodies).filter(([name]) => !name.includes('/') && name !== 'systems');
  for (const [collection, body] of some) await make(collection, await body());
  const whole = await machine({
    volumeTemplates: [{ volumeTemplate: { volumeConfig: { capacity: 1_000_000 } }, initialLocation: '/dev/sdx' }],
  });
  for (const name of ['disks', 'volumes', 'networkInterfaces']) await make(`${whole}/${name}`, (await bodies[`Machine/${name}`]?.()) ?? {});
  const [nic] = listOf((await client.get(`${whole}/networkInterfaces`)).json, 'machineNetworkInterfaces');
  await make(`${pathOf(client, (nic as Json).id)}/addresses`, (await bodies['MachineNetworkInterface/addresses']?.()) ?? {});
  await make('machineImages', { imageLocation: whole });
  for (const [name, also] of [['stop'], ['pause'], ['suspend'], ['stop', 'start']] as const) {
    const one = await machine();
    for (const each of [name, also]) if (each) await succeeded(client, await client.act(one, each));
  }
  const group = await make('forwardingGroups', { forwardingGroupTemplate: {} });
  const net = await network();
  await make(`${group}/networks`, { network: { href: net } });
  await make('networkPorts', { networkPortTemplate: { network: { href: net } } });
  const captured = await volume();
  await make('volumeImages', { imageLocation: { href: captured } });
  const parts = [of('Machine', 'm', MACHINE), of('Network', 'n', { networkConfig: { networkType: 'PRIVATE' } })];
  const system = await make('systems', { systemTemplate: { componentDescriptors: [...parts, of('Credential', 'c', { key: KEY_BYTES })] } });
  await make(`${system}/volumes`, { volume: { href: await volume() } });
  // What is only seen, refused or failed.
  await client.post('machines', machineCreate({}, { machineImage: { href: 'machineImages/none' } }));
  control.fail({ method: 'machines.create', kind: 'quota' });
  await client.ended(await client.post('machines', machineCreate({ name: 'never' })));
}
