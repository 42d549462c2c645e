import type { Values } from '../model/values';
import { Refusal } from '../operations/resource-handler';
import { MOST_FILES, MOST_LEVELS, MOST_NETWORKS, MOST_SYSTEMS } from '../ovf/limits';
import type { Content, LeftOut, Package, Product, VirtualSystem } from '../ovf/package';
import type { ResourcePath } from '../store/store';
import { withFacts } from './guest-facts';

/** Contents that a disk of a package has: an image at a provider. */
export interface DiskSource {
  cloud: string;
  group: 'machineImages' | 'volumeImages';
  path: ResourcePath;
  /** Resource whose contents they are; absent: the image itself. */
  of?: ResourcePath;
  /** True where they are captured while the machine runs. */
  running?: true;
  /** Provider key; absent while the image is still to be made. */
  key?: string | undefined;
}

/** File of a package, with what it is read from. */
export interface SourcedFile extends DiskSource {
  /** Name of the file. */
  name: string;
  /** Id of its disk. */
  disk: string;
}

/** Machine as a package carries it. */
export interface DescribedMachine {
  path: ResourcePath;
  naming: Values;
  cpus?: number | undefined;
  /** Size in bytes. */
  memory?: number | undefined;
  /** Ids of its disks, the first starts it. */
  disks: readonly string[];
  /** Names of its networks in the package, in the order of its interfaces, with the private addresses that these have. */
  networks: readonly { name: string; connected: boolean; addresses: readonly string[] }[];
  notExported: readonly LeftOut[];
}

const FORMAT = 'http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized';
/** Places on a SCSI controller, of which its own is the seventh. */
const [PLACES, OWN] = [16, 7];
const [SCSI, DISK, ETHERNET] = [6, 17, 10];
/** Components that contents of a package stand for. */
const COMPONENTS: Readonly<Record<Content['kind'], string>> = { system: 'Machines', collection: 'Systems' };
/** Class of the properties that are a resource's own. */
export const PROPERTY_CLASS = 'cimi';

/** Puts a package together: disks, networks and ids that may be asked for again, and the machines that have them. */
export class PackageBuilder {
  readonly files: SourcedFile[] = [];
  readonly warnings: string[] = [];
  /** Paths of the resources that contents of the package are of, by their ids there. */
  readonly origins: Record<string, ResourcePath> = {};
  private readonly disks: { id: string; capacity: number; file?: string; format?: string; of: string }[] = [];
  private readonly networks = new Map<string, { name: string; description?: string; cidr?: string }>();
  private readonly ids = new Set<string>();
  private readonly counts = { system: 0, collection: 0 };

  /**
   * A disk; the same for the same contents and capacity.
   * @param capacity in bytes, the least that it has; its contents may be more
   * @returns its id
   */
  disk(source: DiskSource | undefined, capacity: number): string {
    const of = source ? `${source.path} ${capacity}` : '';
    const known = source && this.disks.find((disk) => disk.of === of);
    if (known) return known.id;
    const id = `disk${this.disks.length + 1}`;
    const name = `${id}.vmdk`;
    this.disks.push({ id, capacity, format: FORMAT, of, ...(source ? { file: name } : {}) });
    if (source) this.files.push({ ...source, name, disk: id });
    return id;
  }

  /** Returns the name under which a network is in the package. @param of what tells it from others of its name */
  network(of: string, { name, description, cidr }: Values): string {
    const known = this.networks.get(of);
    if (known) return known.name;
    const taken = new Set([...this.networks.values()].map((network) => network.name));
    const own = distinct(typeof name === 'string' && name !== '' ? name : of, taken);
    this.networks.set(of, {
      ...{ name: own, ...(typeof description === 'string' ? { description } : {}) },
      ...(typeof cidr === 'string' && cidr !== '' ? { cidr } : {}),
    });
    return own;
  }

