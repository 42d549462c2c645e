import { AttachVolumeCommand, DetachVolumeCommand, type Instance, type Volume, type VolumeAttachment } from '@aws-sdk/client-ec2';
import type { CallContext, Created, Item, Marks, Pages } from '../../src/clouds/driver';
import { Gone, isGone, ProviderError } from '../../src/clouds/errors';
import type { Attachments, AttachVolume } from '../../src/clouds/infrastructure';
import type { Wire } from './client';
import { freeDeviceNames } from './devices';
import { orStillMoving } from './dependents';
import { thing, unlessGone } from './gone';
import { instanceById } from './instance-reads';
import { literal, TAG, tagsOf } from './naming';
import { NotYet, refusedBy } from './poll';
import { attachmentsOf, ownerOf, volumeById, volumePages, volumesById } from './storage-reads';
import { eraseTags, writeTags } from './tags';

const ATTACHED = [{ Name: 'status', Values: ['in-use'] }];
/** An attachment is its two ends. */
const KEY = /^(i-[0-9a-f]+):(vol-[0-9a-f]+)$/;
/** Codes by which EC2 says that a volume is not attached, or not to this instance. */
const UNATTACHED = /^(?:IncorrectState|InvalidAttachment\.NotFound|VolumeInUse)$/;
const keyOf = (instance: string | undefined, volume: string | undefined): string => `${instance}:${volume}`;

/** Volumes attached to instances as MachineVolumes. EC2 tags no attachment: its identity is told by tags of the volume. */
export class Ec2Attachments implements Attachments {
  constructor(private readonly wire: Wire) {}

  async *list(context: CallContext): Pages {
    for await (const page of volumePages(this.wire, ATTACHED, context)) yield page.flatMap(attachmentItems);
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    const ids = keys.flatMap((key) => KEY.exec(key)?.[2] ?? []);
    const { found, gone } = await volumesById(this.wire, ids, context);
    return keys.flatMap((key) => {
      const what = { type: 'attachment', key };
      const id = KEY.exec(key)?.[2];
      if (id === undefined) return Gone.impossible(what);
      const volume = found.find(({ VolumeId }) => VolumeId === id);
      if (!volume) return gone.find((proof) => proof.key === id)?.as(what) ?? [];
      const shown = Gone.shown(what, `EC2 shows ${id} without this attachment`);
      return attachmentItems(volume).find((item) => item.key === key) ?? shown;
    });
  }

  async find(marks: Marks, context: CallContext): Promise<Item[]> {
    const found: Item[] = [];
    const Filters = [{ Name: `tag:${TAG.attachment}`, Values: [literal(marks.tag)] }];
    for await (const page of volumePages(this.wire, Filters, context)) found.push(...page.flatMap(attachmentItems));
    return found.filter((item) => item.tag === marks.tag);
  }

  /**
   * AttachVolume, which leaves DeleteOnTermination off. The tags go first: whatever becomes of the answer, they tell whose
   * the attachment is.
   */
  async create(request: AttachVolume, context: CallContext): Promise<Created> {
    const [volume, instance] = await Promise.all([
      volumeById(this.wire, request.volume, context),
      instanceById(this.wire, request.machine, context),
    ]);
    const key = keyOf(request.machine, request.volume);
    if (attachmentItems(volume).some((item) => item.key === key && item.tag === request.tag)) return { key };
    refuseUnattachable(volume, instance);
    await writeTags(this.wire, [request.volume], { [TAG.attachment]: request.tag, [TAG.attached]: request.machine }, context);
    await this.#attach(request, instance, context);
    return { key };
  }

