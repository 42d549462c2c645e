import type { CallContext, Marks } from '../../src/clouds/driver';
import { Gone, isGone, ProviderError, type Thing } from '../../src/clouds/errors';
import type { Wire } from './client';
import { everything, present, type Seen, type Told, told } from './collector';
import { devicesOf, type Disk, fileOf, freeSlot, isDisk, newBus, type Slot } from './hardware';
import { isKey, vm } from './keys';
import { isImage, refOf } from './machine-item';
import { MANAGED_PATH } from './managed';
import { asciiJson, extraOf, objectOf } from './naming';
import type { Stages } from './operations';
import type { Typed } from './types';

/** Properties of machines that tell their disks, and our records of those in their extraConfig. */

export const DISK_PATHS: readonly string[] = [
  ...['config.template', 'summary.config.template', 'config.hardware.device', 'config.extraConfig'],
  'runtime.powerState',
  MANAGED_PATH,
];

/** Record that the gateway wrote of a disk or an attachment, in the extraConfig of the machine. */
interface DeviceRecord extends Marks {
  /** Key of the machine: the copy of a machine has its source's records, and they do not mean it. */
  vm: string;
  /** Id of the disk; written when vCenter has told it. Another disk in the same place is not meant. */
  disk?: string;
}

/** A disk of a machine. */
export interface Held {
  machine: Seen;
  disk: Disk;
  /** Unique in the machine, and not used again for another disk. */
  id: string;
  /** Id of the first-class disk that it is; absent for what lives and dies with the machine. */
  fcd: string | undefined;
  record: DeviceRecord | undefined;
}

/** Key of the record of a disk: by its slot, which is all that is known of it before it exists. */
export const slotRecord = ({ controllerKey, unitNumber }: Slot): string => `cimi.disk.${controllerKey}.${unitNumber}`;
/** The same of an attachment: by its volume. */
export const volumeRecord = (fcd: string): string => `cimi.volume.${fcd}`;
export const recordText = ({ vm, tag, token, disk }: DeviceRecord): string => asciiJson({ vm, tag, token, disk });

function recordOf(text: string | undefined): DeviceRecord | undefined {
  const { vm, tag, token, disk } = objectOf(text) ?? {};
  if (typeof vm !== 'string' || typeof tag !== 'string' || typeof token !== 'string') return undefined;
  return { vm, tag, token, ...(typeof disk === 'string' ? { disk } : {}) };
}

/** Every disk of a machine; nothing of a template. */
export function disksOf(machine: Seen): Held[] {
  if (isImage(machine)) return [];
  const disks = devicesOf(machine.properties.get('config.hardware.device')).filter(isDisk);
  const extra = extraOf(machine.properties.get('config.extraConfig'));
  const uuids = disks.map((disk) => fileOf(disk)?.uuid);
  return disks.map((disk, index): Held => {
    const uuid = uuids[index];
    // The UUID stays with the disk; the device's key is the next disk's in its place. Copied files may share one.
    const id = uuid !== undefined && uuid !== '' && uuids.indexOf(uuid) === uuids.lastIndexOf(uuid) ? uuid : String(disk.key);
    const fcd = disk.vDiskId?.id;
    const record = recordOf(extra.get(fcd === undefined ? slotRecord(slotOf(disk)) : volumeRecord(fcd)));
    const meant = record?.vm === machine.ref.value && (record.disk === undefined || record.disk === id);
    return { machine, disk, id, fcd, record: meant ? record : undefined };
  });
}

/** Returns the slot that a disk is plugged into. */
export const slotOf = ({ controllerKey = 0, unitNumber = 0 }: Disk): Slot => ({ controllerKey, unitNumber });

/** The disks of all machines: a call a page. */
export async function* allDisks(wire: Wire, context: CallContext): AsyncIterable<Held[]> {
  for await (const page of everything(wire, { VirtualMachine: DISK_PATHS }, context)) yield page.flatMap(disksOf);
}

