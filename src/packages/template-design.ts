import type { Catalogue } from '../model/catalogue';
import { DESCRIPTION } from '../model/common';
import { shown } from '../model/shown';
import { BYTES_PER_KIB, kbToHold } from '../model/units';
import type { Value, Values } from '../model/values';
import { BLOCK_VOLUME } from '../model/volume';
import { OvfError, quoted } from '../ovf/error';
import type {
  Content,
  DiskDescription,
  NetworkInterface,
  Package,
  PackageFile,
  VirtualSystem,
  VirtualSystemCollection,
} from '../ovf/package';
import type { ResourcePath } from '../store/store';
import { keepingWords, keptOf, type AddressKeeping } from './kept-addresses';
import { factsOf, nameOf, ownProperties, propertiesLeftOut, type Carriers } from './machine-facts';

/** Resource of the gateway's own that comes to be with a package. */
export interface DesignedResource {
  path: ResourcePath;
  type: string;
  values: Values;
}

/** Resources that a package stands for (DSP0263 Annex A). */
export interface TemplateDesign {
  /** Attributes of the SystemTemplate of the whole. */
  root: Values;
  /** Resources that it refers to, images aside. */
  resources: readonly DesignedResource[];
  /** Words for what the resources do not carry. */
  warnings: readonly string[];
}

/** Services of who makes a design true. */
export interface DesignContext {
  catalogue: Pick<Catalogue, 'resource' | 'templateAttribute'>;
  /**
   * `templates`: each is a resource of its own, and may lack what the package does not say. `resources`: what is made at once has its
   * templates by value and lacks nothing; only the MachineConfigurations are resources of their own (RA-15).
   */
  makes: 'templates' | 'resources';
  /** Path for a new resource of a type. */
  newPath(type: string): ResourcePath;
  /** Path of the image that the contents of a disk come to be in; the same for the same question. */
  image(type: 'MachineImage' | 'VolumeImage', disk: DiskDescription, file: PackageFile): ResourcePath;
  /** Path of the resource that a machine, a collection or the contents of a file are of, where it is known. */
  movedFrom(part: Content | PackageFile): ResourcePath | undefined;
  /** Ways by which the cloud that machines are made in brings something to their guests. */
  carriers: Carriers;
  /** Existing Networks that stand for networks of the package, by the name there. */
  networks: ReadonlyMap<string, ResourcePath>;
  /** Private addresses that machines keep; absent: the cloud gives them new ones. */
  keeps?: AddressKeeping | undefined;
}

/** Longest name, characters. */
const NAME = 255;
const CONFIGURATION = 'MachineConfiguration';
/**
 * Designs the SystemTemplate that a package stands for: a MachineTemplate with its MachineConfiguration for each VirtualSystem, a nested
 * SystemTemplate for each nested collection, VolumeTemplates for further disks, NetworkTemplates for networks (RA-04 to RA-11). A
 * machine's first disk is its MachineImage, where it has contents; a package of one machine is a System of one (4.3).
 * @throws OvfError for a network that has no place of its own, and for one that is named and not there
 */
export function designTemplate(given: Package, context: DesignContext): TemplateDesign {
  return new Designer(given, context).whole();
}

class Designer {
  private readonly resources: DesignedResource[] = [];
  private readonly warnings: string[];
  /** Collection in which each network that is to be made has its place, by its name. */
  private readonly places: ReadonlyMap<string, Content>;

  constructor(
    private readonly given: Package,
    private readonly context: DesignContext,
  ) {
    this.warnings = [...given.warnings];
    for (const name of context.networks.keys())
      if (!given.networks.some((network) => network.name === name))
        throw new OvfError(`the network ${quoted(name)}`, 'is none of the package');
    this.places = this.placesOfNetworks();
  }

  whole(): TemplateDesign {
    const { content } = this.given;
    const members = content.kind === 'system' ? [content] : started(content);
    const properties = content.kind === 'system' ? {} : this.properties(content);
    const origin = content.kind === 'system' ? {} : this.origin(content);
    if (this.context.keeps) this.warnings.push(...keepingWords(this.context.makes));
    const root = { ...named(content), ...properties, ...origin, componentDescriptors: this.descriptors(content, members) };
    return { root, resources: this.resources, warnings: this.warnings };
  }

