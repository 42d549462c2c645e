import type {
  CallContext,
  CaptureMachine,
  Created,
  DownloadedImage,
  Item,
  MachineImages,
  Marks,
  Naming,
  Outcome,
  Pages,
  ReadableImage,
  UploadImage,
} from '../../src/clouds/driver';
import { Gone, ProviderError } from '../../src/clouds/errors';
import type { Wire } from './client';
import { contentsWork, copyContents } from './contents-copy';
import { isPartKey, partItems, partsFor, readParts, removePart, unfinishedBy } from './copy-parts';
import type { Image } from './glance';
import { download } from './image-download';
import { architectureOf, imageItem, isForeign, isShelf, isVolumeImage, marksOf, propertiesOfFacts } from './image-item';
import { bootSnapshotOf, snapshotsBehind } from './image-mapping';
import { marksFor, namingProperties, patchImage, pointer, renameImage } from './image-names';
import { upload } from './image-upload';
import { act, imageOf } from './machine-actions';
import { encodeImageKey, holds, nameless, TAG } from './naming';
import { type Answered, answers, confirmed, UUID, shown } from './reads';
import { bootVolumeOf } from './server-volumes';
import { removeSnapshot } from './volume-work';

/** Ids in one listing by ids: a URL has its limits. */
const BATCH = 100;

/** Glance images as MachineImages. */
export class OpenstackMachineImages implements MachineImages {
  constructor(private readonly wire: Wire) {}

  async *list(context: CallContext): Pages {
    const session = await this.wire.session(context);
    for await (const page of this.wire.pages('image', context)) {
      const own = page.filter((image) => !isShelf(image) && !isForeign(image, session));
      yield shown(await this.#items(own, context));
    }
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    const parts = keys.filter(isPartKey);
    const images = answers(
      'image',
      keys.filter((key) => !parts.includes(key)),
      (ids) => this.#named(ids, context),
      (named) => this.#items(named, context),
    );
    return (await Promise.all([images, readParts(this.wire, parts, context)])).flat();
  }

  /** Reads by a filter, which leaves out community images: those missing are then asked for one by one. */
  async #named(keys: readonly string[], context: CallContext): Promise<Answered<Image>> {
    const ids = [...new Set(keys)];
    const found = new Map<string, Image | Gone>();
    for (let i = 0; ids.length > 1 && i < ids.length; i += BATCH) {
      const filter = { id: `in:${ids.slice(i, i + BATCH).join(',')}` };
      for (const image of await this.wire.all('image', context, filter)) found.set(image.id, image);
    }
    return confirmed(this.wire, 'image', ids, found, context);
  }

  async find(marks: Marks, context: CallContext): Promise<Item[]> {
    const [parts, images] = await Promise.all([
      partsFor(this.wire, { tag: marks.tag }, context),
      this.#ownBy(TAG.id, marks.tag, context).then((own) => this.#items(own, context)),
    ]);
    return [...unfinishedBy(parts, shown(images)), ...partItems(parts)];
  }

