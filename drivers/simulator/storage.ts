import type { CallContext } from '../../src/clouds/driver';
import { SimulatorFault } from './errors';
import { addDisk, detach, pathFor, steady } from './parts';
import type { Names, Order } from './requests';
import { Requests, inUse, namesOf, newKey, wrongState } from './requests';
import type { Attachment, Copy, Volume } from './things';
import { phaseAt, timelineOf } from './things';
import { VOLUME_TYPES, MAX_GIB } from './volume-types';

export interface VolumeOrder extends Names, Order {
  sizeGiB: number;
  grade: string;
  format?: string | undefined;
  bootable?: boolean | undefined;
  copy?: string | undefined;
}

/** The simulated provider's API for storage, in its own words. @throws SimulatorFault */
export class StorageClient extends Requests {
  createVolume(asked: VolumeOrder, context: CallContext): Promise<string> {
    return this.order('volumes.create', asked, context, (now, { delays, visibilityDelayMs }) => {
      checkSize(asked.sizeGiB);
      if (!VOLUME_TYPES.includes(asked.grade)) throw new SimulatorFault('BadParameter', `There are no volumes of type ${asked.grade}`);
      const copy = asked.copy === undefined ? undefined : this.usable(asked.copy, asked.sizeGiB, now);
      const volume: Volume = {
        ...{
          kind: 'volume',
          id: newKey('vol'),
          ...namesOf(asked),
          sizeGiB: asked.sizeGiB,
          grade: asked.grade,
          format: asked.format ?? null,
        },
        ...{ bootable: asked.bootable ?? copy?.bootable ?? false, copy: copy?.id ?? null, holder: null },
        ...{ madeAt: now, tag: asked.tag, token: asked.token, timeline: timelineOf(['allocating'], 'ready', now, delays.create) },
      };
      this.account.put(volume, { visibleAt: now + visibilityDelayMs });
      return volume.id;
    });
  }

  changeVolume(id: string, to: { sizeGiB?: number; bootable?: boolean }, context: CallContext): Promise<void> {
    return this.wire.request('volumes.update', context, () => {
      const volume = this.account.need('volume', id);
      const sizeGiB = grown(id, volume.sizeGiB, to.sizeGiB);
      const bootable = to.bootable ?? volume.bootable;
      if (sizeGiB === volume.sizeGiB && bootable === volume.bootable) return;
      this.settled(volume, Date.now(), 'change');
      this.account.put({ ...volume, sizeGiB, bootable });
    });
  }

  dropVolume(id: string, context: CallContext): Promise<void> {
    return this.wire.request('volumes.delete', context, ({ delays }) => {
      const volume = this.account.need('volume', id);
      if (volume.holder !== null) throw inUse(`The volume ${id} is attached to ${volume.holder}`);
      this.retire(volume, Date.now(), delays.delete);
    });
  }

  takeCopy(asked: Names & Order & { volume: string; bootable?: boolean | undefined }, context: CallContext): Promise<string> {
    return this.order('volumeImages.create', asked, context, (now, { delays, visibilityDelayMs }) => {
      const volume = this.account.need('volume', asked.volume);
      this.settled(volume, now, 'copy');
      const copy: Copy = {
        ...{ kind: 'copy', id: newKey('copy'), ...namesOf(asked), sizeGiB: volume.sizeGiB, grade: volume.grade },
        ...{ bootable: asked.bootable ?? volume.bootable, madeAt: now, tag: asked.tag, token: asked.token },
        timeline: timelineOf(['copying'], 'ready', now, delays.capture),
      };
      this.account.put(copy, { visibleAt: now + visibilityDelayMs });
      this.account.put({ ...volume, timeline: timelineOf(['capturing'], 'ready', now, delays.capture) });
      return copy.id;
    });
  }

  dropCopy(id: string, context: CallContext): Promise<void> {
    return this.wire.request('volumeImages.delete', context, ({ delays }) => {
      this.retire(this.account.need('copy', id), Date.now(), delays.delete);
    });
  }

  attach(asked: Order & { instance: string; volume: string; path?: string | undefined }, context: CallContext): Promise<string> {
    return this.order('attachments.create', asked, context, (now, { visibilityDelayMs }) => {
      const { id: instance } = steady(this.account, asked.instance, 'attaching');
      const volume = this.referred('volume', asked.volume);
      if (volume.holder !== null) throw inUse(`The volume ${volume.id} is attached to ${volume.holder}`);
      this.settled(volume, now, 'attaching');
      const attachment: Attachment = {
        ...{ kind: 'attachment', id: newKey('att'), instance, volume: volume.id, path: pathFor(this.account, instance, asked.path) },
        ...{ madeAt: now, tag: asked.tag, token: asked.token },
      };
      this.account.put(attachment, { visibleAt: now + visibilityDelayMs });
      this.account.put({ ...volume, holder: instance });
      return attachment.id;
    });
  }

  detach(id: string, context: CallContext): Promise<void> {
    return this.wire.request('attachments.delete', context, () => {
      const attachment = this.account.need('attachment', id);
      steady(this.account, attachment.instance, 'detaching');
      detach(this.account, attachment);
    });
  }

  addDisk(asked: Order & { instance: string; sizeGiB: number; path?: string | undefined }, context: CallContext): Promise<string> {
    return this.order('disks.create', asked, context, (now, { visibilityDelayMs }) => {
      checkSize(asked.sizeGiB);
      steady(this.account, asked.instance, 'new disk');
      return addDisk(this.account, { ...asked, boot: false, madeAt: now }, now + visibilityDelayMs);
    });
  }

  growDisk(id: string, sizeGiB: number, context: CallContext): Promise<void> {
    return this.wire.request('disks.update', context, () => {
      const disk = this.account.need('disk', id);
      const size = grown(id, disk.sizeGiB, sizeGiB);
      if (size === disk.sizeGiB) return;
      steady(this.account, disk.instance, 'change of a disk');
      this.account.put({ ...disk, sizeGiB: size });
    });
  }

  dropDisk(id: string, context: CallContext): Promise<void> {
    return this.wire.request('disks.delete', context, () => {
      const disk = this.account.need('disk', id);
      if (disk.boot) throw inUse(`${disk.instance} boots from the disk ${id}`);
      steady(this.account, disk.instance, 'removal of a disk');
      this.account.remove('disk', id);
    });
  }

  private settled(volume: Volume, now: number, what: string): void {
    const phase = phaseAt(volume.timeline, now);
    if (phase !== 'ready') throw wrongState(volume.id, phase, what);
  }

  private usable(id: string, sizeGiB: number, now: number): Copy {
    const copy = this.referred('copy', id);
    const phase = phaseAt(copy.timeline, now);
    if (phase !== 'ready') throw wrongState(id, phase, 'use');
    if (sizeGiB < copy.sizeGiB) throw new SimulatorFault('BadParameter', `The copy ${id} needs a volume of ${copy.sizeGiB} GiB or more`);
    return copy;
  }
}

function checkSize(sizeGiB: number): void {
  if (sizeGiB < 1 || sizeGiB > MAX_GIB) throw new SimulatorFault('BadParameter', `${sizeGiB} GiB: sizes go from 1 to ${MAX_GIB} GiB`);
}

function grown(id: string, before: number, after = before): number {
  if (after < before) throw new SimulatorFault('BadParameter', `${id} has ${before} GiB and cannot shrink to ${after}`);
  checkSize(after);
  return after;
}
