import { setTimeout as sleep } from 'node:timers/promises';
import type { CallContext, Created, UploadImage } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { factsGiven, type GivenFacts } from '../../src/clouds/image-facts';
import type { Disk, Extent } from '../../src/disks/disk';
import { vmdkBytes } from '../../src/disks/vmdk-writer';
import type { Wire } from './client';
import { defaultNetwork, wishesOf } from './creates';
import { BUSY } from './errors';
import { imageDescriptor, marked, modelsFor, NETWORK } from './import-spec';
import { holdsTexts, inventoryName } from './naming';
import { asking, Lease } from './nfc-lease';
import { DiskPlace, type Passed } from './nfc-transfer';
import { hostFor } from './placement';
import { Inventory, type Place } from './places';
import { grownToMib, openedDisk } from './source-disk';
import type { Ref } from './types';
import type { Node } from './xml';
import { anySignal } from '../../src/model/any-signal';

/** Time limit of taking back, in ms; the call's own time may be over. */
const TAKE_BACK_MS = 10_000;
/** Delay before a machine that vCenter is still busy with is tried again, in ms, and number of tries. */
const AGAIN_MS = 500;
const TRIES = 120;

/** Guest of a Windows whose version nobody told; the oldest that all releases with secure boot have. */
const WINDOWS = 'windows9Server64Guest';

/** Makes templates of disks from elsewhere: an import specification, the disk under a lease, and the mark that makes it a template. */
export class Uploads {
  /** Uploads of this process by their tags. */
  private readonly underWay = new Map<string, { stop: () => void; ended: Promise<unknown> }>();

  constructor(private readonly wire: Wire) {}

  /** @throws ProviderError */
  async upload(request: UploadImage, context: CallContext): Promise<Created> {
    const stop = new AbortController();
    const made = this.make(request, { ...context, signal: anySignal(context.signal, stop.signal) });
    this.underWay.set(request.tag, { stop: () => stop.abort(), ended: made.catch(() => undefined) });
    try {
      return await made;
    } finally {
      this.underWay.delete(request.tag);
    }
  }

  /** Gives up the upload with this tag, where this process is about it, and waits until its lease has ended. */
  async giveUp(tag: string): Promise<void> {
    const upload = this.underWay.get(tag);
    upload?.stop();
    await upload?.ended;
  }

  private async make(request: UploadImage, context: CallContext): Promise<Created> {
    const facts = factsGiven(request.extensions);
    if (request.cpuArch !== undefined && request.cpuArch !== 'x86_64')
      throw new ProviderError('invalid', `The image is for ${request.cpuArch}; vSphere has x86_64 alone`, { maybeDone: false });
    const inventory = await Inventory.read(this.wire, context);
    const place = inventory.place(wishesOf(request.extensions ?? {}, this.wire.options), undefined);
    const opened = await openedDisk(request.source);
    try {
      const disk = grownToMib(opened.disk);
      const spec = await this.specification(request, { place, disk, facts }, context);
      return await this.import(request, { place, disk, spec }, context);
    } catch (error) {
      throw opened.failure() ?? error;
    } finally {
      await opened.close();
    }
  }

  private async specification(
    request: UploadImage,
    { place, disk, facts }: { place: Place; disk: Disk; facts: GivenFacts },
    context: CallContext,
  ): Promise<Node> {
    const { ovfManager } = await this.wire.service(context);
    if (!ovfManager) throw new ProviderError('unsupported', 'this vCenter has no manager of OVF packages', { maybeDone: false });
    const { network: wanted, guestId: guest } = request.extensions ?? {};
    const named = typeof wanted === 'string' ? wanted : this.wire.options.network;
    // Among several networks nobody chose: a card on any of them would be one by chance.
    const network = named === undefined && place.networks.size !== 1 ? undefined : defaultNetwork(place, named);
    const { name, description } = holdsTexts(request);
    const entityName = inventoryName(name, request.tag);
    const windows = facts.guestOs === 'windows';
    const guestId = typeof guest === 'string' ? guest : windows ? WINDOWS : this.wire.options.guestId;
    const machine = { firmware: firmwareOf(facts), secureBoot: facts.secureBoot === true };
    const parameters = {
      ovfDescriptor: imageDescriptor({
        ...{ name: entityName, capacity: disk.size, allocated: disk.allocated, guestId, ...machine },
        models: modelsFor(facts.hardware, windows),
        card: network !== undefined,
      }),
      resourcePool: place.pool,
      datastore: place.datastore,
      cisp: {
        entityName,
        ...(network === undefined ? {} : { networkMapping: [{ name: NETWORK, network: network.ref }] }),
        diskProvisioning: 'thin',
      },
    };
    const answer = await this.wire.call('CreateImportSpec', ovfManager, parameters, context);
    const words = (answer?.error ?? []).flatMap(({ localizedMessage, fault }) => localizedMessage ?? fault?.$type ?? []);
    if ((answer?.error ?? []).length > 0)
      throw new ProviderError('invalid', `vCenter cannot make a machine of the image: ${words.join('; ')}`, { maybeDone: false });
    if (!answer?.importSpec)
      throw new ProviderError('unavailable', 'vCenter answered CreateImportSpec without a specification', { maybeDone: false });
    return marked(answer.importSpec, request, { ...machine, description });
  }