  machine({ path, naming, cpus, memory, disks, networks, notExported }: DescribedMachine): VirtualSystem {
    const controllers = Math.ceil(disks.length / (PLACES - 1));
    const plain = { models: [], required: true };
    return {
      kind: 'system',
      ...this.common(path, naming, notExported),
      hardware: {
        // A family that vSphere has; others take the machine all the same.
        ...{ families: ['vmx-10'], transports: [], cpus, memory, drives: [], others: [] },
        controllers: Array.from({ length: controllers }, (_, bus) => ({
          ...{ id: `c${bus}`, name: `SCSI controller ${bus}`, resourceType: SCSI, models: ['lsilogic'], required: true, address: `${bus}` },
        })),
        disks: disks.map((disk, index) => {
          const [bus, place] = [Math.floor(index / (PLACES - 1)), index % (PLACES - 1)];
          const address = place < OWN ? place : place + 1;
          return { ...plain, id: `d${index}`, name: `Hard disk ${index + 1}`, resourceType: DISK, disk, controller: `c${bus}`, address };
        }),
        interfaces: networks.map(({ name: network, connected, addresses }, index) => ({
          ...plain,
          ...{ id: `n${index}`, name: `Network adapter ${index + 1}`, resourceType: ETHERNET, models: ['E1000'], network, connected },
          ...(addresses.length === 0 ? {} : { addresses }),
        })),
      },
    };
  }

  /**
   * Counts a machine, or a collection that is within so many others: all that is described comes by here first.
   * @throws Refusal where no package has room for one more
   */
  describes(kind: Content['kind'], above = 0): void {
    this.counts[kind] += 1;
    const reason = 'which no package holds';
    if (this.counts[kind] > MOST_SYSTEMS) throw new Refusal(400, `it has more than ${MOST_SYSTEMS} ${COMPONENTS[kind]}, ${reason}`);
    if (kind === 'collection' && above >= MOST_LEVELS)
      throw new Refusal(400, `Systems are nested more than ${MOST_LEVELS} levels deep, ${reason}`);
  }

  collection(path: string, naming: Values, members: readonly Content[], notExported: readonly LeftOut[]): Content {
    return { kind: 'collection', ...this.common(path, naming, notExported), members, startup: [] };
  }

  /**
   * Returns the package with what is known now of its disks, by their ids.
   * @param known bytes of each, and the facts of its image: those of the disk that a machine starts from are the machine's
   */
  static described(given: Package, known: ReadonlyMap<string, { capacity: number; facts: Values }>): Package {
    const whole = (content: Content): Content => {
      if (content.kind === 'collection') return { ...content, members: content.members.map(whole) };
      return withFacts(content, known.get(content.hardware.disks[0]?.disk ?? '')?.facts ?? {});
    };
    return {
      ...given,
      disks: given.disks.map((disk) => ({ ...disk, capacity: known.get(disk.id)?.capacity ?? disk.capacity })),
      content: whole(given.content),
    };
  }

  /** Returns the package. @throws Refusal where it would have more files or networks than a package holds */
  whole(content: Content): Package {
    for (const [count, most, what] of [
      [this.files.length, MOST_FILES, 'disks'],
      [this.networks.size, MOST_NETWORKS, 'Networks'],
    ] as const)
      if (count > most) throw new Refusal(400, `it has ${count} ${what}: a package holds at most ${most}`);
    return {
      version: '1',
      files: this.files.map(({ name }) => ({ id: name, location: { name }, gzip: false })),
      disks: this.disks.map(({ of: _of, ...disk }) => disk),
      networks: [...this.networks.values()],
      ...{ configurations: [], content, warnings: [] },
    };
  }

  private common(path: string, { name, description, properties }: Values, notExported: readonly LeftOut[]) {
    const id = distinct(path.split('/').at(-1) ?? path, this.ids);
    this.ids.add(id);
    // What a template only describes has a name, and no path.
    if (path.includes('/')) this.origins[id] = path;
    const entries = Object.entries((properties ?? {}) as Record<string, unknown>);
    const product: Product = {
      ...{ class: PROPERTY_CLASS, instance: '', notExported },
      properties: entries.map(([key, value]) => ({
        ...{ key: `${PROPERTY_CLASS}.${key}`, name: key, type: 'string', value: String(value), userConfigurable: true, password: false },
      })),
    };
    return {
      id,
      name: typeof name === 'string' ? name : id,
      ...(typeof description === 'string' && description !== '' ? { description } : {}),
      products: entries.length + notExported.length > 0 ? [product] : [],
      licenses: [],
    };
  }
}

function distinct(name: string, taken: ReadonlySet<string>): string {
  let own = name;
  for (let number = 2; taken.has(own); number += 1) own = `${name} ${number}`;
  return own;
}
