import type { CallContext, Created, DownloadedImage, Item, Marks, Pages, UploadImage } from '../../src/clouds/driver';
import { Gone } from '../../src/clouds/errors';
import type { Wire } from './client';
import type { Image } from './glance';
import { download } from './image-download';
import { BOOTABLE, isForeign, isVolumeImage, marksOf, VOLUME, volumeImageItem } from './image-item';
import { marksFor, namingProperties } from './image-names';
import { upload } from './image-upload';
import { encodeImageKey, holds, nameless, TAG } from './naming';
import { byIds, shown, UUID } from './reads';

/** Beginning of the keys of VolumeImages that are images in Glance; those of Cinder's snapshots are ids alone. */
const PREFIX = 'image:';
/** Key among VolumeImages of an image in Glance. */
export const keptKey = (id: string): string => PREFIX + id;
/** Id of the image in Glance that a key of a VolumeImage stands for; undefined where it stands for none. */
export const keptId = (key: string): string | undefined => (key.startsWith(PREFIX) ? key.slice(PREFIX.length) : undefined);

/**
 * VolumeImages with contents: images in Glance that a mark of ours keeps for volumes. Cinder's snapshots have no contents that anybody
 * could give it or take from it.
 */
export class KeptImages {
  constructor(private readonly wire: Wire) {}

  async *list(context: CallContext): Pages {
    const session = await this.wire.session(context);
    for await (const page of this.wire.pages('image', context, { [TAG.type]: VOLUME })) {
      const own = page.filter((image) => isVolumeImage(image) && !isForeign(image, session));
      yield shown(await this.#items(own, context));
    }
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    const ids = keys.flatMap((key) => keptId(key) ?? []);
    const possible = ids.filter((id) => UUID.test(id));
    const gone = (id: string, proof?: Gone): Gone => {
      const thing = { type: 'image', key: keptKey(id) };
      return proof?.as(thing) ?? Gone.impossible(thing);
    };
    const impossible = ids.filter((id) => !UUID.test(id)).map((id) => gone(id));
    if (possible.length === 0) return impossible;
    const answers = [...(await byIds(this.wire, 'image', possible, context))];
    const images = answers.flatMap(([, image]) => (image instanceof Gone ? [] : image));
    const others = images.filter((image) => !isVolumeImage(image));
    return [
      ...impossible,
      ...answers.flatMap(([id, proof]) => (proof instanceof Gone ? gone(id, proof) : [])),
      ...others.map(({ id }) => Gone.shown({ type: 'image', key: keptKey(id) }, `The image ${id} is not kept for volumes`)),
      ...(await this.#items(images.filter(isVolumeImage), context)),
    ];
  }

  async find({ tag }: Marks, context: CallContext): Promise<Item[]> {
    const images = await this.wire.all('image', context, { [TAG.id]: tag });
    const own = images.filter((image) => isVolumeImage(image) && marksOf(image)[TAG.id] === tag);
    return shown(await this.#items(own, context));
  }

  async #items(images: readonly Image[], context: CallContext): Promise<(Item | Gone)[]> {
    if (images.length === 0) return [];
    const { base } = await this.wire.endpoint('image', context);
    const session = await this.wire.session(context);
    return images.map((image) => volumeImageItem(image, keptKey(image.id), base, session));
  }

  async upload(request: UploadImage, context: CallContext): Promise<Created> {
    const [first] = (await this.find(request, context)).filter((item) => item.token === request.token && item.values.state === 'AVAILABLE');
    if (first) return { key: first.key };
    const naming = holds(request, encodeImageKey);
    const attributes = {
      name: naming.name ?? nameless(request.tag),
      ...namingProperties(naming),
      ...marksFor(request),
      [TAG.type]: VOLUME,
      [BOOTABLE]: String(request.bootable === true),
    };
    const { key } = await upload(this.wire, request, attributes, context);
    return { key: keptKey(key) };
  }

  download(id: string, context: CallContext): Promise<DownloadedImage> {
    return download(this.wire, id, context);
  }

  async delete(id: string, context: CallContext): Promise<void> {
    if (UUID.test(id)) await this.wire.remove('image', id, context);
  }
}