  /** Tries the free names in their order: another attachment to the same instance may take one at the same moment. */
  async #attach({ machine, volume, initialLocation }: AttachVolume, instance: Instance, context: CallContext): Promise<void> {
    const taken = (instance.BlockDeviceMappings ?? []).flatMap(({ DeviceName }) => DeviceName ?? []);
    const names = freeDeviceNames(instance.Platform?.toLowerCase() === 'windows' ? 'windows' : 'linux', taken, initialLocation);
    for (const Device of names) {
      try {
        await this.wire.send(new AttachVolumeCommand({ VolumeId: volume, InstanceId: machine, Device }), context);
        return;
      } catch (error) {
        if (!isNameTaken(error)) throw await this.#orNotReady(error, volume, machine, context);
      }
    }
    throw new ProviderError('quota', `The instance ${machine} has no free device name left for another volume`);
  }

  /** A volume or an instance that is still coming refuses for that. */
  async #orNotReady(error: unknown, volume: string, machine: string, context: CallContext): Promise<unknown> {
    const refusal = refusedBy(error, 'IncorrectState', 'IncorrectInstanceState');
    if (!refusal) return error;
    const { State } = await volumeById(this.wire, volume, context);
    if (State === 'creating') return new NotYet(`the volume is ${State}: ${refusal.message}`, refusal);
    return orStillMoving(this.wire, refusal, machine, context);
  }

  /** Detaches from this very instance. Again, or after the instance is gone, is success. */
  async delete(key: string, context: CallContext): Promise<void> {
    const [, InstanceId, VolumeId] = KEY.exec(key) ?? [];
    if (InstanceId === undefined || VolumeId === undefined) return;
    if (context.repeated && (await this.#letsGo(VolumeId, InstanceId, context))) return;
    try {
      await this.wire.send(new DetachVolumeCommand({ VolumeId, InstanceId }), context);
    } catch (error) {
      if (isGone(error, thing('volume', VolumeId))) return;
      if (!(error instanceof ProviderError) || !(error instanceof Gone || UNATTACHED.test(error.code ?? ''))) throw error;
      const volume = await this.#volume(VolumeId, context);
      if (!volume) return;
      const held = attachmentsOf(volume).find((one) => one.InstanceId === InstanceId);
      if (held && held.State !== 'detaching') throw error;
      if (tagsOf(volume.Tags)[TAG.attached] !== InstanceId) return;
    }
    await this.#forget(VolumeId, context);
  }

  /** Tells whether an earlier attempt has taken effect: EC2 detaches, or has detached. Erases the tags that it left. */
  async #letsGo(id: string, instance: string, context: CallContext): Promise<boolean> {
    const volume = await this.#volume(id, context);
    if (!volume) return true;
    const held = attachmentsOf(volume).find(({ InstanceId }) => InstanceId === instance);
    if (held !== undefined && held.State !== 'detaching') return false;
    // The earlier attempt may have come as far as that.
    if (tagsOf(volume.Tags)[TAG.attached] === instance) await this.#forget(id, context);
    return true;
  }

  /** The volume; undefined where EC2 proves that there is none. */
  async #volume(id: string, context: CallContext): Promise<Volume | undefined> {
    const { found, gone } = await volumesById(this.wire, [id], context);
    if (found.length + gone.length > 0) return found[0];
    throw new ProviderError('unavailable', `The answer of EC2 does not mention the volume ${id}`, { maybeDone: false });
  }

  async #forget(volume: string, context: CallContext): Promise<void> {
    await unlessGone(thing('volume', volume), eraseTags(this.wire, [volume], [TAG.attachment, TAG.attached], context));
  }
}

/** EC2 says this in words alone. */
function isNameTaken(error: unknown): boolean {
  return (
    error instanceof ProviderError &&
    error.kind === 'invalid' &&
    /already in use|already attached at|device name .*in use/i.test(error.message)
  );
}

/** Refuses what EC2 would refuse in its own terms, or only after the tags were written. */
function refuseUnattachable(volume: Volume, instance: Instance): void {
  const id = String(volume.VolumeId);
  const attachments = attachmentsOf(volume);
  const holders = attachments.map(({ InstanceId }) => String(InstanceId));
  if (holders.length > 0 && attachments.every(({ State }) => State === 'detaching'))
    throw new NotYet(`EC2 is still detaching ${id} from ${holders.join(', ')}`);
  // Shared volumes too: the tags have room for one attachment.
  if (holders.length > 0)
    throw new ProviderError('conflict', `The volume ${id} is attached to ${holders.join(', ')}`, { code: 'VolumeInUse' });
  const [zone, other] = [volume.AvailabilityZone, instance.Placement?.AvailabilityZone];
  if (zone === other) return;
  const message = `The volume ${id} is in ${zone}, the instance ${instance.InstanceId} in ${other}: EC2 attaches within one availability zone only`;
  throw new ProviderError('invalid', `${message}; set availabilityZone when you create one of them`, {
    code: 'InvalidVolume.ZoneMismatch',
  });
}

/** The attachments of a volume; nothing for the disk of a machine. */
export function attachmentItems(volume: Volume): Item[] {
  return ownerOf(volume) ? [] : attachmentsOf(volume).map((one) => attachmentItem(volume, one));
}

function attachmentItem(volume: Volume, { InstanceId, Device, AttachTime }: VolumeAttachment): Item {
  const tags = tagsOf(volume.Tags);
  return {
    key: keyOf(InstanceId, volume.VolumeId),
    values: { initialLocation: Device, volume: { item: { type: 'Volume', key: volume.VolumeId ?? '' } } },
    owner: InstanceId,
    created: AttachTime?.toISOString(),
    ...(tags[TAG.attached] === InstanceId ? { tag: tags[TAG.attachment] } : {}),
  };
}
