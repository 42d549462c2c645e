import {
  CreateImageCommand,
  DeleteSnapshotCommand,
  DeregisterImageCommand,
  DescribeImagesCommand,
  DescribeSnapshotsCommand,
  type Image,
} from '@aws-sdk/client-ec2';
import type { CallContext, CaptureMachine, Created, Item, MachineImages, Marks, Naming, Pages } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { imageFit } from './choice';
import { readByIds, type Wire } from './client';
import { cpuArch } from './configs';
import { literal } from './machines';
import { createTags, holds, imageName, isOurs, namingOf, TAG, tagList, tagsOf } from './naming';
import { imageState } from './states';
import { eraseTags, renameTags, writeTags } from './tags';

const ID = /^ami-[0-9a-f]+$/;
const BATCH = 200;

/** Amazon machine images as MachineImages. */
export class Ec2MachineImages implements MachineImages {
  constructor(private readonly wire: Wire) {}

  /** Images of the configured owners. */
  async *list(context: CallContext): Pages {
    const { imageOwners: Owners, pageSize: MaxResults } = this.wire.options;
    for await (const page of this.wire.pages((NextToken) =>
      this.wire.send(new DescribeImagesCommand({ Owners, MaxResults, NextToken }), context),
    )) {
      yield this.#items(page.Images);
    }
  }

  /** Any image that the account may use, whoever owns it. */
  async getMany(keys: readonly string[], context: CallContext): Promise<Item[]> {
    const images = await readByIds(
      keys,
      ID,
      BATCH,
      async (ImageIds) => (await this.wire.send(new DescribeImagesCommand({ ImageIds }), context)).Images ?? [],
    );
    return this.#items(images);
  }

  async find(marks: Marks, context: CallContext): Promise<Item[]> {
    const images = await this.#ownBy(TAG.id, marks.tag, context);
    return this.#items(images).filter((item) => item.tag === marks.tag);
  }

