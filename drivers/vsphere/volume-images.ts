import type { CallContext, Created, Item, Marks, Naming, Pages } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { CreateVolumeImage, VolumeImages } from '../../src/clouds/infrastructure';
import type { Wire } from './client';
import { datastoreFor } from './datastores';
import { type Fcd, fcdPages, fcdsById, type FcdWriter } from './fcd';
import { fcdHolds, fcdMetadata, fcdName, kindOfFcd, META, volumeImageItem } from './fcd-item';
import type { Ref } from './types';
import { deleteFcd, markedFcds, presentFcd, renameFcd } from './volumes';

/**
 * First-class disks that are marked as images: copies of volumes. A snapshot of such a disk is none, since it dies with
 * the disk and keeps it from being deleted.
 */
export class VsphereVolumeImages implements VolumeImages {
  constructor(
    private readonly wire: Wire,
    private readonly writer: FcdWriter,
  ) {}

  /** A call a page. */
  async *list(context: CallContext): Pages {
    for await (const page of fcdPages(this.wire, IMAGES, context)) yield this.#items(page);
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<Item[]> {
    return this.#items(await fcdsById(this.wire, keys, context));
  }

  async find({ tag }: Marks, context: CallContext): Promise<Item[]> {
    return this.#items(await markedFcds(this.wire, tag, 'image', context));
  }

  holds(naming: Naming): Naming {
    return fcdHolds(naming);
  }

  /** Beside its volume, unless another datastore is named. Bootable as its volume is, unless it is said. */
  async create(request: CreateVolumeImage, context: CallContext): Promise<Created> {
    const [first] = (await markedFcds(this.wire, request.tag, 'image', context)).filter(
      ({ metadata }) => metadata.get(META.token) === request.token,
    );
    if (first) return { key: first.id };
    const [volume] = (await fcdsById(this.wire, [request.volume], context)).filter((fcd) => kindOfFcd(fcd) === 'volume');
    if (!volume) throw new ProviderError('notFound', `there is no volume '${request.volume}'`, { maybeDone: false });
    const { datastore: from } = await presentFcd(this.wire, volume.id, context);
    const held = fcdHolds(request);
    const bootable = request.bootable ?? volume.metadata.get(META.bootable) === 'true';
    const key = await this.writer.copy(
      {
        source: volume.id,
        from,
        token: request.token,
        name: fcdName(held.name, request.tag) ?? request.tag,
        datastore: await this.#datastore(request, from, context),
        metadata: fcdMetadata(request, held, { kind: 'image', bootable, size: volume.capacity }),
      },
      context,
    );
    return { key };
  }

  async #datastore({ extensions }: CreateVolumeImage, from: Ref, context: CallContext): Promise<Ref> {
    const named = extensions?.datastore;
    return typeof named === 'string' ? datastoreFor(this.wire, { named, machine: undefined }, context) : from;
  }

  async rename(key: string, naming: Naming, context: CallContext): Promise<void> {
    await renameFcd(this.wire, this.writer, key, naming, context);
  }

  async delete(key: string, context: CallContext): Promise<void> {
    await deleteFcd(this.wire, this.writer, key, 'image', context);
  }

  #items(fcds: readonly Fcd[]): Item[] {
    return fcds.filter((fcd) => kindOfFcd(fcd) === 'image').map((fcd) => volumeImageItem(fcd, this.wire.host));
  }
}

/** Those with `image` among their metadata; a consumer's own value may be that too, so that each is looked at again. */
const IMAGES = [{ queryField: 'metadataValue', queryOperator: 'equals', queryValue: ['image'] }];
