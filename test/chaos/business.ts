import { decodeId } from '../../src/clouds/identity';
import { CIMI } from '../../src/model/define';
import type { Json } from '../harness/client';
import { action } from '../harness/client';
import { eventually } from '../harness/wait';
import { hrefOf } from '../resources/network-kit';
import { PUBLIC_KEY } from '../protocol/scene';
import { pathOf, type Asker } from './asker';
import type { Random } from './random';
import type { ChaosCloud, MachineState } from './clouds';
import { kindOf, STATELESS, type Expected, type Kind } from './expected';
import type { Watches } from './watches';

/** Business of one client on one cloud: one change after the other, each followed to its end, whoever dies meanwhile. */

const KEY = Buffer.from(PUBLIC_KEY).toString('hex');
/** Part of what is made that is deleted again. */
const GOES = 0.75;
/** Kinds whose cloud follows from nothing that their templates refer to. */
const PLACED: readonly Kind[] = ['volumes', 'networks', 'forwardingGroups', 'addresses', 'systems'];
/** Words of a create that was stopped. */
const UNDONE = /^stopped(; what had been (done was undone|made was taken back)| before anything was done)/i;

/** Body of a create. */
interface Create {
  /** Type in its resourceURI; `Action` where an action of the collection makes it. */
  type: string;
  body: object;
  /** Collection to post to; that of the kind if absent. */
  to?: string;
}

export class Business {
  private found: { machineConfig: { href: string }; machineImage: { href: string } } | undefined;

  constructor(
    private readonly at: ChaosCloud,
    private readonly asker: Asker,
    private readonly random: Random,
    private readonly watches: Watches,
    private readonly expected: Expected,
    /** Server of an image and of a package. */
    private readonly originUrl: string,
    /** Other clouds, whose images can be copied to this one. */
    private readonly sources: readonly ChaosCloud[],
  ) {}

  /** Goes on until it is told to end. @throws Error where something was answered that may not be */
  async goOn(isOver: () => boolean): Promise<void> {
    const part = (kind: Kind, weight: number): number => (this.at.makes.includes(kind) ? weight : 0);
    while (!isOver())
      await this.random.pick([
        [7, () => this.machine()],
        [2, () => this.volume()],
        [part('networks', 3), () => this.network()],
        [part('addresses', 1), () => this.address()],
        [part('systems', 2), () => this.system()],
        [this.at.takesUploads ? 2 : 0, () => this.image()],
        [this.at.takesUploads ? 1 : 0, () => this.package()],
      ])();
  }

  /** @param on what its template says besides */
  private async machine(on: object = {}, goes = this.chance(GOES)): Promise<void> {
    const { cloud, expected, random } = this;
    const key = this.chance(0.5);
    const initialState: MachineState = this.chance(0.5) ? 'STOPPED' : 'STARTED';
    const machineTemplate = { ...(await this.parts()), ...(key && { credential: { key: KEY } }), initialState, ...on };
    const path = await this.create('machines', { type: 'MachineCreate', body: { machineTemplate } });
    if (path === undefined) return;
    let state = initialState;
    const now = async (): Promise<void> => {
      expected.set(path, { kind: 'machines', cloud, state, key });
      await this.shown(path, state);
    };
    await now();
    for (let doings = Math.floor(random.next() * 4); doings > 0; doings--) {
      const name = random.pick([
        [4, state === 'STOPPED' ? 'start' : 'stop'],
        [this.at.makes.includes('machineImages') ? 2 : 0, 'snapshot'],
      ] as const);
      if (name === 'snapshot') {
        await this.create('machineImages', { type: 'MachineImageCreate', body: { imageLocation: { href: path } } });
        continue;
      }
      await this.act(path, name);
      state = name === 'start' ? 'STARTED' : 'STOPPED';
      await now();
    }
    const meters = this.makes('meters', 0.4) ? await this.meters(path) : [];
    if (goes) await this.remove(path, { state, also: meters });
  }

  /** Meters of a machine, stopped and started: some are deleted, the others go with it. @returns the paths of those */
  private async meters(machine: string): Promise<string[]> {
    const meterTemplate = { meterConfig: { aspect: `${CIMI}/aspect/cpu` } };
    const path = await this.create('meters', { type: 'MeterCreate', body: { meterTemplate }, to: `${machine}/meters` });
    if (path === undefined) return [];
    if (this.chance(0.5)) await this.act(path, 'stop');
    if (this.chance(0.5)) return [path];
    await this.remove(path);
    return [];
  }

  private async volume(): Promise<void> {
    const path = await this.create('volumes', {
      type: 'VolumeCreate',
      body: { volumeTemplate: { volumeConfig: { capacity: 1_000_000 } } },
    });
    if (path !== undefined && this.chance(GOES)) await this.remove(path);
  }

  private async address(): Promise<void> {
    const path = await this.create('addresses', { type: 'AddressCreate', body: { addressTemplate: {} } });
    if (path !== undefined && this.chance(GOES)) await this.remove(path);
  }

