import { CreateSnapshotCommand, type CreateSnapshotCommandInput, DeleteSnapshotCommand, type Snapshot } from '@aws-sdk/client-ec2';
import type { CallContext, Created, Item, Marks, Naming, Pages, UploadImage } from '../../src/clouds/driver';
import { Gone, isGone, ProviderError } from '../../src/clouds/errors';
import type { CreateVolumeImage, VolumeImages } from '../../src/clouds/infrastructure';
import type { Wire } from './client';
import type { EbsDirect } from './ebs';
import { thing } from './gone';
import { toResume } from './image-upload';
import { literal, createTags, holds, namingOf, TAG, tagList, tagsOf } from './naming';
import { NotYet, refusedBy } from './poll';
import { partition } from './regions';
import { readSnapshot, whyUnread } from './snapshot-read';
import { takeBack, writeSnapshot } from './snapshot-write';
import { snapshotState } from './states';
import { snapshotPages, snapshotsById, volumeById } from './storage-reads';
import { renameTags } from './tags';
import { RecentlyCreated } from './recently-created';

/** EBS snapshots as VolumeImages. */
export class Ec2VolumeImages implements VolumeImages {
  readonly upload?: NonNullable<VolumeImages['upload']>;
  readonly download?: NonNullable<VolumeImages['download']>;
  private readonly young: RecentlyCreated;

  /** @param ebs absent: contents go neither in nor out */
  constructor(
    private readonly wire: Wire,
    ebs: EbsDirect | undefined,
  ) {
    this.young = new RecentlyCreated(wire.options.settleMs);
    if (!ebs) return;
    this.upload = (request, context) => this.#upload(ebs, request, context);
    this.download = (key, context) => readSnapshot({ wire, ebs }, key, context);
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

  async #upload(ebs: EbsDirect, request: UploadImage, context: CallContext): Promise<Created> {
    const earlier = await this.find(request, context);
    const whole = earlier.find(({ token, values }) => token === request.token && values.state === 'AVAILABLE');
    if (whole) return { key: whole.key };
    const begun = toResume(earlier, request);
    for (const { key } of earlier) if (key !== begun) await takeBack(this.wire, key);
    const tags = { ...createTags(request), [TAG.bootable]: String(request.bootable === true) };
    const key = await writeSnapshot({ wire: this.wire, ebs }, request.source, { tags, begun }, context);
    this.young.add(key);
    return { key };
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
  const unread = whyUnread(snapshot);
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
      ...(unread === undefined ? {} : { refuses: { download: unread } }),
    },
  ];
}
