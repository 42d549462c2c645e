import { Gone } from '../../src/clouds/errors';
import { type Snapshot, snapshotFrom, type Volume, volumeFrom } from './cinder';
import type { Doc } from './documents';
import { faultOf, type Refusal } from './faults';
import { type Image, imageFrom } from './glance';
import {
  type FloatingIp,
  floatingIpFrom,
  type Named,
  namedFrom,
  type Network,
  networkFrom,
  type Port,
  portFrom,
  type Router,
  routerFrom,
  type Subnet,
  subnetFrom,
} from './neutron-things';
import { type Flavor, flavorFrom, type KeyPair, keyPairFrom, type Server, serverFrom } from './nova';
import type { Service } from './options';

/** Types of the services' things, as the driver reads them. */
export interface Things {
  server: Server;
  flavor: Flavor;
  keypair: KeyPair;
  image: Image;
  volume: Volume;
  snapshot: Snapshot;
  network: Network;
  port: Port;
  router: Router;
  floatingip: FloatingIp;
  subnet: Subnet;
  subnetpool: Named;
  securitygroup: Named;
  trunk: { id: string };
}
export type Kind = keyof Things;

/** Place of a kind of thing, how it is read, and the words in which its service says that there is none. */
interface Place<T> {
  service: Service;
  path: string;
  /** Path of the listing with all its figures, where it is another one. */
  detail?: string;
  /** Member of a listing's answers. */
  many: string;
  /** Member of an answer by id; absent: the answer is the thing. */
  one?: string;
  read: (given: Doc) => T | undefined;
  /** Names of the fault that says so, and its words before the id. */
  gone: { faults: readonly string[]; words: RegExp };
}

const ITEM = ['itemNotFound'];
/** Neutron's name of a missing thing, and that of its tags. */
const of = (name: string): readonly string[] => [`${name}NotFound`, 'TagResourceNotFound'];

export const PLACES: { readonly [K in Kind]: Place<Things[K]> } = {
  server: {
    ...{ service: 'compute', path: '/servers', detail: '/servers/detail', many: 'servers', one: 'server' },
    read: serverFrom,
    gone: { faults: ITEM, words: /^(?:Instance|Server) / },
  },
  flavor: {
    ...{ service: 'compute', path: '/flavors', detail: '/flavors/detail', many: 'flavors', one: 'flavor' },
    read: flavorFrom,
    gone: { faults: ITEM, words: /^Flavor / },
  },
  keypair: {
    ...{ service: 'compute', path: '/os-keypairs', many: 'keypairs', one: 'keypair' },
    read: keyPairFrom,
    gone: { faults: ITEM, words: /^Key ?pair / },
  },
  image: {
    ...{ service: 'image', path: '/images', many: 'images' },
    read: imageFrom,
    gone: { faults: ['Not Found'], words: /^(?:No image found with ID|Failed to find image|Image(?: with ID)?) / },
  },
  volume: {
    ...{ service: 'volume', path: '/volumes', detail: '/volumes/detail', many: 'volumes', one: 'volume' },
    read: volumeFrom,
    gone: { faults: ITEM, words: /^Volume / },
  },
  snapshot: {
    ...{ service: 'volume', path: '/snapshots', detail: '/snapshots/detail', many: 'snapshots', one: 'snapshot' },
    read: snapshotFrom,
    gone: { faults: ITEM, words: /^Snapshot / },
  },
  network: {
    ...{ service: 'network', path: '/networks', many: 'networks', one: 'network' },
    read: networkFrom,
    gone: { faults: of('Network'), words: /^(?:Network|Resource networks?) / },
  },
  port: {
    ...{ service: 'network', path: '/ports', many: 'ports', one: 'port' },
    read: portFrom,
    gone: { faults: of('Port'), words: /^(?:Port|Resource ports?) / },
  },
  router: {
    ...{ service: 'network', path: '/routers', many: 'routers', one: 'router' },
    read: routerFrom,
    gone: { faults: of('Router'), words: /^(?:Router|Resource routers?) / },
  },
  floatingip: {
    ...{ service: 'network', path: '/floatingips', many: 'floatingips', one: 'floatingip' },
    read: floatingIpFrom,
    gone: { faults: of('FloatingIP'), words: /^(?:Floating ?IP|Resource floatingips?) / },
  },
  subnet: {
    ...{ service: 'network', path: '/subnets', many: 'subnets', one: 'subnet' },
    read: subnetFrom,
    gone: { faults: of('Subnet'), words: /^Subnet / },
  },
  subnetpool: {
    ...{ service: 'network', path: '/subnetpools', many: 'subnetpools', one: 'subnetpool' },
    read: namedFrom,
    gone: { faults: of('SubnetPool'), words: /^Subnet ?pool / },
  },
  securitygroup: {
    ...{ service: 'network', path: '/security-groups', many: 'security_groups', one: 'security_group' },
    read: namedFrom,
    gone: { faults: of('SecurityGroup'), words: /^Security group / },
  },
  trunk: {
    ...{ service: 'network', path: '/trunks', many: 'trunks', one: 'trunk' },
    read: namedFrom,
    gone: { faults: of('Trunk'), words: /^Trunk / },
  },
};

/** Thing by its kind and its id. */
export interface Subject {
  kind: Kind;
  id: string;
}

/**
 * The service's own proof that it does not have this very thing: its own fault document, with status 404, under the name
 * that it has for just this, in words that name the id. Nothing else is proof.
 */
export function goneBy({ kind, id }: Subject, refusal: Refusal): Gone | undefined {
  if (refusal.status !== 404) return undefined;
  const { service, gone } = PLACES[kind];
  const fault = faultOf(service, refusal);
  if (!fault || !gone.faults.includes(fault.type)) return undefined;
  const message = gone.words.exec(fault.message)?.[0];
  if (
    message === undefined ||
    !names(fault.message.slice(message.length), id) ||
    !/not (?:be )?found|no image found|failed to find|not exist/i.test(fault.message)
  )
    return undefined;
  const request = refusal.headers['x-openstack-request-id'] ?? refusal.headers['x-compute-request-id'];
  return Gone.told(
    { type: kind, key: id },
    { code: `404 ${fault.type}`, message: fault.message, ...(typeof request === 'string' ? { requestId: request } : {}) },
  );
}

/** Tells whether the text goes on with just this id, quoted or not. */
function names(message: string, id: string): boolean {
  const rest = message.replace(/^['"]/, '');
  return id !== '' && rest.startsWith(id) && !/^[\w-]/.test(rest.slice(id.length));
}