  /** An image whose bytes are elsewhere: at a server, or in another cloud. */
  private async image(): Promise<void> {
    const from = this.sources.length > 0 && this.chance(0.5) ? this.random.of(this.sources) : undefined;
    const imageLocation = from
      ? { href: await this.named('machineImages', 'machineImages', from.machineImage, from.key) }
      : `${this.originUrl}image`;
    const path = await this.create('machineImages', { type: 'MachineImageCreate', body: { imageLocation, cloud: this.cloud } });
    if (path !== undefined && this.chance(GOES)) await this.remove(path);
  }

  /** A package as a template of Systems, with an image of the disk that its machine starts from. */
  private async package(): Promise<void> {
    const source = `${this.originUrl}package.ovf`;
    const body = { action: action('import'), source, properties: { cloud: this.cloud } };
    const template = await this.create('systemTemplates', { type: 'Action', body });
    if (template === undefined) return;
    const { json } = await this.asker.get(template);
    const [descriptor = {}] = (json.componentDescriptors ?? []) as unknown as Json[];
    const machine = pathOf(hrefOf(descriptor, 'machineTemplate'));
    const image = pathOf(hrefOf((await this.asker.get(machine)).json, 'machineImage'));
    this.watches.made(image);
    this.expected.set(image, { kind: 'machineImages', cloud: this.cloud });
    if (!this.chance(GOES)) return;
    for (const path of [template, machine, image]) await this.remove(path);
  }

  /** A network, in a group or not, with ports and a machine on it. */
  private async network(): Promise<void> {
    const group = this.makes('forwardingGroups', 0.5)
      ? await this.create('forwardingGroups', { type: 'ForwardingGroupCreate', body: { forwardingGroupTemplate: { networks: [] } } })
      : undefined;
    const networkTemplate = {
      networkConfig: { networkType: 'PRIVATE' },
      ...(group !== undefined && { forwardingGroup: { href: group } }),
    };
    const network = await this.create('networks', { type: 'NetworkCreate', body: { networkTemplate } });
    const goes = this.chance(GOES);
    if (network !== undefined) await this.plugged(network, goes);
    if (group !== undefined && goes) await this.remove(group);
  }

  /** Ports of a network and a machine on it. @param goes whether all goes again, and the network with it */
  private async plugged(network: string, goes: boolean): Promise<void> {
    const ports: string[] = [];
    while (this.makes('networkPorts', 0.5)) {
      const networkPortTemplate = { network: { href: network }, networkPortConfig: {} };
      const port = await this.create('networkPorts', { type: 'NetworkPortCreate', body: { networkPortTemplate } });
      if (port !== undefined) ports.push(port);
    }
    const [door] = ports;
    if (this.chance(0.5))
      await this.machine(
        { networkInterfaces: [{ network: { href: network }, ...(door !== undefined && { networkPort: { href: door } }) }] },
        goes,
      );
    if (!goes) return;
    // Ports go with their network (5.16.1.1.1).
    while (ports.length > 0 && this.chance(0.5)) await this.remove(ports.pop() ?? '');
    await this.remove(network, { also: ports });
  }

  /** A System of machines with a key and a volume, from a template that is stored or not. */
  private async system(): Promise<void> {
    const state: MachineState = this.chance(0.5) ? 'STOPPED' : 'STARTED';
    const machineTemplate = { ...(await this.parts()), initialState: state, credential: { href: '#key' } };
    const componentDescriptors = [
      { name: 'web', type: `${CIMI}/Machine`, quantity: 2, machineTemplate },
      { name: 'key', type: `${CIMI}/Credential`, credentialTemplate: { key: KEY } },
      { name: 'data', type: `${CIMI}/Volume`, volumeTemplate: { volumeConfig: { capacity: 1_000_000 } } },
    ];
    const stored = this.chance(0.5)
      ? await this.create('systemTemplates', { type: 'SystemTemplate', body: { componentDescriptors } })
      : undefined;
    const systemTemplate = stored === undefined ? { componentDescriptors } : { href: stored };
    const members: string[] = [];
    const path = await this.create('systems', { type: 'SystemCreate', body: { systemTemplate } }, async (system) => {
      members.push(...(await this.membersOf(system)));
      for (const each of members) this.watches.found(each);
    });
    if (stored !== undefined) await this.remove(stored);
    if (path === undefined) {
      for (const each of members) this.watches.left(each);
      return;
    }
    for (const each of members) this.watches.made(each);
    this.has(members, state);
    if (this.chance(0.5)) {
      await this.act(path, state === 'STARTED' ? 'stop' : 'start');
      this.has(members, state === 'STARTED' ? 'STOPPED' : 'STARTED');
    }
    if (this.chance(GOES)) await this.remove(path, { also: members });
  }

  /** Expects the members of a System, its machines in a state. */
  private has(members: readonly string[], state: MachineState): void {
    for (const path of members) {
      const kind = kindOf(path);
      if (kind) this.expected.set(path, { kind, cloud: this.cloud, ...(kind === 'machines' && { state }), key: kind === 'credentials' });
    }
  }

