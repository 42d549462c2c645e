import type { CallContext, DownloadedImage } from '../../src/clouds/driver';
import { Gone, ProviderError } from '../../src/clouds/errors';
import type { Disk, Extent } from '../../src/disks/disk';
import { DiskError } from '../../src/disks/error';
import { openOnce } from '../../src/disks/open';
import { once } from '../../src/disks/raw';
import type { Wire } from './client';
import { present, type Seen } from './collector';
import { devicesOf, type Disk as Device, isDisk } from './hardware';
import { BLANK } from './image-item';
import { same } from './image-upload';
import { isKey, isSnapshotKey, snapshotRef, vm } from './keys';
import { isTemplate } from './machine-item';
import { asking, Lease } from './nfc-lease';
import { DiskPlace } from './nfc-transfer';
import type { Ref } from './types';
import { anySignal } from '../../src/model/any-signal';

const DEVICES = 'config.hardware.device';
const KEY = 'config.keyId';

/** Source that an image is read from. */
interface Subject {
  ref: Ref;
  method: 'ExportVm' | 'ExportSnapshot';
  /** Size of the disk that is read, bytes. */
  size: number;
  /** Number of disks before it in vCenter's order. */
  index: number;
}

/**
 * Opens the disk that machines of a template or snapshot boot from, the first by controller and place. It is read once, under a lease
 * that begins with the reading.
 * @throws Gone, ProviderError (conflict) where it cannot be read
 */
export async function download(wire: Wire, key: string, context: CallContext): Promise<DownloadedImage> {
  const subject = await subjectOf(wire, key, context);
  const disk: Disk = { size: subject.size, rereadable: false, extents: once(() => read(wire, subject, context)) };
  return { disk };
}

async function subjectOf(wire: Wire, key: string, context: CallContext): Promise<Subject> {
  if (key === BLANK) throw conflict('It stands for a machine made from nothing: there is nothing to read');
  if (!isKey(key)) throw Gone.impossible({ type: 'VirtualMachine', key });
  const isSnapshot = isSnapshotKey(key);
  const ref = isSnapshot ? snapshotRef(key) : vm(key);
  const paths = isSnapshot ? [DEVICES, KEY] : ['config.template', 'summary.config.template', DEVICES, KEY];
  const seen = await present(wire, ref, paths, context);
  if (!isSnapshot && !isTemplate(seen)) throw Gone.shown({ type: 'VirtualMachine', key }, `${key} is a machine, no template`);
  return { ref, method: isSnapshot ? 'ExportSnapshot' : 'ExportVm', ...bootDisk(seen) };
}

function bootDisk(seen: Seen): Pick<Subject, 'size' | 'index'> {
  const key = seen.ref.value;
  if (seen.properties.get(KEY) !== undefined) throw conflict(`${key} is encrypted: vCenter gives no disk of it`);
  const devices = seen.properties.get(DEVICES);
  if (!Array.isArray(devices)) throw new ProviderError('unavailable', `vCenter does not tell the disks of ${key}`, { maybeDone: false });
  const disks = devicesOf(devices).filter(isDisk);
  const [first] = [...disks].sort((one, other) => placeOf(one) - placeOf(other));
  if (!first) throw conflict(`${key} has no disk`);
  const size = first.capacityInBytes ?? (first.capacityInKB ?? 0) * 1024;
  if (size === 0) throw new ProviderError('unavailable', `vCenter does not tell the size of the disk of ${key}`, { maybeDone: false });
  return { size, index: disks.indexOf(first) };
}

const placeOf = ({ controllerKey = 0, unitNumber = 0 }: Device): number => controllerKey * 1000 + unitNumber;

async function* read(wire: Wire, subject: Subject, context: CallContext): AsyncGenerator<Extent> {
  let at = 0;
  const ref = await wire.call(subject.method, subject.ref, {}, asking());
  if (!ref) throw new ProviderError('unavailable', `vCenter answered ${subject.method} without a lease`, { maybeDone: true });
  const lease = await Lease.ready(wire, ref, () => (100 * at) / subject.size, context);
  const end = new AbortController();
  const signal = anySignal(context.signal, lease.lost, end.signal);
  let place: DiskPlace | undefined;
  try {
    const from = lease.disks[subject.index];
    if (!from) throw new ProviderError('unavailable', `vCenter gives no disk of ${subject.ref.value}`, { maybeDone: false });
    place = new DiskPlace(wire.options, from);
    const { bytes, passed } = await place.get(signal);
    const disk = await openOnce(bytes, { format: 'vmdk', limit: subject.size });
    if (disk.size !== subject.size)
      throw new DiskError('malformed', `The disk that came has ${disk.size} bytes, where vCenter told ${subject.size}`);
    for await (const extent of disk.extents(0)) {
      at = extent.offset;
      yield extent;
    }
    same(passed(), await lease.counted(from, context));
    await lease.complete(context);
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    throw new ProviderError('unavailable', `What vCenter gave of ${subject.ref.value}: ${error.message}`, { maybeDone: false });
  } finally {
    end.abort();
    await lease.abort();
    await place?.close();
  }
}

const conflict = (message: string): ProviderError => new ProviderError('conflict', message, { maybeDone: false });
