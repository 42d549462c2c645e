import type { Cloud } from '../clouds/cloud';
import type { Item, ItemRef } from '../clouds/driver';
import { inPlace } from '../clouds/place';
import { BYTES_PER_KIB, bytesReported } from '../model/units';
import { planCapture } from '../operations/image';
import { TO_BE_READ } from '../operations/volume';
import { planReadable } from '../operations/readable-copy';
import { heldBy, Refusal, type ChangePlan, type Found, type PlanContext, type ResourceHandler } from '../operations/resource-handler';
import type { LeftOut, VirtualSystem } from '../ovf/package';
import type { Hold, NewResourceRow, ResourcePath } from '../store/store';
import { draftOf } from '../systems/members';
import { IMAGE_GROUPS, type PackagedImage } from './package-images';
import { privateAddresses } from './kept-addresses';
import type { DescribedMachine, DiskSource, PackageBuilder } from './package-builder';

/** Export of machines while it is planned: what is to be captured, and the package that comes of it. */
export class MachineExport {
  /** Images that are made for the package, and go with it. */
  readonly captures: PackagedImage[] = [];
  readonly insert: NewResourceRow[] = [];
  readonly holds: Hold[] = [];
  /** Paths of the Volumes that machines have, which are exported with them. */
  readonly attached = new Set<ResourcePath>();
  private readonly lists = new Map<string, Promise<unknown>>();

  constructor(
    readonly context: PlanContext,
    readonly builder: PackageBuilder,
    private readonly volumeImages: Pick<ResourceHandler, 'create'>,
    private readonly options: { running: boolean },
  ) {}

  /**
   * A Machine with its boot disk, its Volumes and its interfaces in their order.
   * @throws Refusal where it is not in a state to be captured, or its cloud cannot
   */
  async machine(found: Found): Promise<VirtualSystem> {
    this.builder.describes('system');
    const { path, values } = found;
    const cloud = this.captured(found);
    const request = { values: this.naming(found), template: {}, collection: this.collectionOf('MachineImage') };
    const plan = await planCapture(this.ofImage(found), request, path, {
      temporary: true,
    });
    const boot = this.capture(plan, { type: 'MachineImage', of: path, cloud, running: values.state !== 'STOPPED' });
    const [volumes, disks] = await Promise.all([this.volumesOf(cloud, found), this.own('disks', cloud, found)]);
    const notExported: LeftOut[] = disks.slice(1).map((disk) => ({
      ...{ type: 'Disk', name: String(disk.values.name ?? disk.key) },
      reason: `of ${path}: clouds make images of the disk that a machine starts from`,
    }));
    const images: string[] = [];
    for (const volume of volumes) images.push(await this.volume(volume));
    return this.builder.machine({
      ...{ path, naming: values, disks: [this.builder.disk(boot, 0), ...images], networks: await this.networksOf(cloud, found) },
      cpus: typeof values.cpu === 'number' ? values.cpu : undefined,
      memory: typeof values.memory === 'number' ? values.memory * BYTES_PER_KIB : undefined,
      notExported,
    });
  }

  /** Captures an image that its cloud gives no contents of, by a copy that goes with the package. */
  image(found: Found, cloud: Cloud, type: PackagedImage['type']): DiskSource {
    const plan = planReadable(this.context, found, { cloud, group: IMAGE_GROUPS[type] });
    return this.capture(plan, { type, of: found.path, cloud });
  }

  /** Returns the name of a Network in the package. */
  network({ path, values }: Found): string {
    return this.builder.network(path, values);
  }

  private captured(found: Found): Cloud {
    const { cloud, path, values } = found;
    if (found.held) throw heldBy(found);
    if (!cloud || found.key === undefined) throw new Refusal(409, `${path} does not exist at its provider`, { kind: 'conflict' });
    if (!cloud.offers('machineImages', 'capture') || !cloud.offers('machineImages', 'download'))
      throw new Refusal(400, `cloud '${cloud.key}', in which ${path} is, does not give the contents of machines`, { kind: 'unsupported' });
    if (values.state === 'STOPPED') return cloud;
    const words = `${path} is ${String(values.state)}: a Machine is exported while STOPPED`;
    if (!this.options.running)
      throw new Refusal(409, `${words}, or as a snapshot of its disks with the property 'ovf.running' of the value snapshot`, {
        kind: 'conflict',
      });
    this.builder.warnings.push(`${path} was captured while ${String(values.state)}: its disks are as after a loss of power`);
    return cloud;
  }

  private collectionOf(type: PackagedImage['type']): ResourcePath {
    return this.context.catalogue.pathOf(type) ?? '';
  }

  private ofImage({ values }: Found): PlanContext {
    return { ...this.context, parameters: values.state === 'STOPPED' ? { from: 'capture' } : {} };
  }

