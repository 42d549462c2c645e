import { CreateVolumeCommand, DeleteVolumeCommand, type Volume } from '@aws-sdk/client-ec2';
import type { CallContext, Created, Item, Marks, Naming, Pages } from '../../src/clouds/driver';
import { Gone, isGone, ProviderError } from '../../src/clouds/errors';
import type { CreateVolume, Volumes } from '../../src/clouds/infrastructure';
import { gibToKb, kbToGib } from '../../src/model/units';
import type { Wire } from './client';
import { areEnding } from './dependents';
import { thing } from './gone';
import { grow } from './grow';
import { zoneOf } from './instance-reads';
import { literal, createTags, holds, namingOf, TAG, tagList, tagsOf } from './naming';
import { encryptionOf } from './root-volume';
import { type StorageExtensions, storageExtensions } from './placement';
import { NotYet, refusedBy } from './poll';
import { volumeState } from './states';
import { attachmentsOf, ownerOf, snapshotsById, volumeById, volumePages, volumesById } from './storage-reads';
import { renameTags, writeTags } from './tags';
import { ebsType, typeUri } from './volume-types';
import { RecentlyCreated } from './recently-created';
import type { Zones } from './zones';

/** EBS volumes that outlive the instances they are attached to, as Volumes. */
export class Ec2Volumes implements Volumes {
  readonly changes = { capacity: 'sets', bootable: 'sets' } as const;
  private readonly young: RecentlyCreated;

  constructor(
    private readonly wire: Wire,
    private readonly zones: Zones,
  ) {
    this.young = new RecentlyCreated(wire.options.settleMs);
  }

  async *list(context: CallContext): Pages {
    for await (const page of volumePages(this.wire, [], context)) yield page.flatMap(volumeItem);
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    const { found, gone } = await volumesById(this.wire, keys, context);
    return [...found.map((volume) => volumeItem(volume)[0] ?? noVolume(volume)), ...gone];
  }

  async find(marks: Marks, context: CallContext): Promise<Item[]> {
    const found: Item[] = [];
    const Filters = [{ Name: `tag:${TAG.id}`, Values: [literal(marks.tag)] }];
    for await (const page of volumePages(this.wire, Filters, context)) found.push(...page.flatMap(volumeItem));
    return found.filter((item) => item.tag === marks.tag);
  }

  holds(naming: Naming): Naming {
    return holds(naming, this.wire.maxProperties);
  }

  async rename(key: string, naming: Naming, context: CallContext): Promise<void> {
    await renameTags(this.wire, key, naming, context);
  }

  /** CreateVolume with the token as its ClientToken. Whether it is bootable is a tag; that of its image counts unless said. */
  async create(request: CreateVolume, context: CallContext): Promise<Created> {
    if (request.format !== undefined && request.format !== 'raw')
      throw new ProviderError('unsupported', `format: EBS volumes come unformatted; create ${request.format} on the machine`);
    const asked = storageExtensions(request.extensions);
    const VolumeType = ebsType(request.type);
    const [AvailabilityZone, bootable] = await Promise.all([
      this.#zone(request, asked, context),
      request.bootable ?? this.#imageBootable(request.image, context),
    ]);
    const tags = { ...createTags(request), [TAG.bootable]: String(bootable) };
    const answer = await this.wire.send(
      new CreateVolumeCommand({
        AvailabilityZone,
        VolumeType,
        Size: kbToGib(request.capacity),
        SnapshotId: request.image,
        Iops: asked.iops,
        Throughput: asked.throughput,
        ...encryptionOf(asked, this.wire.options.volumes),
        ClientToken: request.token,
        TagSpecifications: [{ ResourceType: 'volume', Tags: tagList(tags) }],
      }),
      context,
    );
    if (answer.VolumeId === undefined)
      throw new ProviderError('unavailable', 'CreateVolume answered without a volume', { maybeDone: true });
    this.young.add(answer.VolumeId);
    return { key: answer.VolumeId };
  }