  /** Images whose own mark is exactly this one. */
  async #ownBy(mark: string, value: string, context: CallContext): Promise<Image[]> {
    if (value === '') return [];
    const images = await this.wire.all('image', context, { [mark]: value });
    return images.filter((image) => marksOf(image)[mark] === value);
  }

  async #items(images: readonly Image[], context: CallContext): Promise<(Item | Gone)[]> {
    if (images.length === 0) return [];
    const { base } = await this.wire.endpoint('image', context);
    const session = await this.wire.session(context);
    return images.map((image) => (isVolumeImage(image) ? keptForVolumes(image) : imageItem(image, base, session)));
  }

  holds(naming: Naming): Naming {
    return holds(naming, encodeImageKey);
  }

  rename(key: string, naming: Naming, context: CallContext): Promise<void> {
    return renameImage(this.wire, key, naming, context);
  }

  /** createImage; of a server that boots from a volume Nova makes snapshots in Cinder, and an image that names them. */
  async capture(request: CaptureMachine, context: CallContext): Promise<Outcome<Created>> {
    const boot = request.contents === true ? await bootVolumeOf(this.wire, request.machine, context) : undefined;
    if (boot !== undefined) return this.#copy(request, { volume: boot }, request.type, context);
    const images = await this.#ownBy(TAG.machine, request.machine, context);
    const first = images.find((image) => marksOf(image)[TAG.token] === request.token);
    if (first) return { key: first.id };
    const naming = holds(request, encodeImageKey);
    const metadata = {
      ...namingProperties(naming),
      ...marksFor(request),
      [TAG.type]: request.type,
      [TAG.machine]: request.machine,
      // Empty, too: the image that the server was made from may have handed its own down.
      [TAG.related]: (request.type === 'SNAPSHOT' ? latestSnapshot(images) : undefined) ?? '',
      instance_uuid: request.machine,
    };
    const body = { createImage: { name: naming.name ?? nameless(request.tag), metadata } };
    const image = imageOf(await act(this.wire, request.machine, body, context));
    if (image !== undefined) return { key: image };
    const [made] = (await this.find(request, context)).filter((item) => item.token === request.token);
    if (!made) throw new ProviderError('unavailable', 'Nova answered a capture without an image', { maybeDone: true });
    return { key: made.key };
  }

  /** A copy of the snapshot that an image names in place of contents: that of the volume which servers made of it boot from. */
  async readable(request: ReadableImage, context: CallContext): Promise<Outcome<Created>> {
    const image = await this.wire.one('image', request.image, context);
    const snapshot = bootSnapshotOf(image);
    if (snapshot === undefined)
      throw new ProviderError('conflict', `The image ${request.image} names no snapshot that servers boot from`, { maybeDone: false });
    return this.#copy(request, { snapshot }, 'IMAGE', context);
  }

  #copy(
    request: Marks & Naming,
    of: { volume: string } | { snapshot: string },
    type: CaptureMachine['type'],
    context: CallContext,
  ): Promise<Outcome<Created>> {
    const naming = holds(request, encodeImageKey);
    const properties = { ...namingProperties(naming), ...marksFor(request), [TAG.type]: type };
    return copyContents(this.wire, contentsWork(request, of, { name: naming.name ?? nameless(request.tag), properties }), context);
  }

  async upload(request: UploadImage, context: CallContext): Promise<Created> {
    const [first] = (await this.find(request, context)).filter((item) => item.token === request.token && item.values.state === 'AVAILABLE');
    if (first) return { key: first.key };
    const naming = holds(request, encodeImageKey);
    const architecture = architectureOf(request.cpuArch);
    const attributes = {
      name: naming.name ?? nameless(request.tag),
      ...namingProperties(naming),
      ...marksFor(request),
      [TAG.type]: 'IMAGE',
      ...(architecture === undefined ? {} : { architecture }),
      ...propertiesOfFacts(request.extensions),
    };
    return upload(this.wire, request, attributes, context);
  }

  download(key: string, context: CallContext): Promise<DownloadedImage> {
    return download(this.wire, key, context);
  }

  /** Deletes an image with what backs it where the gateway made it: snapshots first, so that a repeated call still finds their names. */
  async delete(key: string, context: CallContext): Promise<Outcome> {
    if (isPartKey(key)) return removePart(this.wire, { key }, context);
    const image = UUID.test(key) ? await this.wire.oneIfThere('image', key, context) : undefined;
    if (!image || isVolumeImage(image)) return;
    const marks = marksOf(image);
    if (marks[TAG.id] !== undefined) {
      await this.#passReferenceOn(key, marks[TAG.related], context);
      for (const snapshot of snapshotsBehind(image)) await removeSnapshot(this.wire, snapshot, context);
    }
    await this.wire.remove('image', key, context);
  }

  /** Snapshots that refer to this one refer to what it referred to, or to nothing (5.14.7). */
  async #passReferenceOn(key: string, next: string | undefined, context: CallContext): Promise<void> {
    for (const { id } of await this.#ownBy(TAG.related, key, context)) {
      await patchImage(this.wire, id, [{ op: 'replace', path: pointer(TAG.related), value: next ?? '' }], context);
    }
  }
}

const keptForVolumes = ({ id }: Image): Gone => Gone.shown({ type: 'image', key: id }, `The image ${id} is a VolumeImage`);

/** The machine's snapshot that no other one refers to: the end of the chain (5.14.7). */
function latestSnapshot(images: readonly Image[]): string | undefined {
  const snapshots = images.filter((image) => marksOf(image)[TAG.type] === 'SNAPSHOT');
  const referred = new Set(snapshots.map((image) => marksOf(image)[TAG.related]));
  const ends = snapshots.filter(({ id }) => !referred.has(id));
  return ends.sort((a, b) => ((a.created_at ?? '') < (b.created_at ?? '') ? 1 : -1))[0]?.id;
}
