import type {
  CallContext,
  Created,
  DownloadedImage,
  Item,
  Marks,
  Naming,
  Outcome,
  Pages,
  ReadableImage,
  UploadImage,
} from '../../src/clouds/driver';
import { Gone, ProviderError } from '../../src/clouds/errors';
import type { CreateVolumeImage, VolumeImages } from '../../src/clouds/infrastructure';
import { described, type Snapshot, type Volume } from './cinder';
import type { Wire } from './client';
import { doc, text } from './documents';
import { contentsWork, copyContents } from './contents-copy';
import { isPart, isPartKey, partItems, partsFor, readParts, removePart, unfinishedBy } from './copy-parts';
import { BOOTABLE, VOLUME } from './image-item';
import { marksFor, namingProperties, renameImage } from './image-names';
import { keptId, KeptImages } from './kept-images';
import { createMetadata, encodeImageKey, holds, nameless, TAG } from './naming';
import { answers, byIds, present, shown } from './reads';
import { reading } from './states';
import { SNAPSHOT } from './storage-states';
import { messagesOf, removeSnapshot, renameVolume } from './volume-work';

/** Cinder snapshots as VolumeImages, and the images in Glance that are kept for volumes. */
export class OpenstackVolumeImages implements VolumeImages {
  private readonly kept: KeptImages;

  constructor(private readonly wire: Wire) {
    this.kept = new KeptImages(wire);
  }

  async *list(context: CallContext): Pages {
    for await (const page of this.wire.pages('snapshot', context)) yield shown(await this.#items(page, context));
    yield* this.kept.list(context);
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    const read = (ids: readonly string[]) => byIds(this.wire, 'snapshot', ids, context);
    const kept = keys.filter((key) => keptId(key) !== undefined);
    const parts = keys.filter(isPartKey);
    const others = keys.filter((key) => !kept.includes(key) && !parts.includes(key));
    const items = async (snapshots: readonly Snapshot[]) =>
      messagesOf(this.wire, 'VOLUME_SNAPSHOT', await this.#items(snapshots, context), context);
    const reads = [this.kept.getMany(kept, context), readParts(this.wire, parts, context), answers('snapshot', others, read, items)];
    return (await Promise.all(reads)).flat();
  }

  /** Finds by metadata, which Cinder filters for from 3.22 on; each hit is checked again. */
  async find(marks: Marks, context: CallContext): Promise<Item[]> {
    const [parts, kept, own] = await Promise.all([
      partsFor(this.wire, { tag: marks.tag }, context),
      this.kept.find(marks, context),
      this.#found(marks, context),
    ]);
    return [...unfinishedBy(parts, kept), ...partItems(parts), ...own];
  }

  async #found({ tag }: Marks, context: CallContext): Promise<Item[]> {
    const filter = (await this.wire.speaks('volume', '3.22', context)) ? { metadata: `{'${TAG.id}':'${tag}'}` } : {};
    const snapshots = await this.wire.all('snapshot', context, filter);
    const own = snapshots.filter((snapshot) => snapshot.metadata[TAG.id] === tag && !isPart(snapshot));
    return shown(await this.#items(own, context));
  }

  /** Builds the items; whether a snapshot made elsewhere boots is read from its volume, and not told where that can't be read. */
  async #items(snapshots: readonly Snapshot[], context: CallContext): Promise<(Item | Gone)[]> {
    const elsewhere = snapshots.filter(({ metadata }) => metadata[BOOTABLE] === undefined).flatMap(({ volume_id: id }) => id ?? []);
    const volumes = elsewhere.length === 0 ? [] : await this.#volumes(elsewhere, context);
    const booting = new Map(volumes.map(({ id, bootable }) => [id, bootable]));
    return snapshots.map((snapshot) => (isPart(snapshot) ? goneAsPart(snapshot) : snapshotItem(snapshot, booting)));
  }

  async #volumes(ids: readonly string[], context: CallContext): Promise<Volume[]> {
    try {
      return present(await byIds(this.wire, 'volume', ids, context));
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      this.wire.warn('Whether snapshots made elsewhere boot is not told: their volumes cannot be read', { reason: error.message });
      return [];
    }
  }

