import type { Driver, ListedGroup } from '../../../src/clouds/driver';
import { METHOD_KINDS } from '../../../src/clouds/driver';

/** Keys of what the script has made so far, and of what it begins with, by a name of its own. */
export type Known = Readonly<Record<string, string>>;

/** Call of the script. */
export interface Step {
  /** group.method */
  name: string;
  /** Returns the arguments without the context; undefined: the driver cannot be asked this. */
  args(known: Known): unknown[] | undefined;
  /** Name under which the key that it answers is known from then on. */
  makes?: string;
}

const marks = (name: string) => ({ token: `strange-${name}`, tag: `cimi-strange-${name}` });
const naming = (name: string) => ({ ...marks(name), name, description: 'by strangers', properties: { stage: 'test' } });
const RENAMED = { name: 'renamed', description: 'otherwise', properties: { stage: 'later' } };

/** Calls with the key of something. */
const keyed =
  (what: string, ...more: unknown[]) =>
  (known: Known): unknown[] | undefined =>
    known[what] === undefined ? undefined : [known[what], ...more];

/** Calls with a request made of keys; none where one of them is not known. */
const asked =
  (needs: readonly string[], request: (known: Known) => object) =>
  (known: Known): unknown[] | undefined =>
    needs.every((name) => known[name] !== undefined) ? [request(known)] : undefined;

const reads = (group: ListedGroup, what: string, marked?: string): Step[] => [
  { name: `${group}.list`, args: () => [] },
  { name: `${group}.getMany`, args: (known) => (known[what] === undefined ? undefined : [[known[what]]]) },
  { name: `${group}.find`, args: () => [marks(marked ?? what)] },
];

function bytes(): object {
  const raw = Buffer.alloc(1024, 'raw disk');
  async function* open(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(raw);
  }
  return { source: { size: raw.length, withinMs: 5000, open } };
}

