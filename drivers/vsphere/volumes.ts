import type { CallContext, Created, Item, Marks, Naming, Outcome, Pages } from '../../src/clouds/driver';
import { type Gone, ProviderError } from '../../src/clouds/errors';
import type { CreateVolume, Volumes } from '../../src/clouds/infrastructure';
import { isUsualVolume, USUAL_VOLUMES } from '../../src/model/volume';
import type { Wire } from './client';
import { answers } from './collector';
import { datastoreFor } from './datastores';
import { attachedFcds, type Fcd, fcdPages, fcdPicked, fcdsById, type FcdWriter, presentFcd } from './fcd';
import { fcdHolds, fcdMetadata, fcdName, isCns, kindOfFcd, META, missingSize, volumeItem } from './fcd-item';
import { FcdChanges } from './fcd-changes';
import { fcdOfKind, markedFcds, otherKind } from './fcd-kinds';
import type { Entry, Operations, Stages } from './operations';
import { diskAsked } from './sizes';
import type { Ref } from './types';

type Making = {
  tag: string;
  token: string;
  naming: Naming;
  /** MiB. */
  capacity: number;
  bootable: boolean;
  image?: string;
  machine?: string;
  datastore?: string;
};

/** First-class disks as Volumes, but those that are marked as images. The key is the disk's id. */
export class VsphereVolumes implements Volumes {
  readonly changes = { capacity: 'sets', bootable: 'sets' } as const;
  readonly #changes: FcdChanges;
  readonly #create: Entry<Making, Created>;
  readonly #update: Entry<{ key: string; capacity?: number; bootable?: boolean }, void>;

  constructor(
    private readonly wire: Wire,
    operations: Operations,
    private readonly writer: FcdWriter,
  ) {
    this.#changes = new FcdChanges(wire, operations, writer, 'volume');
    this.#create = operations.define('volumes.create', (request, stages) => this.#creating(request, stages));
    this.#update = operations.define('volumes.update', ({ key, ...to }, stages) => this.#updating(key, to, stages));
  }

  /** A call a page, and one more for what is attached. */
  async *list(context: CallContext): Pages {
    const pages: Fcd[][] = [];
    const isShown = (fcd: Fcd) => isVolume(fcd) && !(this.wire.options.hideManaged && isCns(fcd));
    for await (const page of fcdPages(this.wire, [], context)) pages.push(page.filter(isShown));
    const attached = await attachedFcds(this.wire, pages.flat().map(idOf), context);
    for (const page of pages) yield page.map((fcd) => volumeItem(fcd, attached.has(fcd.id)));
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    const { fcds, gone } = await fcdsById(this.wire, keys, context);
    return answers(keys, await this.#items(fcds, context), (key) => gone.get(key) ?? otherKind(fcds, key, 'volume'));
  }

  async find({ tag }: Marks, context: CallContext): Promise<Item[]> {
    const found = await markedFcds(this.wire, tag, 'volume', context);
    const unfinished = new Set(found.filter((fcd) => missingSize(fcd) !== undefined).map(idOf));
    const items = await this.#items(found, context);
    return items.map((item) => (unfinished.has(item.key) ? { ...item, unfinished: true } : item));
  }

  async #items(fcds: readonly Fcd[], context: CallContext): Promise<Item[]> {
    const volumes = fcds.filter(isVolume);
    const attached = await attachedFcds(this.wire, volumes.map(idOf), context);
    return volumes.map((fcd) => volumeItem(fcd, attached.has(fcd.id)));
  }

  holds(naming: Naming): Naming {
    return fcdHolds(naming);
  }

  /**
   * vCenter has no idempotency token, and names repeat: a task that an earlier call began is waited for, and what carries
   * the token already is gone on with.
   */
  async create(request: CreateVolume, context: CallContext): Promise<Outcome<Created>> {
    if (!isUsualVolume(request.type)) {
      const words = `type: vSphere has no volumes of type ${request.type ?? ''}; there are ${USUAL_VOLUMES.join(', ')}`;
      throw new ProviderError('invalid', words, { maybeDone: false });
    }
    const { tag, token, image, machine, extensions } = request;
    const datastore = typeof extensions?.datastore === 'string' ? extensions.datastore : this.wire.options.datastore;
    const making = { tag, token, naming: fcdHolds(request), capacity: diskAsked(request.capacity), bootable: request.bootable === true };
    const given = { ...(image === undefined ? {} : { image }), ...(machine === undefined ? {} : { machine }) };
    return this.#create({ ...making, ...given, ...(datastore === undefined ? {} : { datastore }) }, context);
  }

  async #creating(request: Making, stages: Stages): Promise<Created> {
    const { taskManager } = await this.wire.service(stages.context);
    await stages.earlier(taskManager, request.image === undefined ? 'CreateDisk_Task' : 'CloneVStorageObject_Task');
    const key = await stages.task<string>('make', () => this.#make(request, stages.context), { pick: fcdPicked });
    // The copy of an image has the image's size.
    if (request.image !== undefined) await stages.task('grow', () => this.writer.extend(key, request.capacity, stages.context));
    return { key };
  }

  async #make(request: Making, context: CallContext): Promise<Ref | { known: string }> {
    const { tag, token, naming, capacity } = request;
    const [first] = (await markedFcds(this.wire, tag, 'volume', context)).filter(({ metadata }) => metadata.get(META.token) === token);
    if (first) return { known: first.id };
    const name = fcdName(naming.name, tag) ?? tag;
    const image = request.image === undefined ? undefined : await this.#image(request.image, context);
    const datastore = await datastoreFor(this.wire, { named: request.datastore, machine: request.machine }, context);
    const bootable = request.bootable || image?.bootable === true;
    const metadata = fcdMetadata({ tag, token }, naming, { kind: 'volume', bootable, size: capacity });
    if (!image) return this.writer.create({ name, capacity, datastore, metadata }, context);
    return this.writer.copy({ source: image.id, from: image.from, name, datastore, metadata }, context);
  }

  async #image(key: string, context: CallContext): Promise<{ id: string; from: Ref; bootable: boolean }> {
    const fcd = await fcdOfKind(this.wire, key, 'image', context);
    const { datastore } = await presentFcd(this.wire, key, context);
    return { id: fcd.id, from: datastore, bootable: fcd.metadata.get(META.bootable) === 'true' };
  }

  async update(key: string, to: { capacity?: number; bootable?: boolean }, context: CallContext): Promise<Outcome> {
    const { bootable } = to;
    const capacity = to.capacity === undefined ? {} : { capacity: diskAsked(to.capacity) };
    return this.#update({ key, ...capacity, ...(bootable === undefined ? {} : { bootable }) }, context);
  }

  async #updating(key: string, { capacity, bootable }: { capacity?: number; bootable?: boolean }, stages: Stages): Promise<void> {
    const { context } = stages;
    if (bootable !== undefined)
      await stages.task('describe', async () => {
        const { datastore } = await presentFcd(this.wire, key, context);
        return this.writer.describe(key, datastore, { [META.bootable]: String(bootable) }, context);
      });
    if (capacity !== undefined) await stages.task('grow', () => this.writer.extend(key, capacity, context));
  }

  rename(key: string, naming: Naming, context: CallContext): Promise<Outcome> {
    return this.#changes.rename(key, naming, context);
  }

  /** Deletes a volume; succeeds if it is gone already. A disk marked as an image is no volume. */
  delete(key: string, context: CallContext): Promise<Outcome> {
    return this.#changes.delete(key, context);
  }
}

const idOf = ({ id }: Fcd): string => id;
const isVolume = (fcd: Fcd): boolean => kindOfFcd(fcd) === 'volume';
