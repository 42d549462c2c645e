import { shown } from '../model/shown';
import { BYTES_PER_KIB, bytesReported } from '../model/units';
import type { Ref, Value, Values } from '../model/values';
import type { Found, PlanContext } from '../operations/resource-handler';
import { isReadByCopy } from '../operations/readable-copy';
import { asRef } from '../operations/template-merge';
import type { Content, LeftOut } from '../ovf/package';
import { componentsOf, type Component } from '../systems/descriptors';
import type { MachineExport } from './export-machine';
import type { DescribedMachine, DiskSource, PackageBuilder } from './package-builder';
import { IMAGE_GROUPS } from './package-images';

/**
 * A SystemTemplate with what it refers to (5.13.3.1): a machine for each that a System would be made of. An image that cannot be read
 * is named, and its disk is not in the package.
 * @throws Refusal for a template that no System could be made of
 */
export function describeTemplate(machines: MachineExport, { path, values }: Found): Promise<Content> {
  return new TemplateExport(machines).collection(path, values, values.componentDescriptors);
}

class TemplateExport {
  private ids = 0;

  private readonly context: PlanContext;
  private readonly builder: PackageBuilder;
  /** Copies of images, by their paths. */
  private readonly copies = new Map<string, DiskSource>();

  constructor(private readonly machines: MachineExport) {
    this.context = machines.context;
    this.builder = machines.builder;
  }

  async collection(path: string, naming: Values, descriptors: Value | undefined, above = 0): Promise<Content> {
    this.builder.describes('collection', above);
    const components = componentsOf(this.context.catalogue, descriptors);
    // A System's networks are its own: those of another one that are named alike are others.
    const networks = new Map<string, string>();
    for (const { kind, values } of components)
      if (kind.type === 'Network') networks.set(String(values.name), this.builder.network(`${path} ${String(values.name)}`, values));
    const contents: Content[] = [];
    const notExported: LeftOut[] = [];
    for (const component of components) {
      const { kind, values } = component;
      if (kind.type === 'Machine') contents.push(await this.machine(component, networks));
      else if (kind.type === 'System') contents.push(await this.system(component, above + 1));
      else if (kind.type !== 'Network')
        notExported.push({ type: kind.type, name: String(values.name ?? kind.type), reason: 'a package has no place for it' });
    }
    return this.builder.collection(path, naming, contents, notExported);
  }

  private async system({ template, values }: Component, above: number): Promise<Content> {
    const { values: merged, path } = await this.merged(template, 'SystemTemplate', 'systemTemplate');
    return this.collection(path ?? this.newId(values), { ...merged, ...values }, merged.componentDescriptors, above);
  }

  private async machine({ template, values }: Component, networks: ReadonlyMap<string, string>) {
    const at = 'machineTemplate';
    this.builder.describes('system');
    const { values: merged } = await this.merged(template, 'MachineTemplate', at);
    const { values: size } = await this.merged(merged.machineConfig, 'MachineConfiguration', `${at}.machineConfig`);
    const notExported: LeftOut[] = [];
    const boot = await this.source(merged.machineImage, 'MachineImage', notExported);
    const disks = boot ? [this.builder.disk(boot, 0)] : [];
    for (const entry of listOf(merged.volumeTemplates)) disks.push(...(await this.volume(entry, notExported)));
    for (const entry of listOf(merged.volumes))
      notExported.push({ type: 'Volume', name: asRef(entry.volume)?.href ?? 'a Volume', reason: 'a template refers to it' });
    const plugs = listOf(merged.networkInterfaces);
    const interfaces: DescribedMachine['networks'][number][] = [];
    for (const { network, state, addresses } of plugs)
      interfaces.push({
        ...{ name: await this.network(asRef(network)?.href, networks), connected: state !== 'DISABLED' },
        addresses: listOf(addresses).flatMap(({ href, ip }) => (href === undefined && typeof ip === 'string' ? ip : [])),
      });
    const bytes = typeof size.memory === 'number' ? size.memory * BYTES_PER_KIB : undefined;
    return this.builder.machine({
      ...{ path: this.newId(values), naming: values, disks, networks: interfaces, notExported, memory: bytes },
      cpus: typeof size.cpu === 'number' ? size.cpu : undefined,
    });
  }

  private async volume(entry: Values, notExported: LeftOut[]): Promise<string[]> {
    const { values: template } = await this.merged(entry.volumeTemplate ?? (entry as Value), 'VolumeTemplate', 'volumeTemplate');
    const { values: config } = await this.merged(template.volumeConfig, 'VolumeConfiguration', 'volumeTemplate.volumeConfig');
    const capacity = typeof config.capacity === 'number' ? bytesReported(config.capacity) : 0;
    if (template.volumeImage === undefined) return capacity > 0 ? [this.builder.disk(undefined, capacity)] : [];
    const source = await this.source(template.volumeImage, 'VolumeImage', notExported);
    return source ? [this.builder.disk(source, capacity)] : [];
  }

  /** The image that a disk's contents are read from; what cannot be read is named. */
  private async source(
    value: Value | undefined,
    type: 'MachineImage' | 'VolumeImage',
    notExported: LeftOut[],
  ): Promise<DiskSource | undefined> {
    const href = asRef(value)?.href;
    if (href === undefined) return undefined;
    const group = IMAGE_GROUPS[type];
    const image = await this.context.resolve(href, type, type, { anywhere: true });
    const { cloud, key, path, values, item } = image;
    const reason = image.portable
      ? 'it stands for images of several clouds'
      : !cloud?.offers(group, 'download')
        ? `cloud '${cloud?.key ?? ''}' does not give the contents of images`
        : key === undefined || values.state !== 'AVAILABLE'
          ? `it is ${String(values.state)}, not AVAILABLE`
          : item?.refuses?.download;
    if (reason === undefined && cloud && isReadByCopy(image, cloud, group)) {
      const copy = this.copies.get(path) ?? this.machines.image(image, cloud, type);
      this.copies.set(path, copy);
      return copy;
    }
    if (reason === undefined && cloud) return { cloud: cloud.key, group, path, key };
    notExported.push({ type, name: path, reason: reason ?? '' });
    this.builder.warnings.push(`the disk of ${path} is not in the package: ${shown(reason ?? '')}`);
    return undefined;
  }

  private async network(href: string | undefined, networks: ReadonlyMap<string, string>): Promise<string> {
    const own = href?.startsWith('#') ? networks.get(decoded(href.slice(1))) : undefined;
    if (own !== undefined) return own;
    if (href === undefined || href.startsWith('#')) return this.builder.network(href ?? 'network', { name: href?.slice(1) ?? 'network' });
    const network = await this.context.resolve(href, 'Network', 'network', { anywhere: true });
    return this.builder.network(network.path, network.values);
  }

  /** A template by reference or by value, with what the reference says laid over it. */
  private async merged(value: Value | undefined, type: string, at: string): Promise<{ values: Values; path?: string }> {
    const ref: Ref | undefined = asRef(value);
    if (!ref) return { values: {} };
    const { href, ...inline } = ref;
    if (href === undefined) return { values: inline };
    const { values, path } = await this.context.resolve(href, type, at, { anywhere: true });
    return { values: { ...values, ...inline }, path };
  }

  /** Id of a machine of a template, which has none of its own: its name. */
  private newId({ name }: Values): string {
    this.ids += 1;
    return typeof name === 'string' && name !== '' ? name.replaceAll('/', '_') : `vm${this.ids}`;
  }
}

function listOf(value: Value | undefined): Values[] {
  return Array.isArray(value) ? (value as Values[]) : [];
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
