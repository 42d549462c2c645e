import type { CallContext } from '../../src/clouds/driver';
import { Gone } from '../../src/clouds/errors';
import type { Wire } from './client';
import type { Flavors } from './configs';
import type { Server } from './nova';
import { type Answered, byIds } from './reads';

/** Place where Gnocchi has the values of one of the gateway's resources. */
export interface Place {
  /** Values of the attribute that chooses Gnocchi's resources. */
  values: readonly string[];
  /** Name that Gnocchi's resource has besides; absent: all of them count. */
  name?: string;
  /** Number of vCPUs that a cpu's time is shared by; 1 for all else. */
  share: number;
}

/** Places of many resources of a type, by key: or the reason why there is none, in words. */
export interface Places {
  /** Attribute of Gnocchi's resources that chooses them. */
  attribute: string;
  places: ReadonlyMap<string, Place | string>;
}

/** Question for the places of an aspect, of resources of one type. */
interface Asked {
  type: string;
  aspect: string;
  keys: readonly string[];
}

/** Names of a port's interface on its host: Neutron's own, and that of vhost-user. */
const PREFIXES = ['tap', 'vhu'];
/** Characters of a port's id in the name of its interface. */
const ID_LENGTH = 11;

/** Finds out where Gnocchi has the values: only Nova knows vCPUs, only Cinder the device of a volume. */
export async function placesOf(wire: Wire, flavors: Flavors, asked: Asked, context: CallContext): Promise<Places> {
  const { type, aspect, keys } = asked;
  if (type === 'Volume') return { attribute: 'instance_id', places: await devices(wire, keys, context) };
  if (type === 'NetworkPort')
    return {
      attribute: 'name',
      places: placed(keys, (key) => ({ values: PREFIXES.map((each) => each + key.slice(0, ID_LENGTH)), share: 1 })),
    };
  if (aspect === 'cpu') return { attribute: 'id', places: await cores(wire, flavors, keys, context) };
  const attribute = aspect === 'memory' ? 'id' : 'instance_id';
  return { attribute, places: placed(keys, (key) => ({ values: [key], share: 1 })) };
}

const placed = (keys: readonly string[], place: (key: string) => Place | string): Map<string, Place | string> =>
  new Map(keys.map((key) => [key, place(key)]));

async function cores(wire: Wire, flavors: Flavors, keys: readonly string[], context: CallContext): Promise<Map<string, Place | string>> {
  const servers = await byIds(wire, 'server', keys, context);
  const figures = await flavorsOf(flavors, servers, context);
  return placed(keys, (key) => {
    const server = servers.get(key);
    if (server === undefined || server instanceof Gone) return unread('Nova', 'server', key, server);
    const share = figures(server);
    return share === undefined || share === 0 ? `Nova does not tell how many vCPUs the server ${key} has` : { values: [key], share };
  });
}

/** Nova embeds a flavor's figures from 2.47 on; before, it names the flavor. */
async function flavorsOf(
  flavors: Flavors,
  servers: Answered<Server>,
  context: CallContext,
): Promise<(server: Server) => number | undefined> {
  const named = [...servers.values()].flatMap((each) => (each instanceof Gone ? [] : (each.flavor.id ?? [])));
  const known = named.length === 0 ? undefined : await flavors.figures(named, context);
  return ({ flavor }) => flavor.vcpus ?? known?.get(flavor.id ?? '')?.vcpus;
}

async function devices(wire: Wire, keys: readonly string[], context: CallContext): Promise<Map<string, Place | string>> {
  const volumes = await byIds(wire, 'volume', keys, context);
  return placed(keys, (key) => {
    const volume = volumes.get(key);
    if (volume === undefined || volume instanceof Gone) return unread('Cinder', 'volume', key, volume);
    const { server_id: server, device } = volume.attachments?.[0] ?? {};
    if (server === undefined) return `The volume ${key} is attached to no machine: nothing is measured of it`;
    if (device === undefined) return `Cinder does not tell as which device the volume ${key} is attached`;
    return { values: [server], name: device.replace(/^\/dev\//, ''), share: 1 };
  });
}

const unread = (service: string, what: string, key: string, gone: Gone | undefined): string =>
  gone ? `${service} has no ${what} ${key}` : `${service} did not tell of the ${what} ${key}`;