  private descriptors(place: Content, members: readonly Content[]): Value {
    const networks = this.given.networks.filter(({ name }) => this.places.get(name) === place);
    const components = [
      ...networks.map(({ name, description, cidr }) => {
        const naming = { name: plainName(name), ...(description === undefined ? {} : { description: cut(description) }) };
        const block = this.context.keeps?.blocks === true && cidr !== undefined ? { cidr } : {};
        return this.descriptor('Network', naming, this.made('NetworkTemplate', { ...naming, ...block }));
      }),
      ...distinct(members).map(([name, member]) => this.component(name, member)),
    ];
    return components as unknown as Value;
  }

  private component(name: string, member: Content): Values {
    const naming = { ...named(member), name };
    if (member.kind === 'system') return this.descriptor('Machine', { ...naming, ...ownProperties(member) }, this.machine(name, member));
    const properties = this.properties(member);
    const values = { ...naming, ...properties, ...this.origin(member), componentDescriptors: this.descriptors(member, started(member)) };
    return this.descriptor('System', { ...naming, ...properties }, this.made('SystemTemplate', values));
  }

  /** Properties of a collection as its consumer gave them; what else it has is told. */
  private properties(collection: VirtualSystemCollection): { properties?: Value } {
    this.warnings.push(...propertiesLeftOut(collection));
    return ownProperties(collection);
  }

  private descriptor(type: string, naming: Values, template: Values): Values {
    const { catalogue } = this.context;
    return { ...naming, type: catalogue.resource(type).typeURI, [catalogue.templateAttribute(type) ?? '']: template as Value };
  }

  /** The machine's template by reference, with its interfaces beside: these may lead to networks that come to be with it. */
  private machine(name: string, system: VirtualSystem): Values {
    const { hardware } = system;
    const [boot, ...others] = hardware.disks.flatMap(({ disk }) => this.given.disks.find(({ id }) => id === disk) ?? []);
    const image = boot && this.imageOf('MachineImage', boot);
    if (image === undefined) this.lacks(name, 'has no contents to start from', 'machineImage');
    const data = image === undefined && boot ? [boot, ...others] : others;
    const facts = factsOf(system, name, this.context.carriers);
    this.warnings.push(...facts.warnings);
    const credential = facts.credential && this.made('Credential', { name, ...facts.credential });
    const values: Values = {
      ...named(system),
      name,
      ...facts.values,
      ...this.origin(system),
      ...(credential ? { credential: credential as Value } : {}),
      ...this.configuration(name, system),
      ...(image === undefined ? {} : { machineImage: { href: image } }),
      ...(data.length === 0
        ? {}
        : {
            volumeTemplates: data.map((disk, index) => ({
              volumeTemplate: this.volume(`${name} disk ${index + 1}`, disk),
            })) as unknown as Value,
          }),
    };
    for (const { file } of hardware.drives)
      if (file !== undefined) this.warnings.push(`the machine ${quoted(name)} has a CD or floppy with the file ${quoted(file)}: left out`);
    const interfaces = hardware.interfaces.flatMap((one) => this.interface(name, one));
    const template = this.made('MachineTemplate', values);
    return { ...template, ...(interfaces.length === 0 ? {} : { networkInterfaces: interfaces as Value }) };
  }

  private configuration(name: string, { hardware: { cpus, memory } }: VirtualSystem): Values {
    if (memory === undefined) {
      this.lacks(name, 'says no memory', 'machineConfig');
      return {};
    }
    const values = { name, ...figures(cpus, memory) };
    return { machineConfig: this.made(CONFIGURATION, values) as Value };
  }

  private volume(name: string, disk: DiskDescription): Values {
    const image = this.imageOf('VolumeImage', disk);
    const file = this.fileOf(disk);
    const capacity = kbToHold(disk.capacity);
    const volumeConfig = this.made('VolumeConfiguration', { name, type: BLOCK_VOLUME, capacity });
    const origin = file ? this.origin(file) : {};
    const values = { name, volumeConfig, ...origin, ...(image === undefined ? {} : { volumeImage: { href: image } }) };
    return this.made('VolumeTemplate', values as Values);
  }

  private imageOf(type: 'MachineImage' | 'VolumeImage', disk: DiskDescription): ResourcePath | undefined {
    const file = this.fileOf(disk);
    return file && this.context.image(type, disk, file);
  }

  private fileOf(disk: DiskDescription): PackageFile | undefined {
    return this.given.files.find(({ id }) => id === disk.file);
  }

  private origin(part: Content | PackageFile): Values {
    const href = this.context.movedFrom(part);
    return href === undefined ? {} : { movedFrom: { href } };
  }