/** Every method that a driver may have, in an order in which each of them can be called. */
export const SCRIPT: readonly Step[] = [
  { name: 'machineConfigs.list', args: () => [] },
  { name: 'machineConfigs.getMany', args: (known) => [[known.config]] },
  { name: 'credentials.import', args: (known) => [{ ...marks('key'), publicKey: known.publicKey }], makes: 'key' },
  { name: 'networks.create', args: () => [{ ...naming('network'), networkType: 'PRIVATE' }], makes: 'network' },
  ...reads('networks', 'network'),
  { name: 'networkConfigs.list', args: () => [] },
  { name: 'volumeConfigs.list', args: () => [] },
  {
    name: 'machines.create',
    args: asked(['config', 'image'], ({ config, image }) => ({ ...naming('machine'), config, image })),
    makes: 'machine',
  },
  ...reads('machines', 'machine'),
  { name: 'machines.rename', args: keyed('machine', RENAMED) },
  { name: 'machines.pause', args: keyed('machine') },
  { name: 'machines.suspend', args: keyed('machine') },
  { name: 'machines.start', args: keyed('machine') },
  { name: 'machines.restart', args: keyed('machine', {}) },
  { name: 'disks.create', args: asked(['machine'], ({ machine }) => ({ ...marks('disk'), machine, capacity: 2_000_000 })), makes: 'disk' },
  { name: 'disks.list', args: () => [], makes: 'disk' },
  { name: 'disks.getMany', args: (known) => (known.disk === undefined ? undefined : [[known.disk]]) },
  { name: 'disks.find', args: () => [marks('disk')] },
  { name: 'disks.update', args: keyed('disk', { capacity: 20_000_000 }) },
  { name: 'volumes.create', args: () => [{ ...naming('volume'), capacity: 2_000_000 }], makes: 'volume' },
  ...reads('volumes', 'volume'),
  { name: 'volumes.rename', args: keyed('volume', RENAMED) },
  { name: 'volumes.update', args: keyed('volume', { capacity: 4_000_000 }) },
  {
    name: 'attachments.create',
    args: asked(['machine', 'volume'], ({ machine, volume }) => ({ ...marks('attachment'), machine, volume })),
    makes: 'attachment',
  },
  ...reads('attachments', 'attachment'),
  { name: 'attachments.delete', args: keyed('attachment') },
  { name: 'volumeImages.create', args: asked(['volume'], ({ volume }) => ({ ...naming('snapshot'), volume })), makes: 'snapshot' },
  ...reads('volumeImages', 'snapshot'),
  { name: 'volumeImages.rename', args: keyed('snapshot', RENAMED) },
  { name: 'volumeImages.upload', args: () => [{ ...naming('volumeUpload'), ...bytes() }], makes: 'volumeUpload' },
  { name: 'volumeImages.download', args: keyed('volumeUpload') },
  { name: 'volumeImages.readable', args: asked(['snapshot'], ({ snapshot }) => ({ ...naming('volumeCopy'), image: snapshot })) },
  {
    name: 'machineImages.capture',
    args: asked(['machine'], ({ machine }) => ({ ...naming('capture'), machine, type: 'SNAPSHOT' })),
    makes: 'capture',
  },
  ...reads('machineImages', 'capture'),
  { name: 'machineImages.named', args: () => [{ owner: 'amazon', name: '*' }] },
  { name: 'machineImages.rename', args: keyed('capture', RENAMED) },
  { name: 'machineImages.upload', args: () => [{ ...naming('upload'), ...bytes() }], makes: 'upload' },
  { name: 'machineImages.download', args: keyed('upload') },
  {
    name: 'machineImages.readable',
    args: asked(['imageOnVolume'], ({ imageOnVolume }) => ({ ...naming('imageCopy'), image: imageOnVolume })),
  },
  {
    name: 'machines.restore',
    args: (known) => (known.capture === undefined ? undefined : [known.machine, { ...marks('restore'), image: known.capture }]),
  },
  {
    name: 'meters.sample',
    args: asked(['machine'], ({ machine }) => [
      { type: 'Machine', key: machine, aspect: 'cpu', interval: 300, after: Date.now() - 3_000_000, upTo: Date.now() },
    ]),
  },
  { name: 'events.since', args: () => [undefined] },
  { name: 'events.since', args: () => [{ at: Date.now() - 3_000_000, key: 0 }] },
  { name: 'events.of', args: asked(['machine'], ({ machine }) => ({ type: 'Machine', key: machine })) },
  { name: 'machines.stop', args: keyed('machine', { force: true }) },
  { name: 'machines.stop', args: keyed('machine', {}) },
  { name: 'machines.resize', args: (known) => [known.machine, { config: known.otherConfig }] },
  {
    name: 'networkPorts.create',
    args: asked(['network'], ({ network }) => ({ ...naming('port'), network, portType: 'ACCESS' })),
    makes: 'port',
  },
  ...reads('networkPorts', 'port'),
  { name: 'networkPorts.rename', args: keyed('port', RENAMED) },
  { name: 'networkPorts.stop', args: keyed('port') },
  { name: 'networkPorts.start', args: keyed('port') },
  { name: 'networkPorts.update', args: keyed('port', { portType: 'ACCESS' }) },
  {
    name: 'interfaces.create',
    args: asked(['machine', 'network'], ({ machine, network }) => ({ ...marks('interface'), machine, network })),
    makes: 'interface',
  },
  ...reads('interfaces', 'interface'),
  { name: 'interfaces.update', args: keyed('interface', { state: 'ACTIVE' }) },
  {
    name: 'addresses.create',
    args: (known) => [{ ...naming('address'), allocation: 'static', protocol: 'IPv4', network: known.addressNetwork }],
    makes: 'address',
  },
  ...reads('addresses', 'address'),
  { name: 'addresses.rename', args: keyed('address', RENAMED) },
  { name: 'addresses.update', args: keyed('address', { hostname: 'host' }) },
  { name: 'addresses.bind', args: (known) => (known.address === undefined ? undefined : [known.address, { interface: known.interface }]) },
  { name: 'addresses.release', args: keyed('address') },
  { name: 'addresses.delete', args: keyed('address') },
  { name: 'interfaces.delete', args: keyed('interface') },
  { name: 'forwardingGroups.create', args: () => [{ ...naming('emptyGroup'), networks: [] }], makes: 'group' },
  ...reads('forwardingGroups', 'group'),
  { name: 'forwardingGroups.rename', args: keyed('group', RENAMED) },
  { name: 'forwardingGroups.bind', args: (known) => (known.group === undefined ? undefined : [known.group, { network: known.network }]) },
  {
    name: 'forwardingGroups.release',
    args: (known) => (known.group === undefined ? undefined : [known.group, { network: known.network }]),
  },
  {
    name: 'forwardingGroups.create',
    args: asked(['network'], ({ network }) => ({ ...naming('group'), networks: [network] })),
    makes: 'group',
  },
  { name: 'forwardingGroups.delete', args: keyed('group') },
  { name: 'networks.rename', args: keyed('network', RENAMED) },
  { name: 'networks.stop', args: keyed('network') },
  { name: 'networks.start', args: keyed('network') },
  { name: 'networks.update', args: keyed('network', { mtu: 1400 }) },
  { name: 'networkPorts.delete', args: keyed('port') },
  { name: 'disks.delete', args: keyed('disk') },
  { name: 'machines.delete', args: keyed('machine') },
  { name: 'machineImages.delete', args: keyed('capture') },
  { name: 'volumeImages.delete', args: keyed('snapshot') },
  { name: 'volumes.delete', args: keyed('volume') },
  { name: 'networks.delete', args: keyed('network') },
  { name: 'credentials.delete', args: keyed('key') },
];

/** The methods that a driver offers, as group.method; without those that ask nobody. */
export function methodsOf(driver: Driver): string[] {
  const found: string[] = [];
  for (const [group, owner] of Object.entries(driver) as [string, unknown][]) {
    if (typeof owner !== 'object' || owner === null || group === 'capabilities') continue;
    for (const method of Object.keys(METHOD_KINDS)) if (typeof Reflect.get(owner, method) === 'function') found.push(`${group}.${method}`);
  }
  return found.sort();
}

/** A method of a driver by its name. */
export function methodOf(driver: Driver, name: string): ((...args: unknown[]) => unknown) | undefined {
  const [group = '', method = ''] = name.split('.');
  const owner: unknown = Reflect.get(driver, group);
  const found: unknown = typeof owner === 'object' && owner !== null ? Reflect.get(owner, method) : undefined;
  return typeof found === 'function' ? (...args) => Reflect.apply(found, owner, args) as unknown : undefined;
}