  /** Images of this account with exactly this tag. */
  async #ownBy(tag: string, value: string, context: CallContext): Promise<Image[]> {
    const Filters = [{ Name: `tag:${tag}`, Values: [literal(value)] }];
    const found: Image[] = [];
    for await (const page of this.wire.pages((NextToken) =>
      this.wire.send(new DescribeImagesCommand({ Owners: ['self'], Filters, MaxResults: this.wire.options.pageSize, NextToken }), context),
    )) {
      found.push(...(page.Images ?? []));
    }
    return found.filter((image) => tagsOf(image.Tags)[tag] === value);
  }

  holds(naming: Naming): Naming {
    return holds(naming);
  }

  async rename(key: string, naming: Naming, context: CallContext): Promise<void> {
    await renameTags(this.wire, key, naming, context);
  }

  /**
   * CreateImage without a reboot: an IMAGE is taken of a stopped machine, a SNAPSHOT (disks only) of any. EC2 refuses a
   * second image of one name, and the name comes from the token: a repeated call finds the first one's image.
   */
  async capture(request: CaptureMachine, context: CallContext): Promise<Created> {
    const related = request.type === 'SNAPSHOT' ? await this.#latestSnapshot(request.machine, context) : undefined;
    const tags = {
      ...createTags(request),
      [TAG.type]: request.type,
      [TAG.machine]: request.machine,
      ...(related === undefined ? {} : { [TAG.related]: related }),
    };
    // Of the image alone: its snapshots are tagged when they have to be found again (delete).
    const TagSpecifications = [{ ResourceType: 'image' as const, Tags: tagList(tags) }];
    const input = { InstanceId: request.machine, Name: imageName(request), NoReboot: true, TagSpecifications };
    try {
      const answer = await this.wire.send(new CreateImageCommand(input), context);
      if (answer.ImageId === undefined)
        throw new ProviderError('unavailable', 'CreateImage answered without an image', { maybeDone: true });
      return { key: answer.ImageId };
    } catch (error) {
      if (!(error instanceof ProviderError) || error.code !== 'InvalidAMIName.Duplicate') throw error;
      const [first] = (await this.find(request, context)).filter((item) => item.token === request.token);
      if (!first) throw error;
      return { key: first.key };
    }
  }

  /** The machine's snapshot that no other one refers to: the end of the chain (5.14.7). */
  async #latestSnapshot(machine: string, context: CallContext): Promise<string | undefined> {
    const images = await this.#ownBy(TAG.machine, machine, context);
    const snapshots = images.filter((image) => tagsOf(image.Tags)[TAG.type] === 'SNAPSHOT');
    const referred = new Set(snapshots.map((image) => tagsOf(image.Tags)[TAG.related]));
    const ends = snapshots.filter((image) => !referred.has(image.ImageId));
    ends.sort((a, b) => ((a.CreationDate ?? '') < (b.CreationDate ?? '') ? 1 : -1));
    return ends[0]?.ImageId;
  }

  /**
   * Deregisters the image and, if the gateway made it, deletes the snapshots behind it. They are tagged first, so that a
   * repeated call after a crash finds those that were left.
   */
  async delete(key: string, context: CallContext): Promise<void> {
    const image = await this.#describe(key, context);
    if (image) {
      await this.#passReferenceOn(image, context);
      const snapshots = isOurs(tagsOf(image.Tags)) ? snapshotsOf(image) : [];
      if (snapshots.length > 0) await tolerating(['notFound'], writeTags(this.wire, snapshots, { [TAG.image]: key }, context));
      await tolerating(['notFound'], this.wire.send(new DeregisterImageCommand({ ImageId: key }), context));
    }
    for (const SnapshotId of await this.#leftSnapshots(key, context)) {
      // In use: another image is made of it too, and keeps it.
      await tolerating(['notFound', 'conflict'], this.wire.send(new DeleteSnapshotCommand({ SnapshotId }), context));
    }
  }

  /** Snapshots that refer to this one refer to what it referred to, or to nothing (5.14.7). */
  async #passReferenceOn(image: Image, context: CallContext): Promise<void> {
    if (!isOurs(tagsOf(image.Tags))) return;
    const next = tagsOf(image.Tags)[TAG.related];
    const referring = (await this.#ownBy(TAG.related, image.ImageId ?? '', context)).flatMap((other) => other.ImageId ?? []);
    if (referring.length === 0) return;
    if (next === undefined) await eraseTags(this.wire, referring, [TAG.related], context);
    else await writeTags(this.wire, referring, { [TAG.related]: next }, context);
  }

  async #describe(key: string, context: CallContext): Promise<Image | undefined> {
    const [image] = await readByIds(
      [key],
      ID,
      1,
      async (ImageIds) => (await this.wire.send(new DescribeImagesCommand({ ImageIds }), context)).Images ?? [],
    );
    return image?.State === 'deregistered' ? undefined : image;
  }

  async #leftSnapshots(key: string, context: CallContext): Promise<string[]> {
    const Filters = [{ Name: `tag:${TAG.image}`, Values: [key] }];
    const left: string[] = [];
    for await (const page of this.wire.pages((NextToken) =>
      this.wire.send(
        new DescribeSnapshotsCommand({ OwnerIds: ['self'], Filters, MaxResults: this.wire.options.pageSize, NextToken }),
        context,
      ),
    )) {
      left.push(...(page.Snapshots ?? []).flatMap((snapshot) => snapshot.SnapshotId ?? []));
    }
    return left;
  }

  #items(images: readonly Image[] | undefined): Item[] {
    return (images ?? []).flatMap((image) => imageItem(image, this.wire.options.region) ?? []);
  }
}

/** An image as a MachineImage; undefined for one that is gone. */
export function imageItem(image: Image, region: string): Item | undefined {
  const { state, unmapped } = imageState(image);
  if (state === 'absent') return undefined;
  const tags = tagsOf(image.Tags);
  const key = image.ImageId ?? '';
  const related = tags[TAG.related];
  return {
    key,
    values: {
      name: image.Name,
      ...(image.Description === undefined || image.Description === '' ? {} : { description: image.Description }),
      ...namingOf(tags),
      state,
      type: tags[TAG.type] ?? 'IMAGE',
      imageLocation: `arn:${partition(region)}:ec2:${region}::image/${key}`,
      ...(related === undefined ? {} : { relatedImage: { item: { type: 'MachineImage', key: related } } }),
    },
    tag: tags[TAG.id],
    token: tags[TAG.token],
    created: image.CreationDate,
    cpuArch: cpuArch(image.Architecture === undefined ? undefined : [image.Architecture]),
    fit: imageFit(image),
    ...(image.Public === true ? { public: true } : {}),
    ...(unmapped === undefined ? {} : { unmappedState: unmapped }),
    // An alias stands on the images of AWS and its marketplace alone.
    ...(image.ImageOwnerAlias === undefined || image.ImageOwnerAlias === 'self'
      ? {}
      : { refuses: { delete: `The image belongs to ${image.ImageOwnerAlias}` } }),
  };
}

const snapshotsOf = (image: Image): string[] => (image.BlockDeviceMappings ?? []).flatMap((mapping) => mapping.Ebs?.SnapshotId ?? []);

/** The partition of AWS that a region is in, as ARNs name it. */
export function partition(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

async function tolerating(kinds: readonly string[], call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof ProviderError) || !kinds.includes(error.kind)) throw error;
  }
}
