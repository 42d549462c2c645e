import {
  type BlockDeviceMapping,
  CreateImageCommand,
  DeleteSnapshotCommand,
  DeregisterImageCommand,
  DescribeSnapshotsCommand,
  type Image,
  type Instance,
} from '@aws-sdk/client-ec2';
import type {
  CallContext,
  CaptureMachine,
  Created,
  ImageChoice,
  Item,
  MachineImages,
  Marks,
  Naming,
  Pages,
  UploadImage,
} from '../../src/clouds/driver';
import { Gone, ProviderError } from '../../src/clouds/errors';
import type { Alias } from './aliases';
import { oneById, type Wire } from './client';
import { orStillMoving } from './dependents';
import type { EbsDirect } from './ebs';
import { SHAPES, thing, unlessGone } from './gone';
import { imageItem, rootSnapshotOf, whyNotDownloaded } from './image-item';
import { ImageLists } from './image-lists';
import { halfByKey, halfItem, halfMade, toResume, uploadImage } from './image-upload';
import { instanceById } from './instance-reads';
import { createTags, holds, imageName, isOurs, TAG, tagList, tagsOf } from './naming';
import { NotYet, refusedBy } from './poll';
import { readSnapshot } from './snapshot-read';
import { takeBack } from './snapshot-write';
import { eraseTags, renameTags, writeTags } from './tags';

/** Amazon machine images as MachineImages. */
export class Ec2MachineImages implements MachineImages {
  private readonly images: ImageLists;
  readonly upload?: NonNullable<MachineImages['upload']>;
  readonly download?: NonNullable<MachineImages['download']>;

  /** @param ebs absent: contents go neither in nor out */
  constructor(
    private readonly wire: Wire,
    ebs: EbsDirect | undefined,
  ) {
    this.images = new ImageLists(wire);
    if (!ebs) return;
    this.upload = (request, context) => this.#upload(ebs, request, context);
    this.download = async (key, context) => readSnapshot({ wire, ebs }, await this.#rootSnapshot(key, context), context);
  }

  /** Images of the configured owners, and the well-known ones asked for. */
  async *list(context: CallContext): Pages {
    for await (const page of this.images.all(context)) yield this.#items(page);
  }

  /** Any image that the account may use, whoever owns it; one that is half made has the key of its snapshot. */
  async getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    const half = await halfByKey(this.wire, keys.filter(isHalf), context);
    const whole = keys.filter((key) => !isHalf(key));
    if (whole.length === 0) return half;
    const { found, gone } = await this.images.byId(whole, context);
    return [...found.map((image) => this.#items([image])[0] ?? deregistered(image)), ...gone, ...half];
  }

  /** An image, else what was begun for one. */
  async find(marks: Marks, context: CallContext): Promise<Item[]> {
    const images = await this.images.ownBy(TAG.id, marks.tag, context);
    const found = this.#items(images).filter((item) => item.tag === marks.tag);
    if (found.length > 0 || !this.upload) return found;
    return (await halfMade(this.wire, marks.tag, context)).flatMap((snapshot) => halfItem(snapshot, this.wire.options.region) ?? []);
  }

  /** Images of an account, of all that there are: EC2 has too many to list. */
  async named({ owner, name, architecture }: ImageChoice & { owner: string }, context: CallContext): Promise<Item[]> {
    const narrowed = { owner, ...(name === undefined ? {} : { name }), ...architectureOf(architecture) };
    return this.#items(await this.images.ofOwner(narrowed, context));
  }

  holds(naming: Naming): Naming {
    return holds(naming, this.wire.maxProperties);
  }

  async rename(key: string, naming: Naming, context: CallContext): Promise<void> {
    await renameTags(this.wire, key, naming, context);
  }

  /**
   * CreateImage without a reboot: an IMAGE is taken of a stopped machine, a SNAPSHOT (disks only) of any, without the
   * volumes that are Volumes of their own. EC2 refuses a second image of one name, and the name comes from the token: a
   * repeated call finds the first one's image. It is CREATING while EC2 copies, for as long as that takes.
   */
  async capture(request: CaptureMachine, context: CallContext): Promise<Created> {
    const [instance, related] = await Promise.all([
      instanceById(this.wire, request.machine, context),
      request.type === 'SNAPSHOT' ? this.images.latestSnapshot(request.machine, context) : undefined,
    ]);
    const tags = {
      ...createTags(request),
      [TAG.type]: request.type,
      [TAG.machine]: request.machine,
      ...(related === undefined ? {} : { [TAG.related]: related }),
    };
    // Of our own, of the image alone: its snapshots are tagged when they have to be found again (delete).
    const snapshots = this.wire.ownTags.any ? [{ ResourceType: 'snapshot' as const, Tags: [] }] : [];
    const TagSpecifications = [{ ResourceType: 'image' as const, Tags: tagList(tags) }, ...snapshots];
    const without = volumesOf(instance);
    const BlockDeviceMappings = without.length === 0 ? {} : { BlockDeviceMappings: without };
    const input = { InstanceId: request.machine, Name: imageName(request), NoReboot: true, TagSpecifications, ...BlockDeviceMappings };
    try {
      const answer = await this.wire.send(new CreateImageCommand(input), context);
      if (!answer.ImageId) throw new ProviderError('unavailable', 'CreateImage answered without an image', { maybeDone: true });
      return { key: answer.ImageId };
    } catch (error) {
      const state = refusedBy(error, 'IncorrectState', 'IncorrectInstanceState');
      if (state) throw await orStillMoving(this.wire, state, request.machine, context);
      if (!refusedBy(error, 'InvalidAMIName.Duplicate')) throw error;
      const [first] = (await this.find(request, context)).filter((item) => item.token === request.token);
      if (!first) throw error;
      return { key: first.key };
    }
  }

  async #upload(ebs: EbsDirect, request: UploadImage, context: CallContext): Promise<Created> {
    const earlier = await this.find(request, context);
    const whole = earlier.find(({ token, values }) => token === request.token && values.state === 'AVAILABLE');
    if (whole) return { key: whole.key };
    const begun = toResume(earlier, request);
    for (const { key } of earlier) if (isHalf(key) && key !== begun) await takeBack(this.wire, key);
    return uploadImage({ wire: this.wire, ebs }, request, begun, context);
  }

  /** @throws ProviderError (conflict) for an image whose contents cannot be read */
  async #rootSnapshot(key: string, context: CallContext): Promise<string> {
    const image = await oneById('image', key, (ids) => this.images.byId(ids, context));
    const why = whyNotDownloaded(image);
    const snapshot = rootSnapshotOf(image);
    if (why === undefined && snapshot !== undefined) return snapshot;
    throw new ProviderError('conflict', why ?? `EC2 tells of no snapshot behind ${key}`, { maybeDone: false });
  }