/** Reads these machines for their disks. */
export async function machinesTold(wire: Wire, keys: readonly string[], context: CallContext): Promise<Told> {
  const refs = [...new Set(keys)].filter(isKey).map(vm);
  return refs.length === 0 ? { seen: [], gone: new Map() } : told(wire, refs, { VirtualMachine: DISK_PATHS }, context);
}

/**
 * The proof that something of a machine is gone, from what vCenter tells of the machine; undefined where it does not tell.
 * @param of the machine's key, where the thing's own key is one
 */
export function goneFrom({ seen, gone }: Told, of: string | undefined, thing: Thing): Gone | undefined {
  if (of === undefined || !isKey(of)) return Gone.impossible(thing);
  const proof = gone.get(of);
  if (proof) return proof.as(thing);
  const machine = seen.find(({ ref }) => ref.value === of);
  if (!machine) return undefined;
  if (isImage(machine)) return Gone.shown(thing, `${of} is an image, no machine`);
  const isShown = Array.isArray(machine.properties.get('config.hardware.device'));
  return isShown ? Gone.shown(thing, `${of} has no ${thing.type} ${thing.key}`) : undefined;
}

/** A machine with its disks and whether it has snapshots. @throws Gone, or ProviderError for a template */
export async function presentMachine(wire: Wire, key: string, context: CallContext): Promise<Seen> {
  if (!isKey(key)) throw Gone.impossible({ type: 'VirtualMachine', key });
  const seen = await present(wire, vm(key), [...DISK_PATHS, 'snapshot.currentSnapshot'], context);
  if (isImage(seen)) throw Gone.shown({ type: 'VirtualMachine', key }, `${key} is an image, no machine`);
  return seen;
}

/** The same, or undefined where vCenter proves that it is gone. */
export async function machineWithDisks(wire: Wire, key: string, context: CallContext): Promise<Seen | undefined> {
  try {
    return await presentMachine(wire, key, context);
  } catch (error) {
    if (isGone(error, { type: 'VirtualMachine', key })) return undefined;
    throw error;
  }
}

/** Begins to change a machine. */
export const reconfiguring = (wire: Wire, machine: Seen, spec: Typed<'VirtualMachineConfigSpec'>, { context }: Stages) =>
  wire.begin('ReconfigVM_Task', machine.ref, { spec }, context);

/** A free place for a disk in the machine, which may be given another bus for it. @throws ProviderError `quota` where it has no room */
export async function withFreeSlot(wire: Wire, machine: Seen, stages: Stages): Promise<Slot> {
  const have = (seen: Seen) => devicesOf(seen.properties.get('config.hardware.device'));
  const slot = freeSlot(have(machine));
  if (slot) return slot;
  await stages.task('bus', () => reconfiguring(wire, machine, { deviceChange: [newBus(have(machine))] }, stages));
  const made = freeSlot(have(await presentMachine(wire, machine.ref.value, stages.context)));
  if (made) return made;
  throw new ProviderError('quota', 'the machine has no free slot for another disk', { maybeDone: false });
}

/** vCenter's refusals do not say that it is the snapshots which stand in the way. */
export async function explained<T>(machine: Seen, change: () => Promise<T>): Promise<T> {
  try {
    return await change();
  } catch (error) {
    if (!(error instanceof ProviderError) || (error.kind !== 'invalid' && error.kind !== 'conflict')) throw error;
    const { code, message } = error;
    if (!refOf(machine.properties.get('snapshot.currentSnapshot'))) throw error;
    const words = 'vSphere neither grows nor takes away a disk that is part of a snapshot: delete the machine’s snapshots first';
    throw new ProviderError('conflict', `${words} (${message})`, { code, maybeDone: false });
  }
}

/** Changes of one machine's disks, one after the other: each looks first which places are free. */
export class Turns {
  private readonly last = new Map<string, Promise<unknown>>();

  async take<T>(machine: string, change: () => Promise<T>): Promise<T> {
    const before = this.last.get(machine) ?? Promise.resolve();
    const own = before.then(change, change);
    this.last.set(machine, own);
    try {
      return await own;
    } finally {
      if (this.last.get(machine) === own) this.last.delete(machine);
    }
  }
}