  /** The zone asked for, else that of the machine it is for, else the one where things go that nobody placed. */
  async #zone({ machine }: CreateVolume, asked: StorageExtensions, context: CallContext): Promise<string> {
    if (asked.availabilityZone !== undefined) return asked.availabilityZone;
    return machine === undefined ? this.zones.home(context) : zoneOf(this.wire, machine, context);
  }

  async #imageBootable(image: string | undefined, context: CallContext): Promise<boolean> {
    if (image === undefined) return false;
    const [snapshot] = (await snapshotsById(this.wire, [image], context)).found;
    return tagsOf(snapshot?.Tags)[TAG.bootable] === 'true';
  }

  async update(key: string, to: { capacity?: number; bootable?: boolean }, context: CallContext): Promise<void> {
    const volume = await volumeById(this.wire, key, context);
    if (to.capacity !== undefined) await grow(this.wire, volume, to.capacity, context);
    if (to.bootable !== undefined) await writeTags(this.wire, [key], { [TAG.bootable]: String(to.bootable) }, context);
  }

  async delete(key: string, context: CallContext): Promise<void> {
    try {
      await this.wire.send(new DeleteVolumeCommand({ VolumeId: key }), context);
      this.young.forget(key);
    } catch (error) {
      const inUse = refusedBy(error, 'VolumeInUse', 'IncorrectState');
      if (inUse) throw await this.#orDetaching(key, inUse, context);
      if (!isGone(error, thing('volume', key))) throw error;
      if (!this.young.has(key)) return;
      throw new ProviderError('unavailable', `EC2 does not show the new volume ${key} yet`, { code: error.code, maybeDone: false });
    }
  }

  /** Waits where the holder of the volume is about to let go of it; else throws the refusal. */
  async #orDetaching(key: string, refusal: ProviderError, context: CallContext): Promise<ProviderError> {
    const holders = attachmentsOf(await volumeById(this.wire, key, context)).filter(({ State }) => State !== 'detaching');
    const ids = holders.flatMap(({ InstanceId }) => InstanceId ?? []);
    return (await areEnding(this.wire, ids, context)) ? new NotYet(refusal.message, refusal) : refusal;
  }
}

/** EC2 shows it as deleted, or as the disk of a machine. */
function noVolume(volume: Volume): Gone {
  const key = volume.VolumeId ?? '';
  const owner = ownerOf(volume)?.InstanceId;
  const message = owner === undefined ? `EC2 shows ${key} as deleted` : `EC2 deletes ${key} with ${owner}: it is a disk of that machine`;
  return Gone.shown(thing('volume', key), message);
}

/** A volume as a Volume: nothing for one that is gone, or that is the disk of a machine. */
export function volumeItem(volume: Volume): Item[] {
  const { state, unmapped } = volumeState(volume);
  if (state === 'absent' || ownerOf(volume)) return [];
  const tags = tagsOf(volume.Tags);
  const holders = attachmentsOf(volume).map(({ InstanceId }) => InstanceId);
  return [
    {
      key: volume.VolumeId ?? '',
      values: {
        ...namingOf(tags),
        state,
        type: typeUri(volume.VolumeType),
        capacity: volume.Size === undefined ? undefined : gibToKb(volume.Size),
        bootable: tags[TAG.bootable] === 'true',
        availabilityZone: volume.AvailabilityZone,
        encrypted: volume.Encrypted === true,
        iops: volume.Iops,
        throughput: volume.Throughput,
        ...(volume.KmsKeyId ? { kmsKey: volume.KmsKeyId } : {}),
      },
      tag: tags[TAG.id],
      token: tags[TAG.token],
      created: volume.CreateTime?.toISOString(),
      ...(unmapped === undefined ? {} : { unmappedState: unmapped }),
      ...(holders.length === 0 ? {} : { refuses: { delete: `The volume is attached to ${holders.join(', ')}` } }),
    },
  ];
}
