import type { CallContext, Created, Item, Marks, Naming, Outcome, Pages } from '../../src/clouds/driver';
import type { Gone } from '../../src/clouds/errors';
import type { CreateVolumeImage, VolumeImages } from '../../src/clouds/infrastructure';
import type { Wire } from './client';
import { answers } from './collector';
import { datastoreFor } from './datastores';
import { type Fcd, fcdPages, fcdPicked, fcdsById, type FcdWriter, presentFcd } from './fcd';
import { FcdChanges } from './fcd-changes';
import { fcdHolds, fcdMetadata, fcdName, kindOfFcd, META, volumeImageItem } from './fcd-item';
import type { Entry, Operations, Stages } from './operations';
import type { Ref } from './types';
import { fcdOfKind, markedFcds, otherKind } from './fcd-kinds';

type Capturing = { tag: string; token: string; volume: string; naming: Naming; bootable?: boolean; datastore?: string };

/**
 * First-class disks that are marked as images: copies of volumes. A snapshot of such a disk is none, since it dies with
 * the disk and keeps it from being deleted.
 */
export class VsphereVolumeImages implements VolumeImages {
  readonly #changes: FcdChanges;
  readonly #create: Entry<Capturing, Created>;

  constructor(
    private readonly wire: Wire,
    operations: Operations,
    private readonly writer: FcdWriter,
  ) {
    this.#changes = new FcdChanges(wire, operations, writer, 'image');
    this.#create = operations.define('volumeImages.create', (request, stages) => this.#creating(request, stages));
  }

  /** A call a page. */
  async *list(context: CallContext): Pages {
    for await (const page of fcdPages(this.wire, IMAGES, context)) yield this.#items(page);
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    const { fcds, gone } = await fcdsById(this.wire, keys, context);
    return answers(keys, this.#items(fcds), (key) => gone.get(key) ?? otherKind(fcds, key, 'image'));
  }

  async find({ tag }: Marks, context: CallContext): Promise<Item[]> {
    return this.#items(await markedFcds(this.wire, tag, 'image', context));
  }

  holds(naming: Naming): Naming {
    return fcdHolds(naming);
  }

  /** Creates an image beside its volume, unless another datastore is named; bootable as its volume is, unless it is said. */
  async create(request: CreateVolumeImage, context: CallContext): Promise<Outcome<Created>> {
    const { tag, token, volume, bootable, extensions } = request;
    const datastore = typeof extensions?.datastore === 'string' ? { datastore: extensions.datastore } : {};
    const given = bootable === undefined ? datastore : { ...datastore, bootable };
    return this.#create({ tag, token, volume, naming: fcdHolds(request), ...given }, context);
  }

  async #creating(request: Capturing, stages: Stages): Promise<Created> {
    const { taskManager } = await this.wire.service(stages.context);
    await stages.earlier(taskManager, 'CloneVStorageObject_Task');
    return { key: await stages.task<string>('copy', () => this.#copy(request, stages.context), { pick: fcdPicked }) };
  }

  async #copy({ tag, token, volume, naming, bootable, datastore }: Capturing, context: CallContext): Promise<Ref | { known: string }> {
    const [first] = (await markedFcds(this.wire, tag, 'image', context)).filter(({ metadata }) => metadata.get(META.token) === token);
    if (first) return { known: first.id };
    const source = await fcdOfKind(this.wire, volume, 'volume', context);
    const { datastore: from } = await presentFcd(this.wire, source.id, context);
    const kept = { kind: 'image', bootable: bootable ?? source.metadata.get(META.bootable) === 'true', size: source.capacity } as const;
    const spec = {
      source: source.id,
      from,
      name: fcdName(naming.name, tag) ?? tag,
      datastore: datastore === undefined ? from : await datastoreFor(this.wire, { named: datastore, machine: undefined }, context),
      metadata: fcdMetadata({ tag, token }, naming, kept),
    };
    return this.writer.copy(spec, context);
  }

  rename(key: string, naming: Naming, context: CallContext): Promise<Outcome> {
    return this.#changes.rename(key, naming, context);
  }

  delete(key: string, context: CallContext): Promise<Outcome> {
    return this.#changes.delete(key, context);
  }

  #items(fcds: readonly Fcd[]): Item[] {
    return fcds.filter((fcd) => kindOfFcd(fcd) === 'image').map((fcd) => volumeImageItem(fcd, this.wire.host));
  }
}

/** Query for disks with `image` among their metadata; a consumer's own value may be that too, so that each hit is checked. */
const IMAGES = [{ queryField: 'metadataValue', queryOperator: 'equals', queryValue: ['image'] }];
