import { BLOCK_VOLUME } from '../../src/model/volume';
import { CIMI } from '../../src/model/define';
import type { Client, Json } from '../harness/client';
import { IMAGE, KEY_BYTES, listOf, machineCreate, made, NANO, pathOf, SMALL } from '../protocol/scene';

/** Bodies that one of everything was made of, and where each is. */
export interface Population {
  /** Content of what is created by its own representation, by collection. */
  contents: Readonly<Record<string, Json>>;
  /** Path of each type, by type name; parts of machines and memberships too. */
  paths: Readonly<Record<string, string>>;
}

const common = { name: 'one', description: 'of everything', properties: { a: '1' } };

/** Makes one of everything that the simulator and the gateway offer. */
export async function populate(client: Client): Promise<Population> {
  const paths: Record<string, string> = {};
  const keep = (one: Json | undefined): Json => {
    if (!one) throw new Error('nothing was made');
    paths[String(one.resourceURI).replace(`${CIMI}/`, '')] = pathOf(client, one.id);
    return one;
  };
  const make = async (collection: string, body: object): Promise<Json> => keep(await made(client, collection, body));
  const first = async (uri: string, list: string): Promise<Json> => keep(listOf((await client.get(uri)).json, list)[0]);
  const inner = (one: Json, attribute: string): string => `${pathOf(client, one.id)}/${attribute}`;

  const group = await make('forwardingGroups', { ...common, forwardingGroupTemplate: { networks: [] } });
  const network = await make('networks', {
    ...common,
    networkTemplate: { networkConfig: { networkType: 'PRIVATE', mtu: 1400, classOfService: 'GOLD' }, forwardingGroup: { href: group.id } },
  });
  const at = { href: network.id };
  const other = await made(client, 'networks', { networkTemplate: { networkConfig: { networkType: 'PRIVATE' } } });
  const networkPortConfig = { portType: 'TRUNK', classOfService: 'SILVER' };
  const used = await make('networkPorts', { ...common, networkPortTemplate: { network: at, networkPortConfig } });
  const address = { ip: '10.0.99.1', hostname: 'h', allocation: 'static', dns: ['10.0.0.2'], protocol: 'IPv4', network: at };
  await make('addresses', { ...common, addressTemplate: address });
  const volume = await make('volumes', { ...common, volumeTemplate: { volumeConfig: { capacity: 2_000_000, type: BLOCK_VOLUME } } });
  const free = await made(client, 'volumes', { ...common, volumeTemplate: { volumeConfig: { capacity: 1_000_000 } } });
  const nics = [{ network: at, networkPort: { href: used.id }, state: 'PASSIVE', mtu: 1300 }];
  const machine = await make(
    'machines',
    machineCreate(common, { machineConfig: { href: SMALL }, networkInterfaces: nics, volumes: [{ href: volume.id }] }),
  );
  await first(inner(machine, 'disks'), 'disks');
  await first(inner(machine, 'volumes'), 'machineVolumes');
  await first(inner(machine, 'networkInterfaces'), 'machineNetworkInterfaces');
  await make('machineImages', { ...common, imageLocation: machine.id });
  await first(inner(machine, 'snapshots'), 'machineSnapshots');
  await make('volumeImages', { ...common, imageLocation: { href: free.id } });
  await first(inner(free, 'images'), 'volumeVolumeImages');
  await first(inner(group, 'networks'), 'forwardingGroupNetworks');
  await make('credentials', { ...common, credentialTemplate: { userName: 'u', password: 'p', key: KEY_BYTES } });

  const contents = {
    machineConfigs: { cpu: 1, memory: 1_048_576, disks: [{ capacity: 1_000_000, format: 'ext4' }], cpuArch: 'x86_64' },
    machineTemplates: { initialState: 'STARTED', machineConfig: { href: NANO }, machineImage: { href: IMAGE }, userData: 'aGk=' },
    credentialTemplates: { userName: 'u', password: 'p', key: KEY_BYTES },
    volumeConfigs: { type: BLOCK_VOLUME, format: 'ext4', capacity: 1_000_000 },
    volumeTemplates: { volumeConfig: { type: BLOCK_VOLUME, capacity: 1_000_000 } },
    networkConfigs: { networkType: 'PRIVATE', mtu: 1400, classOfService: 'GOLD' },
    networkTemplates: {
      initialState: 'STARTED',
      networkConfig: { networkType: 'PRIVATE', mtu: 1400 },
      forwardingGroup: { href: group.id },
    },
    networkPortConfigs: { portType: 'TRUNK', classOfService: 'GOLD' },
    networkPortTemplates: { initialState: 'STARTED', network: { href: other.id }, networkPortConfig },
    addressTemplates: { ...address, ip: '10.0.99.7', mask: '255.255.0.0', defaultGateway: '10.0.0.1' },
    forwardingGroupTemplates: { networks: [{ href: other.id }] },
    systemTemplates: {
      componentDescriptors: [
        { name: 'key', type: `${CIMI}/Credential`, credentialTemplate: { userName: 'u', password: 'p', key: KEY_BYTES } },
      ],
    },
  };
  for (const [collection, content] of Object.entries(contents)) await make(collection, { ...common, ...content });
  const system = await make('systems', { ...common, systemTemplate: contents.systemTemplates });
  await first(inner(system, 'credentials'), 'systemCredentials');
  return { contents: contents as unknown as Population['contents'], paths };
}