  private async import(
    request: UploadImage,
    { place, disk, spec }: { place: Place; disk: Disk; spec: Node },
    context: CallContext,
  ): Promise<Created> {
    const host = await hostFor(this.wire, place, place.datastore, context);
    const parameters = { spec, folder: place.folder, ...(host ? { host } : {}) };
    const ref = await this.wire.call('ImportVApp', place.pool, parameters, asking());
    if (!ref) throw new ProviderError('unavailable', 'vCenter answered ImportVApp without a lease', { maybeDone: true });
    const watched = new WatchedDisk(disk);
    const lease = await Lease.ready(this.wire, ref, () => watched.percent, context).catch((error: unknown) => {
      throw taken(error);
    });
    const { entity } = lease;
    try {
      await this.send(lease, watched, context);
      await lease.complete(context);
      await this.template(entity, context);
      return { key: entity.value };
    } catch (error) {
      await this.takeBack(lease, error);
      throw error;
    }
  }

  private async send(lease: Lease, disk: Disk, context: CallContext): Promise<void> {
    const [to, ...others] = lease.disks;
    if (!to || others.length > 0)
      throw new ProviderError('unavailable', `vCenter made ${lease.disks.length} disks of one`, { maybeDone: true });
    const place = new DiskPlace(this.wire.options, to);
    try {
      const sent = await place.post(vmdkBytes(disk), anySignal(context.signal, lease.lost));
      same(sent, await lease.counted(to, context));
    } finally {
      await place.close();
    }
  }

  /** Marks the machine as a template. vCenter may still be busy with its import. */
  private async template(machine: Ref, context: CallContext): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.wire.call('MarkAsTemplate', machine, {}, context);
      } catch (error) {
        if (!(error instanceof ProviderError) || !BUSY.includes(error.code ?? '') || tries === TRIES) throw error;
        await sleep(AGAIN_MS, undefined, { signal: context.signal }).catch(() => undefined);
      }
    }
  }

  /** Takes back what a failed upload began. What remains is found by its tag, and the first failure is the one to tell. */
  private async takeBack(lease: Lease, failure: unknown): Promise<void> {
    const { completed, entity } = lease;
    await lease.abort();
    // It may be a template by now.
    if (!completed || (failure instanceof ProviderError && failure.maybeDone)) return;
    try {
      await this.wire.begin('Destroy_Task', entity, {}, { signal: AbortSignal.timeout(TAKE_BACK_MS) });
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
    }
  }
}

/** Another attempt's machine has the name: it is looked for and taken away before the next one. */
function taken(error: unknown): unknown {
  if (!(error instanceof ProviderError) || error.code !== 'DuplicateName') return error;
  const words = `${error.message}: what an earlier attempt began is still there`;
  return new ProviderError('unavailable', words, { code: error.code, maybeDone: true, cause: error });
}

/** Firmware of a machine: what starts by either has the newer one, and so has what starts nothing unsigned. */
const firmwareOf = ({ bootMode, secureBoot }: GivenFacts): 'bios' | 'efi' =>
  secureBoot === true || bootMode === 'uefi' || bootMode === 'uefi-preferred' ? 'efi' : 'bios';

/** @throws ProviderError where vCenter got other bytes than were sent */
export function same(passed: Passed, told: Passed | undefined): void {
  if (!told || (told.sha1 === passed.sha1 && told.size === passed.size)) return;
  const words = `vCenter counted ${told.size} bytes of the disk with the SHA-1 ${told.sha1}; it were ${passed.size} with ${passed.sha1}`;
  throw new ProviderError('unavailable', words, { maybeDone: true });
}

/** Disk that tells how far it has been read. */
class WatchedDisk implements Disk {
  readonly rereadable = false;
  readonly size: number;
  readonly allocated: number | undefined;
  private at = 0;

  constructor(private readonly disk: Disk) {
    this.size = disk.size;
    this.allocated = disk.allocated;
  }

  get percent(): number {
    return (100 * this.at) / this.size;
  }

  async *extents(from: number): AsyncGenerator<Extent> {
    for await (const extent of this.disk.extents(from)) {
      this.at = extent.offset;
      yield extent;
    }
  }
}