  private interface(machine: string, given: NetworkInterface): Values[] {
    const { network, connected } = given;
    if (network === undefined) {
      this.warnings.push(`an interface of the machine ${quoted(machine)} is on no network: left out`);
      return [];
    }
    const href = this.context.networks.get(network) ?? `#${encodeURIComponent(plainName(network))}`;
    const addresses = this.kept(machine, network, given);
    return [{ ...(addresses ? { addresses } : {}), network: { href }, ...(connected ? {} : { state: 'DISABLED' }) }];
  }

  /** Addresses by value that an interface is to have. */
  private kept(machine: string, name: string, given: NetworkInterface): Value | undefined {
    const { keeps } = this.context;
    if (!keeps) return undefined;
    const { kept, warnings } = keptOf(machine, name, given, keeps.most);
    this.warnings.push(...warnings);
    return kept.length === 0 ? undefined : kept.map((ip) => ({ ip }));
  }

  /** Makes what stands where something designed is referred to: a reference to a resource of its own, or the very values. */
  private made(type: string, values: Values): Values {
    if (this.context.makes === 'resources' && type !== CONFIGURATION) return values;
    const path = this.context.newPath(type);
    this.resources.push({ path, type, values });
    return { href: path };
  }

  /** @throws OvfError where nothing can be made of a machine that lacks it */
  private lacks(machine: string, why: string, attribute: string): void {
    if (this.context.makes === 'resources')
      throw new OvfError(
        `the machine ${quoted(machine)}`,
        `${why}: no Machine can be made of it; import the package as a SystemTemplate, and add a ${attribute} there`,
      );
    this.warnings.push(`the machine ${quoted(machine)} ${why}: its template has no ${attribute}`);
  }

  /** A network is made in the one collection whose machines use it, or in the outermost where none does. */
  private placesOfNetworks(): Map<string, Content> {
    const { content, networks } = this.given;
    const users = new Map<string, Set<Content>>(networks.map(({ name }) => [name, new Set()]));
    const visit = (place: Content, members: readonly Content[]): void => {
      for (const member of members) {
        if (member.kind === 'collection') visit(member, member.members);
        else for (const { network } of member.hardware.interfaces) users.get(network ?? '')?.add(place);
      }
    };
    visit(content, content.kind === 'system' ? [content] : content.members);
    const places = new Map<string, Content>();
    for (const [name, [first = content, second]] of users) {
      if (this.context.networks.has(name)) continue;
      if (second)
        throw new OvfError(
          `the network ${quoted(name)}`,
          `is used in several collections, none of which can make it for the others: name an existing Network in the property 'ovf.network.${name}'`,
        );
      places.set(name, first);
    }
    return places;
  }
}

/** Figures of a MachineConfiguration. @param memory in bytes */
export const figures = (cpus: number | undefined, memory: number) => ({
  ...(cpus === undefined ? {} : { cpu: cpus }),
  memory: Math.ceil(memory / BYTES_PER_KIB),
});

/** Members in the order in which they start. */
function started({ members, startup }: VirtualSystemCollection): Content[] {
  const order = new Map(startup.map(({ member, order: at }) => [member, at]));
  return members.toSorted((a, b) => (order.get(a.id) ?? Number.MAX_SAFE_INTEGER) - (order.get(b.id) ?? Number.MAX_SAFE_INTEGER));
}

function named({ name, id, description }: Content): Values {
  return { name: plainName(name ?? id), ...(description === undefined || description === '' ? {} : { description: cut(description) }) };
}

/** Members with names of which no two are alike (5.13.3): where names are, their ids stand for them, which are unique. */
function distinct(members: readonly Content[]): [string, Content][] {
  const names = members.map((member) => plainName(nameOf(member)));
  return members.map((member, index) => [
    names.indexOf(names[index] ?? '') === names.lastIndexOf(names[index] ?? '') ? (names[index] ?? '') : plainName(member.id),
    member,
  ]);
}

/** A text of the package as a name may be: short, in one line. */
export const plainName = (text: string): string => shown(text.trim(), NAME);

/** A text as long as a description may be, in bytes of UTF-8. */
function cut(text: string): string {
  const bytes = Buffer.from(text);
  return bytes.length <= DESCRIPTION
    ? text
    : bytes
        .subarray(0, DESCRIPTION)
        .toString()
        .replace(/\uFFFD*$/, '');
}