  /**
   * Deregisters the image and, if the gateway made it, deletes the snapshots behind it. They are tagged first, so that a
   * repeated call after a crash finds those that were left.
   */
  async delete(key: string, context: CallContext): Promise<void> {
    if (isHalf(key)) return this.#dropHalf(key, context);
    const { found, gone } = await this.images.byId([key], context);
    if (found.length + gone.length === 0)
      throw new ProviderError('unavailable', `The answer of EC2 does not mention the image ${key}`, { maybeDone: false });
    for (const image of found.filter(({ State }) => State !== 'deregistered')) {
      await this.#passReferenceOn(image, context);
      if (isOurs(tagsOf(image.Tags))) await this.#markSnapshots(image, key, context);
      await unlessGone(thing('image', key), this.wire.send(new DeregisterImageCommand({ ImageId: key }), context));
    }
    for (const SnapshotId of await this.#leftSnapshots(key, context)) await this.#dropSnapshot(SnapshotId, key, context);
  }

  async #dropHalf(key: string, context: CallContext): Promise<void> {
    const [half] = await halfByKey(this.wire, [key], context);
    if (!half) throw new ProviderError('invalid', `${key} is a snapshot, and none that an image is made of`, { maybeDone: false });
    if (!(half instanceof Gone))
      await unlessGone(thing('snapshot', key), this.wire.send(new DeleteSnapshotCommand({ SnapshotId: key }), context));
  }

  /** EC2 tags all or none: those that are gone are left out. */
  async #markSnapshots(image: Image, key: string, context: CallContext): Promise<void> {
    let ids = (image.BlockDeviceMappings ?? []).flatMap((mapping) => mapping.Ebs?.SnapshotId || []);
    while (ids.length > 0) {
      try {
        return await writeTags(this.wire, ids, { [TAG.image]: key }, context);
      } catch (error) {
        const missing = error instanceof Gone && error.thing.type === 'snapshot' && ids.includes(error.key) ? error.key : undefined;
        if (missing === undefined) throw error;
        ids = ids.filter((id) => id !== missing);
      }
    }
  }

  /** Deletes an image's snapshot, unless another image is made of it too; EC2 may count it as this image's for some time. */
  async #dropSnapshot(SnapshotId: string, image: string, context: CallContext): Promise<void> {
    try {
      await unlessGone(thing('snapshot', SnapshotId), this.wire.send(new DeleteSnapshotCommand({ SnapshotId }), context));
    } catch (error) {
      const refusal = refusedBy(error, 'InvalidSnapshot.InUse');
      if (!refusal) throw error;
      if (refusal.message.includes(image)) throw new NotYet(refusal.message, refusal);
    }
  }

  /** Snapshots that refer to this one refer to what it referred to, or to nothing (5.14.7). */
  async #passReferenceOn(image: Image, context: CallContext): Promise<void> {
    if (!isOurs(tagsOf(image.Tags))) return;
    const next = tagsOf(image.Tags)[TAG.related];
    const referring = (await this.images.ownBy(TAG.related, image.ImageId ?? '', context)).flatMap((other) => other.ImageId ?? []);
    if (referring.length === 0) return;
    if (next === undefined) await eraseTags(this.wire, referring, [TAG.related], context);
    else await writeTags(this.wire, referring, { [TAG.related]: next }, context);
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
      left.push(...(page.Snapshots ?? []).flatMap((snapshot) => snapshot.SnapshotId || []));
    }
    return left;
  }

  #items(images: readonly Image[]): Item[] {
    return images.flatMap((image) => imageItem(image, this.wire.options.region) ?? []);
  }
}

/** EC2's word for an architecture of CIMI's, where it has one alone. */
function architectureOf(architecture = 'x86_64'): Partial<Pick<Alias, 'architecture'>> {
  if (architecture === 'x86_64') return { architecture };
  return architecture === 'ARM' ? { architecture: 'arm64' } : {};
}

/** Tells whether a key is that of a snapshot, which an image is to be made of. */
const isHalf = (key: string): boolean => SHAPES.snapshot.test(key);

const deregistered = ({ ImageId = '' }: Image): Gone => Gone.shown(thing('image', ImageId), `EC2 shows ${ImageId} as deregistered`);

/** Mappings that leave attached volumes which outlive the instance out of its image. Its root volume always belongs to it. */
function volumesOf({ BlockDeviceMappings = [], RootDeviceName }: Instance): BlockDeviceMapping[] {
  const outlives = BlockDeviceMappings.filter(
    ({ DeviceName, Ebs }) => DeviceName && DeviceName !== RootDeviceName && Ebs?.DeleteOnTermination === false,
  );
  return outlives.map(({ DeviceName }) => ({ DeviceName, NoDevice: '' }));
}
