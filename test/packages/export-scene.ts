import { encodeId } from '../../src/clouds/identity';
import { CIMI, EXTENSION } from '../../src/model/define';
import type { Answer, Client, Json } from '../harness/client';
import { ACTION_URI, listOf, made, succeeded } from '../protocol/scene';

export const refOf = async (client: Client, from: Json, name: string): Promise<Json> =>
  (await client.get(String((from[name] as unknown as Json).href))).json;

export const exporting = (client: Client, uri: unknown, more: object = {}): Promise<Answer> =>
  client.post(String(uri), { action: /machines\//.test(String(uri)) ? MACHINE_EXPORT : `${ACTION_URI}export`, ...more });

/** Action of our own: the standard exports no Machine by itself. */
const MACHINE_EXPORT = `${EXTENSION}/action/export`;

/** Exports something. @returns URL of the package's descriptor, and the Job */
export async function exported(client: Client, uri: unknown, more: object = {}): Promise<{ url: string; job: Json }> {
  const answer = await exporting(client, uri, more);
  const job = await succeeded(client, answer);
  return { url: String(answer.headers.get('location')), job };
}

/** A STOPPED Machine of a simulated cloud. */
export function machineIn(client: Client, cloud: string, name: string, template: object = {}, more: object = {}): Promise<Json> {
  return made(client, 'machines', {
    ...{ resourceURI: `${CIMI}/MachineCreate`, name, ...more },
    machineTemplate: {
      machineConfig: { href: `machineConfigs/${encodeId(cloud, 's1.small')}` },
      machineImage: { href: `machineImages/${encodeId(cloud, 'img-debian-12')}` },
      initialState: 'STOPPED',
      ...template,
    },
  });
}

const component = (name: string, type: string, template: object, more: object = {}): object => ({
  ...{ name, type: `${CIMI}/${type}`, [`${type.charAt(0).toLowerCase()}${type.slice(1)}Template`]: template, ...more },
});

/** A System of two STOPPED Machines, one with a Volume, on two Networks, and an Address that no package has a place for. */
export function shopIn(client: Client, cloud: string, capacity = 1_000_000): Promise<Json> {
  const machine = (networks: readonly string[], more: object = {}) => ({
    machineConfig: { href: `machineConfigs/${encodeId(cloud, 's1.small')}` },
    machineImage: { href: `machineImages/${encodeId(cloud, 'img-debian-12')}` },
    initialState: 'STOPPED',
    networkInterfaces: networks.map((name) => ({ network: { href: `#${name}` } })),
    ...more,
  });
  const volume = { volumeConfig: { type: 'http://schemas.dmtf.org/cimi/1/mapped', capacity } };
  return made(client, 'systems', {
    ...{ resourceURI: `${CIMI}/SystemCreate`, name: 'shop', description: 'sells <things>', cloud },
    systemTemplate: {
      componentDescriptors: [
        component('front', 'Network', {}),
        component('back', 'Network', {}),
        component('web', 'Machine', machine(['front', 'back']), { description: 'the face', properties: { stage: 'test' } }),
        component(
          'db',
          'Machine',
          machine(['back'], { volumeTemplates: [{ volumeTemplate: volume }], userData: Buffer.from('pass').toString('base64') }),
        ),
      ],
    },
  });
}

/** Facts of a System that a move keeps, whichever cloud it is in: of its Machines, in the order of their names, and of their Volumes. */
export async function factsOf(client: Client, { name, description, ...system }: Json): Promise<unknown> {
  const get = (from: Json, attribute: string): Promise<Json> => refOf(client, from, attribute);
  const volume = async (item: Json): Promise<unknown> => {
    const { capacity, state } = await get(item, 'volume');
    return { capacity, state };
  };
  const of = async (item: Json) => {
    const machine = await get(item, 'machine');
    const interfaces = listOf(await get(machine, 'networkInterfaces'), 'machineNetworkInterfaces');
    const networks = await Promise.all(interfaces.map(async (one) => String((await get(one, 'network')).name)));
    const volumes = await Promise.all(listOf(await get(machine, 'volumes'), 'machineVolumes').map(volume));
    const { properties, cpu, memory } = machine;
    const own = { name: String(machine.name), description: machine.description, properties, cpu, memory };
    return { ...own, networks: networks.toSorted(), volumes };
  };
  const machines = await Promise.all(listOf(await get(system, 'machines'), 'systemMachines').map(of));
  return { name, description, machines: machines.toSorted((one, other) => one.name.localeCompare(other.name)) };
}
