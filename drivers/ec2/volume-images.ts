import { CreateSnapshotCommand, type CreateSnapshotCommandInput, DeleteSnapshotCommand, type Snapshot } from '@aws-sdk/client-ec2';
import type { CallContext, Created, Item, Marks, Naming, Pages } from '../../src/clouds/driver';
import { Gone, isGone, ProviderError } from '../../src/clouds/errors';
import type { CreateVolumeImage, VolumeImages } from '../../src/clouds/infrastructure';
import type { Wire } from './client';
import { thing } from './gone';
import { literal, createTags, holds, namingOf, TAG, tagList, tagsOf } from './naming';
import { NotYet, refusedBy } from './poll';
import { partition } from './regions';
import { snapshotState } from './states';
import { snapshotPages, snapshotsById, volumeById } from './storage-reads';
import { renameTags } from './tags';
import { Young } from './young';

/** EBS snapshots as VolumeImages. */
export class Ec2VolumeImages implements VolumeImages {
  private readonly young: Young;

  constructor(private readonly wire: Wire) {
    this.young = new Young(wire.options.settleMs);
  }

  /** Snapshots of this account. */
  async *list(context: CallContext): Pages {
    for await (const page of snapshotPages(this.wire, undefined, context)) yield this.#items(page);
  }

  /** Any snapshot that the account may use, whoever owns it. */
  async getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    const { found, gone } = await snapshotsById(this.wire, keys, context);
    return [...found.map((snapshot) => this.#items([snapshot])[0] ?? noSnapshot(snapshot)), ...gone];
  }

  async find(marks: Marks, context: CallContext): Promise<Item[]> {
    const found: Item[] = [];
    const Filters = [{ Name: `tag:${TAG.id}`, Values: [literal(marks.tag)] }];
    for await (const page of snapshotPages(this.wire, Filters, context)) found.push(...this.#items(page));
    return found.filter((item) => item.tag === marks.tag);
  }

  holds(naming: Naming): Naming {
    return holds(naming, this.wire.maxProperties);
  }

  async rename(key: string, naming: Naming, context: CallContext): Promise<void> {
    await renameTags(this.wire, key, naming, context);
  }

  /** CreateSnapshot takes no token: a snapshot that has it already is the answer. */
  async create(request: CreateVolumeImage, context: CallContext): Promise<Created> {
    const [made] = (await this.find(request, context)).filter((item) => item.token === request.token);
    if (made) return { key: made.key };
    const bootable = request.bootable ?? (await this.#volumeBootable(request.volume, context));
    const tags = { ...createTags(request), [TAG.bootable]: String(bootable) };
    const TagSpecifications = [{ ResourceType: 'snapshot' as const, Tags: tagList(tags) }];
    const answer = await this.#snapshot({ VolumeId: request.volume, TagSpecifications }, context);
    if (answer.SnapshotId === undefined)
      throw new ProviderError('unavailable', 'CreateSnapshot answered without a snapshot', { maybeDone: true });
    this.young.add(answer.SnapshotId);
    return { key: answer.SnapshotId };
  }

  /** A volume that is still being made refuses for that. */
  async #snapshot(input: CreateSnapshotCommandInput, context: CallContext): Promise<Snapshot> {
    try {
      return await this.wire.send(new CreateSnapshotCommand(input), context);
    } catch (error) {
      const refusal = refusedBy(error, 'IncorrectState');
      const { State } = refusal ? await volumeById(this.wire, input.VolumeId ?? '', context) : {};
      throw refusal && State === 'creating' ? new NotYet(refusal.message, refusal) : error;
    }
  }

  async #volumeBootable(key: string, context: CallContext): Promise<boolean> {
    const volume = await volumeById(this.wire, key, context);
    return tagsOf(volume.Tags)[TAG.bootable] === 'true';
  }

  async delete(key: string, context: CallContext): Promise<void> {
    try {
      await this.wire.send(new DeleteSnapshotCommand({ SnapshotId: key }), context);
      this.young.forget(key);
    } catch (error) {
      if (!isGone(error, thing('snapshot', key))) throw error;
      if (!this.young.has(key)) return;
      throw new ProviderError('unavailable', `EC2 does not show the new snapshot ${key} yet`, { code: error.code, maybeDone: false });
    }
  }

  #items(snapshots: readonly Snapshot[]): Item[] {
    return snapshots.flatMap((snapshot) => snapshotItem(snapshot, this.wire.options.region));
  }
}

const noSnapshot = ({ SnapshotId = '' }: Snapshot): Gone =>
  Gone.shown(thing('snapshot', SnapshotId), `EC2 shows ${SnapshotId} in its recycle bin`);

/** A snapshot as a VolumeImage; nothing for one that is gone. */
export function snapshotItem(snapshot: Snapshot, region: string): Item[] {
  const { state, unmapped } = snapshotState(snapshot);
  if (state === 'absent') return [];
  const tags = tagsOf(snapshot.Tags);
  const key = snapshot.SnapshotId ?? '';
  return [
    {
      key,
      values: {
        ...(snapshot.Description === undefined || snapshot.Description === '' ? {} : { description: snapshot.Description }),
        ...namingOf(tags),
        state,
        imageLocation: { href: `arn:${partition(region)}:ec2:${region}::snapshot/${key}` },
        bootable: tags[TAG.bootable] === 'true',
      },
      tag: tags[TAG.id],
      token: tags[TAG.token],
      created: snapshot.StartTime?.toISOString(),
      ...(unmapped === undefined ? {} : { unmappedState: unmapped }),
      ...(snapshot.StateMessage ? { reason: snapshot.StateMessage } : {}),
    },
  ];
}