  /** Paths of the machines, credentials and volumes that are a System's. @throws Error where it does not have them as soon as it was accepted */
  private async membersOf(system: string): Promise<string[]> {
    const members: string[] = [];
    for (const [collection, attribute, count] of [
      ['machines', 'machine', 2],
      ['credentials', 'credential', 1],
      ['volumes', 'volume', 1],
    ] as const) {
      const { json } = await this.asker.get(`${system}/${collection}`);
      const items = (json[`system${collection[0]?.toUpperCase()}${collection.slice(1)}`] ?? []) as unknown as Json[];
      if (items.length !== count) throw new Error(`${system} has ${items.length} ${collection}, not ${count}`);
      members.push(...items.map((item) => pathOf(hrefOf(item, attribute))));
    }
    return members;
  }

  /** Makes sure that no gateway shows what was before a SUCCESS. @throws Error where one does */
  private async shown(path: string, state: MachineState): Promise<void> {
    const { status, json } = await this.asker.get(path);
    if (status === 200 && json.state !== state) throw new Error(`${path} was shown ${String(json.state)} after it was ${state}`);
  }

  /** Size and image of its machines, found by their names. */
  private async parts(): Promise<{ machineConfig: { href: string }; machineImage: { href: string } }> {
    this.found ??= {
      machineConfig: { href: await this.named('machineConfigs', 'machineConfigurations', this.at.machineConfig) },
      machineImage: { href: await this.named('machineImages', 'machineImages', this.at.machineImage) },
    };
    return this.found;
  }

  private async named(collection: string, attribute: string, name: string, cloud = this.cloud): Promise<string> {
    // A cloud that is away has nothing in the list just now.
    return eventually(async () => {
      const { json } = await this.asker.get(collection);
      const all = (json[attribute] ?? []) as unknown as Json[];
      const paths = all.filter((one) => String(one.name) === name).map(({ id }) => pathOf(id));
      return paths.find((path) => decodeId(path.split('/')[1] ?? '')?.cloudKey === cloud);
    });
  }

  /**
   * Makes a thing, or has that stopped.
   * @param accepted hears its path as soon as it was accepted
   * @returns its path; undefined where its Job was stopped: then it is gone again, too
   */
  private async create(
    kind: Kind,
    { type, body, to = kind }: Create,
    accepted?: (path: string) => Promise<void>,
  ): Promise<string | undefined> {
    const { cloud } = this;
    const named = type !== 'Action' && { name: `of ${cloud}`, ...(PLACED.includes(kind) && { cloud }) };
    const whole = { resourceURI: `${CIMI}/${type}`, ...named, ...body };
    const vanishes = STATELESS.includes(kind);
    const { answer, job, stopped } = await this.asker.change('POST', to, whole, {
      accepted: async ({ headers }) => {
        const path = pathOf(headers.get('location'));
        if (vanishes) this.watches.found(path);
        else this.watches.made(path);
        await accepted?.(path);
      },
      mayStop: true,
    });
    const path = pathOf(answer.headers.get('location'));
    if (!stopped) {
      if (vanishes) this.watches.made(path);
      this.expected.set(path, { kind, cloud });
      return path;
    }
    if (!UNDONE.test(String(job.statusMessage))) throw new Error(`the create of ${path} was stopped: ${String(job.statusMessage)}`);
    if (vanishes && (await this.asker.get(path)).status === 404) this.watches.left(path);
    else await this.remove(path);
    return undefined;
  }

  private async act(path: string, name: string): Promise<void> {
    await this.asker.change('POST', path, { resourceURI: `${CIMI}/Action`, action: action(name) });
  }

  /**
   * Deletes it. A stop comes too late, or before anything was done: then it is there as before, and deleted again.
   * @param state of a machine
   * @param also what goes with it
   */
  private async remove(path: string, { state, also = [] }: { state?: MachineState; also?: readonly string[] } = {}): Promise<void> {
    const all = [path, ...also];
    for (const each of all) this.watches.leaving(each);
    for (let again = true; again;) {
      const { job, stopped } = await this.asker.change('DELETE', path, undefined, { mayStop: true });
      again = stopped;
      if (!stopped) continue;
      if (!String(job.statusMessage).startsWith('stopped before anything was done'))
        throw new Error(`the delete of ${path} was stopped: ${String(job.statusMessage)}`);
      const { status } = await this.asker.get(path);
      if (status !== 200) throw new Error(`${path} is ${status} after its delete was stopped before anything was done`);
      if (state) await this.shown(path, state);
    }
    for (const each of all) {
      this.expected.delete(each);
      this.watches.left(each);
    }
  }

  private makes(kind: Kind, part: number): boolean {
    return this.at.makes.includes(kind) && this.chance(part);
  }

  private chance(part: number): boolean {
    return this.random.next() < part;
  }

  private get cloud(): string {
    return this.at.key;
  }
}