  private naming({ path, values }: Found) {
    return { name: `export of ${String(values.name ?? path)}`.slice(0, 255) };
  }

  private capture(
    plan: ChangePlan,
    about: { type: PackagedImage['type']; of: ResourcePath; cloud: Cloud; running?: boolean; capacity?: number },
  ): DiskSource {
    const draft = draftOf(plan, 'add');
    const path = plan.location ?? '';
    if (!draft) throw new Error(`the capture of ${about.of} has no work`);
    const { type, of, capacity } = about;
    this.captures.push({ path, type, label: of, draft, ...(capacity === undefined ? {} : { capacity }) });
    for (const row of plan.insert ?? []) if (!this.insert.some((other) => other.path === row.path)) this.insert.push(row);
    this.holds.push(...(plan.holds ?? []));
    const running = about.running === true ? { running: true as const } : {};
    return { cloud: about.cloud.key, group: IMAGE_GROUPS[about.type], path, of: about.of, ...running };
  }

  private async volume(volume: Found): Promise<string> {
    const { cloud, path, values } = volume;
    if (!cloud?.offers('volumeImages', 'create') || !cloud.offers('volumeImages', 'download'))
      throw new Refusal(400, `cloud '${cloud?.key ?? ''}', in which ${path} is, does not give the contents of volumes`, {
        kind: 'unsupported',
      });
    if (volume.held) throw heldBy(volume);
    if (this.attached.has(path)) throw new Refusal(400, `${path} is attached to two Machines: a package has no disk that machines share`);
    this.attached.add(path);
    const request = { values: { ...this.naming(volume), imageLocation: path }, template: {}, collection: this.collectionOf('VolumeImage') };
    const plan = await this.volumeImages.create?.({ ...this.context, parameters: TO_BE_READ }, request);
    if (!plan) throw new Refusal(400, 'volumes are not captured here', { kind: 'unsupported' });
    const capacity = typeof values.capacity === 'number' ? bytesReported(values.capacity) : 0;
    return this.builder.disk(this.capture(plan, { type: 'VolumeImage', of: path, cloud, capacity }), capacity);
  }

  private async volumesOf(cloud: Cloud, machine: Found): Promise<Found[]> {
    const keys = (await this.own('attachments', cloud, machine)).flatMap(({ values }) => keyOf(values.volume) ?? []);
    return this.founds('Volume', cloud, keys);
  }

  private async networksOf(cloud: Cloud, machine: Found): Promise<DescribedMachine['networks']> {
    const interfaces = await this.own('interfaces', cloud, machine);
    const { length } = interfaces;
    if (length > 1 && cloud.capabilities.interfaceOrder === 'bestEffort')
      this.builder.warnings.push(
        `the ${length} interfaces of ${machine.path} are in the order in which cloud '${cloud.key}' lists them, which need not be that of its guest`,
      );
    const keys = interfaces.map(({ values }) => keyOf(values.network) ?? '');
    const networks = await this.founds('Network', cloud, keys);
    const known = cloud.has('addresses')
      ? (await this.once(`addresses ${cloud.key}`, () => cloud.list('addresses', { maxAgeMs: 0 }))).value
      : [];
    return interfaces.flatMap(({ key, values }, index) => {
      const network = networks.find(({ key }) => key === keys[index]);
      if (network)
        return [{ name: this.network(network), connected: values.state !== 'DISABLED', addresses: privateAddresses(known, key, network) }];
      this.builder.warnings.push(`an interface of ${machine.path} is on no Network that can be seen: left out`);
      return [];
    });
  }

  /** Resources of these keys, in their order; what cannot be seen is left out. */
  private async founds(type: string, cloud: Cloud, keys: readonly string[]): Promise<Found[]> {
    if (keys.length === 0) return [];
    const all = await this.once(`${type} ${cloud.key}`, () => this.context.list(type, cloud));
    return keys.flatMap((key) => all.find((found) => found.key === key) ?? []);
  }

  private async own(group: 'attachments' | 'interfaces' | 'disks', cloud: Cloud, { key }: Found): Promise<Item[]> {
    if (!cloud.has(group)) return [];
    const { value } = await this.once(`${group} ${cloud.key}`, () => cloud.list(group, { maxAgeMs: 0 }));
    return inPlace(value.filter(({ owner }) => owner === key));
  }

  private once<T>(key: string, read: () => Promise<T>): Promise<T> {
    const known = this.lists.get(key) as Promise<T> | undefined;
    const promise = known ?? read();
    this.lists.set(key, promise);
    return promise;
  }
}

const keyOf = (value: unknown): string | undefined => (value as ItemRef | undefined)?.item.key;