  holds(naming: Naming): Naming {
    return holds(naming, encodeImageKey);
  }

  async create(request: CreateVolumeImage, context: CallContext): Promise<Outcome<Created>> {
    if (request.contents === true) return this.#copy(request, { volume: request.volume }, request.bootable === true, context);
    const [first] = (await this.#found(request, context)).filter(({ token }) => token === request.token);
    if (first) return { key: first.key };
    const { name, description } = holds(request);
    const body = {
      volume_id: request.volume,
      ...(name === undefined ? {} : { name }),
      ...(description === undefined ? {} : { description }),
      metadata: { ...createMetadata(request), [BOOTABLE]: String(request.bootable === true) },
      // From 3.66 on a volume in use needs no force, and the word is refused.
      ...((await this.wire.speaks('volume', '3.66', context)) ? {} : { force: true }),
    };
    const ask = { method: 'POST' as const, path: '/snapshots', body: { snapshot: body }, member: 'snapshot' };
    const id = text(doc((await this.wire.send('volume', ask, context)).snapshot).id);
    if (id === undefined) throw new ProviderError('unavailable', 'Cinder answered without a snapshot', { maybeDone: true });
    return { key: id };
  }

  /** A copy of a snapshot, which is kept for volumes. */
  async readable(request: ReadableImage, context: CallContext): Promise<Outcome<Created>> {
    const [item] = await this.getMany([request.image], context);
    if (!item || item instanceof Gone)
      throw item ?? new ProviderError('unavailable', 'Cinder does not tell of the snapshot', { maybeDone: false });
    return this.#copy(request, { snapshot: request.image }, item.values.bootable === true, context);
  }

  #copy(
    request: Marks & Naming,
    of: { volume: string } | { snapshot: string },
    bootable: boolean,
    context: CallContext,
  ): Promise<Outcome<Created>> {
    const naming = holds(request, encodeImageKey);
    const properties = { ...namingProperties(naming), ...marksFor(request), [TAG.type]: VOLUME, [BOOTABLE]: String(bootable) };
    return copyContents(this.wire, contentsWork(request, of, { name: naming.name ?? nameless(request.tag), properties }), context);
  }

  upload(request: UploadImage, context: CallContext): Promise<Created> {
    return this.kept.upload(request, context);
  }

  async download(key: string, context: CallContext): Promise<DownloadedImage> {
    const image = keptId(key);
    if (image !== undefined) return this.kept.download(image, context);
    await this.wire.one('snapshot', key, context);
    throw new ProviderError('conflict', `Cinder gives the contents of the snapshot ${key} of a copy alone`, { maybeDone: false });
  }

  rename(key: string, naming: Naming, context: CallContext): Promise<void> {
    const image = keptId(key);
    return image === undefined ? renameVolume(this.wire, 'snapshot', key, naming, context) : renameImage(this.wire, image, naming, context);
  }

  delete(key: string, context: CallContext): Promise<Outcome> {
    if (isPartKey(key)) return removePart(this.wire, { key }, context);
    const image = keptId(key);
    return image === undefined ? removeSnapshot(this.wire, key, context) : this.kept.delete(image, context);
  }
}

const goneAsPart = ({ id }: Snapshot): Gone =>
  Gone.shown({ type: 'snapshot', key: id }, `The snapshot ${id} is part of a copy of contents`);

function snapshotItem(snapshot: Snapshot, booting: ReadonlyMap<string, boolean>): Item | Gone {
  const { id, status, volume_id: volume = '' } = snapshot;
  const { state, unmapped } = reading(SNAPSHOT, status);
  if (state === 'absent') return Gone.shown({ type: 'snapshot', key: id }, `Cinder shows the snapshot ${id} as ${status}`);
  const { values, marks } = described(snapshot);
  const told = snapshot.metadata[BOOTABLE];
  const bootable = told === undefined ? booting.get(volume) : told === 'true';
  return {
    key: id,
    values: {
      ...values,
      state,
      imageLocation: { href: `urn:openstack:volume-snapshot:${id}` },
      ...(bootable === undefined ? {} : { bootable }),
    },
    ...marks,
    contentsBy: 'copy',
    ...(unmapped === undefined ? {} : { unmappedState: unmapped }),
  };
}
