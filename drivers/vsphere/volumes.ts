import type { CallContext, Created, Item, Marks, Naming, Pages } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { CreateVolume, Volumes } from '../../src/clouds/infrastructure';
import type { Wire } from './client';
import { datastoreFor } from './datastores';
import { attachedFcds, type Fcd, fcdPages, type FcdPlace, fcdPlace, fcdsById, fcdsWith, type FcdWriter } from './fcd';
import { aboutText, BLOCK, fcdHolds, fcdMetadata, fcdName, type Kind, kindOfFcd, META, missingSize, volumeItem } from './fcd-item';
import { diskAsked } from './sizes';

/** First-class disks as Volumes, but those that are marked as images. The key is the disk's id. */
export class VsphereVolumes implements Volumes {
  constructor(
    private readonly wire: Wire,
    private readonly writer: FcdWriter,
  ) {}

  /** A call a page, and one more for what is attached. */
  async *list(context: CallContext): Pages {
    const pages: Fcd[][] = [];
    for await (const page of fcdPages(this.wire, [], context)) pages.push(page.filter(isVolume));
    const attached = await attachedFcds(this.wire, pages.flat().map(idOf), context);
    for (const page of pages) yield page.map((fcd) => volumeItem(fcd, attached.has(fcd.id)));
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<Item[]> {
    return this.#items(await fcdsById(this.wire, keys, context), context);
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

  /** vCenter has no idempotency token, and names repeat: what carries the token already is gone on with. */
  async create(request: CreateVolume, context: CallContext): Promise<Created> {
    if (request.type !== undefined && request.type !== BLOCK)
      throw new ProviderError('invalid', `vSphere has no volumes of type ${request.type}; there is ${BLOCK}`, { maybeDone: false });
    const [first] = (await markedFcds(this.wire, request.tag, 'volume', context)).filter(
      ({ metadata }) => metadata.get(META.token) === request.token,
    );
    const key = first?.id ?? (await this.#make(request, context));
    // The copy of an image has the image's size.
    if (first ? missingSize(first) !== undefined : request.image !== undefined) await this.#grow(key, diskAsked(request.capacity), context);
    return { key };
  }

  async #make(request: CreateVolume, context: CallContext): Promise<string> {
    const held = fcdHolds(request);
    const capacity = diskAsked(request.capacity);
    const name = fcdName(held.name, request.tag) ?? request.tag;
    const image = request.image === undefined ? undefined : await this.#image(request.image, context);
    const named = request.extensions?.datastore;
    const wish = { named: typeof named === 'string' ? named : this.wire.options.datastore, machine: request.machine };
    const datastore = await datastoreFor(this.wire, wish, context);
    const bootable = request.bootable === true || image?.bootable === true;
    const metadata = fcdMetadata(request, held, { kind: 'volume', bootable, size: capacity });
    if (!image) return this.writer.create({ name, capacity, datastore, metadata }, context);
    const { id: source, from } = image;
    return this.writer.copy({ source, from, token: request.token, name, datastore, metadata }, context);
  }

  async #image(key: string, context: CallContext): Promise<{ id: string; from: FcdPlace['datastore']; bootable: boolean }> {
    const [fcd] = (await fcdsById(this.wire, [key], context)).filter((each) => kindOfFcd(each) === 'image');
    const place = fcd && (await fcdPlace(this.wire, key, context));
    if (!place) throw new ProviderError('notFound', `there is no volume image '${key}'`, { maybeDone: false });
    return { id: fcd.id, from: place.datastore, bootable: fcd.metadata.get(META.bootable) === 'true' };
  }

  async update(key: string, to: { capacity?: number; bootable?: boolean }, context: CallContext): Promise<void> {
    const capacity = to.capacity === undefined ? undefined : diskAsked(to.capacity);
    if (to.bootable !== undefined) {
      const { datastore } = await presentFcd(this.wire, key, context);
      await this.writer.describe(key, datastore, { [META.bootable]: String(to.bootable) }, context);
    }
    if (capacity !== undefined) await this.#grow(key, capacity, context);
  }

  async #grow(key: string, capacity: number, context: CallContext): Promise<void> {
    await this.writer.extend(key, await presentFcd(this.wire, key, context), capacity, context);
  }

  async rename(key: string, naming: Naming, context: CallContext): Promise<void> {
    await renameFcd(this.wire, this.writer, key, naming, context);
  }

  /** What is marked as an image is no volume: what is not there is gone. */
  async delete(key: string, context: CallContext): Promise<void> {
    await deleteFcd(this.wire, this.writer, key, 'volume', context);
  }
}

const idOf = ({ id }: Fcd): string => id;
const isVolume = (fcd: Fcd): boolean => kindOfFcd(fcd) === 'volume';

/** Those of a kind that carry this identity tag. */
export async function markedFcds(wire: Wire, tag: string, kind: Kind, context: CallContext): Promise<Fcd[]> {
  return (await fcdsWith(wire, tag, context)).filter((fcd) => fcd.metadata.get(META.id) === tag && kindOfFcd(fcd) === kind);
}

/** Where one is. @throws ProviderError `notFound` */
export async function presentFcd(wire: Wire, key: string, context: CallContext): Promise<FcdPlace> {
  const place = await fcdPlace(wire, key, context);
  if (!place) throw new ProviderError('notFound', `vCenter has no first-class disk ${key}`, { code: 'NotFound', maybeDone: false });
  return place;
}

/** Writes the naming, and the disk's own name last: until then the old name is shown. One without any keeps the name it has. */
export async function renameFcd(wire: Wire, writer: FcdWriter, key: string, naming: Naming, context: CallContext): Promise<void> {
  const [fcd] = await fcdsById(wire, [key], context);
  const { datastore } = await presentFcd(wire, key, context);
  const held = fcdHolds(naming);
  await writer.describe(key, datastore, { [META.about]: aboutText(held) }, context);
  const name = fcdName(held.name, fcd?.metadata.get(META.id));
  if (name !== undefined && name !== fcd?.name) await writer.rename(key, datastore, name, context);
}

/** Deletes one of this kind; what is none of it is not there. @throws ProviderError `conflict` where a machine has it */
export async function deleteFcd(wire: Wire, writer: FcdWriter, key: string, kind: Kind, context: CallContext): Promise<void> {
  const [fcd] = await fcdsById(wire, [key], context);
  if (fcd && kindOfFcd(fcd) === kind) await writer.delete(key, context);
}
