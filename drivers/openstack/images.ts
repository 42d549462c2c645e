import type {
  CallContext,
  CaptureMachine,
  Created,
  DownloadedImage,
  Item,
  MachineImages,
  Marks,
  Naming,
  Pages,
  UploadImage,
} from '../../src/clouds/driver';
import { type Gone, ProviderError } from '../../src/clouds/errors';
import { pathOf, type Wire } from './client';
import type { Image } from './glance';
import { download } from './image-download';
import { architectureOf, imageItem, isForeign, isHandedDown, isShelf, marksOf, propertiesIn, propertiesOfFacts } from './image-item';
import { upload } from './image-upload';
import { act, imageOf } from './machine-actions';
import { encodeImageKey, holds, isImageKey, type Metadata, nameless, TAG } from './naming';
import { type Answered, answers, confirmed, UUID, shown } from './reads';
import { removeSnapshot } from './volume-work';

const PATCH = { 'content-type': 'application/openstack-images-v2.1-json-patch' };
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

  getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    return answers(
      'image',
      keys,
      (ids) => this.#named(ids, context),
      (images) => this.#items(images, context),
    );
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
    return shown(await this.#items(await this.#ownBy(TAG.id, marks.tag, context), context));
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
    return images.map((image) => imageItem(image, base, session));
  }

  holds(naming: Naming): Naming {
    return holds(naming, encodeImageKey);
  }

  async rename(key: string, naming: Naming, context: CallContext): Promise<void> {
    const image = await this.wire.one('image', key, context);
    // With the marks of another image goes what they say: that its properties are not its own.
    const isOthers = (name: string) => isHandedDown(image) && Object.values<string>(TAG).includes(name);
    const before = Object.fromEntries(Object.entries(propertiesIn(image)).filter(([name]) => isNaming(name) || isOthers(name)));
    const after = namingProperties(naming);
    const name = naming.name ?? nameless(marksOf(image)[TAG.id] ?? image.id);
    const changes = [
      ...(name === image.name ? [] : [{ op: 'replace', path: '/name', value: name }]),
      ...Object.entries(after).flatMap(([each, value]) => (before[each] === value ? [] : [{ op: 'add', path: pointer(each), value }])),
      ...Object.keys(before).flatMap((each) => (after[each] === undefined ? [{ op: 'remove', path: pointer(each) }] : [])),
    ];
    if (changes.length > 0) await this.#patch(key, changes, context);
  }

  async #patch(key: string, changes: readonly object[], context: CallContext): Promise<void> {
    const of = { kind: 'image', id: key } as const;
    await this.wire.send(
      'image',
      { method: 'PATCH', path: pathOf('image', key), headers: PATCH, body: changes, member: 'id', of },
      context,
    );
  }

  /** createImage; of a server that boots from a volume Nova makes snapshots in Cinder, and an image that names them. */
  async capture(request: CaptureMachine, context: CallContext): Promise<Created> {
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
  async delete(key: string, context: CallContext): Promise<void> {
    const image = UUID.test(key) ? await this.wire.oneIfThere('image', key, context) : undefined;
    if (!image) return;
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
      await this.#patch(id, [{ op: 'replace', path: pointer(TAG.related), value: next ?? '' }], context);
    }
  }
}

const marksFor = ({ tag, token }: Marks): Metadata => ({ [TAG.id]: tag, [TAG.token]: token });

const isNaming = (property: string): boolean => property === 'description' || isImageKey(property);

/** Names as image properties. Their keys are always behind the prefix: images have many properties of others. */
function namingProperties({ description, properties }: Naming): Metadata {
  const own = Object.entries(properties ?? {}).map(([key, value]) => [encodeImageKey(key), value]);
  return { ...(description === undefined ? {} : { description }), ...Object.fromEntries(own) };
}

/** A name as JSON pointer. */
const pointer = (name: string): string => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** The machine's snapshot that no other one refers to: the end of the chain (5.14.7). */
function latestSnapshot(images: readonly Image[]): string | undefined {
  const snapshots = images.filter((image) => marksOf(image)[TAG.type] === 'SNAPSHOT');
  const referred = new Set(snapshots.map((image) => marksOf(image)[TAG.related]));
  const ends = snapshots.filter(({ id }) => !referred.has(id));
  return ends.sort((a, b) => ((a.created_at ?? '') < (b.created_at ?? '') ? 1 : -1))[0]?.id;
}

/** Cinder snapshots that an image of a server on volumes is made of. */
function snapshotsBehind(image: Image): string[] {
  const mapping = image.block_device_mapping;
  if (typeof mapping !== 'string') return [];
  let parsed: unknown;
  try {
    parsed = JSON.parse(mapping);
  } catch (error) {
    throw new ProviderError('invalid', 'The image names what it is made of in a way that cannot be read', {
      maybeDone: false,
      cause: error,
    });
  }
  const devices = Array.isArray(parsed) ? (parsed as readonly { snapshot_id?: unknown }[]) : [];
  return devices.flatMap(({ snapshot_id: id }) => (typeof id === 'string' && id !== '' ? [id] : []));
}
