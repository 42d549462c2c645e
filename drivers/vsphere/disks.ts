import type { CallContext, Created, Item, Marks, Pages } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { CreateDisk, Disks } from '../../src/clouds/infrastructure';
import { bytesToKb } from '../../src/model/units';
import type { Wire } from './client';
import type { Seen } from './collector';
import { destroyedDisk, type Disk, grownDisk, newDisk, type Slot } from './hardware';
import { extraList } from './naming';
import { diskAsked } from './sizes';
import type { Typed } from './types';
import {
  allDisks,
  disksOf,
  disksOfMachines,
  type Held,
  machineWithDisks,
  presentMachine,
  reconfigure,
  recordText,
  slotOf,
  slotRecord,
  type Turns,
  withFreeSlot,
} from './vm-storage';

/** Virtual disks that are no first-class ones: they live and die with their machine. The key is the machine's and the disk's own UUID. */
export class VsphereDisks implements Disks {
  constructor(
    private readonly wire: Wire,
    private readonly turns: Turns,
  ) {}

  async *list(context: CallContext): Pages {
    for await (const page of allDisks(this.wire, context)) yield page.filter(isOwn).map(diskItem);
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<Item[]> {
    const held = await disksOfMachines(this.wire, keys.flatMap(machineIn), context);
    return held
      .filter(isOwn)
      .map(diskItem)
      .filter(({ key }) => keys.includes(key));
  }

  /** vCenter has no index for it: all machines are read. */
  async find({ tag }: Marks, context: CallContext): Promise<Item[]> {
    const found: Item[] = [];
    for await (const page of allDisks(this.wire, context)) {
      const own = page.filter((held) => isOwn(held) && held.record?.tag === tag);
      found.push(...own.map((held) => ({ ...diskItem(held), ...(isWhole(held) ? {} : { unfinished: true }) })));
    }
    return found;
  }

  /**
   * Thin, at the first free place. Identity and token go into the machine in the very call that adds the disk; its own UUID,
   * which is known afterwards, in a second one.
   */
  create(request: CreateDisk, context: CallContext): Promise<Created> {
    return this.turns.take(request.machine, () => this.#create(request, context));
  }

  async #create(request: CreateDisk, context: CallContext): Promise<Created> {
    const machine = await presentMachine(this.wire, request.machine, context);
    const { tag, token } = request;
    const first = disksOf(machine).find((held) => isOwn(held) && held.record?.tag === tag && held.record.token === token);
    if (first) return this.#finish(first, context);
    const slot = await withFreeSlot(this.wire, machine, context);
    const record = recordText({ vm: request.machine, tag, token });
    const deviceChange = [newDisk(diskAsked(request.capacity), slot)];
    await this.#add(machine, slot, { deviceChange, extraConfig: extraList({ [slotRecord(slot)]: record }) }, context);
    const made = disksOf(await presentMachine(this.wire, request.machine, context)).find(({ disk }) => isAt(disk, slot));
    if (!made) throw new ProviderError('unavailable', 'the disk was added and is not there', { maybeDone: true });
    return this.#finish(made, context);
  }

  /** Another gateway may have taken the place meanwhile: then the Job comes again. */
  async #add(machine: Seen, slot: Slot, spec: Typed<'VirtualMachineConfigSpec'>, context: CallContext): Promise<void> {
    try {
      await reconfigure(this.wire, machine, spec, context);
    } catch (error) {
      if (!(error instanceof ProviderError) || error.kind !== 'invalid') throw error;
      const now = await presentMachine(this.wire, machine.ref.value, context);
      if (!disksOf(now).some(({ disk }) => isAt(disk, slot))) throw error;
      throw new ProviderError('unavailable', 'the place of the disk was taken meanwhile', { code: error.code, maybeDone: false });
    }
  }

  async #finish(held: Held, context: CallContext): Promise<Created> {
    const { machine, disk, id, record } = held;
    if (record && !isWhole(held)) {
      const extraConfig = extraList({ [slotRecord(slotOf(disk))]: recordText({ ...record, disk: id }) });
      await reconfigure(this.wire, machine, { extraConfig }, context);
    }
    return { key: keyOf(held) };
  }

  /** Grows it; one that is so large is left alone. The file system inside is the machine's own business. */
  async update(key: string, { capacity }: { capacity: number }, context: CallContext): Promise<void> {
    const held = await this.#held(key, context);
    if (!held) throw new ProviderError('notFound', `vCenter has no disk ${key}`, { maybeDone: false });
    if (capacity <= bytesToKb(bytesOf(held.disk))) return;
    await reconfigure(this.wire, held.machine, { deviceChange: [grownDisk(held.disk, diskAsked(capacity))] }, context);
  }

  /** With its files, and what is recorded of it. */
  async delete(key: string, context: CallContext): Promise<void> {
    const held = await this.#held(key, context);
    if (!held) return;
    const extraConfig = extraList({ [slotRecord(slotOf(held.disk))]: '' });
    await reconfigure(this.wire, held.machine, { deviceChange: [destroyedDisk(held.disk)], extraConfig }, context);
  }

  async #held(key: string, context: CallContext): Promise<Held | undefined> {
    const [owner] = machineIn(key);
    const machine = owner === undefined ? undefined : await machineWithDisks(this.wire, owner, context);
    return machine && disksOf(machine).find((held) => isOwn(held) && keyOf(held) === key);
  }
}

const isOwn = ({ fcd }: Held): boolean => fcd === undefined;
const isWhole = ({ record }: Held): boolean => record?.disk !== undefined;
const isAt = (disk: Disk, slot: Slot): boolean => disk.controllerKey === slot.controllerKey && disk.unitNumber === slot.unitNumber;
const keyOf = ({ machine, id }: Held): string => `${machine.ref.value}:${id}`;
const machineIn = (key: string): string[] => (key.includes(':') ? [key.slice(0, key.indexOf(':'))] : []);
const bytesOf = ({ capacityInBytes, capacityInKB = 0 }: Disk): number => capacityInBytes ?? capacityInKB * 1024;

function diskItem(held: Held): Item {
  const { machine, disk, record } = held;
  return {
    key: keyOf(held),
    owner: machine.ref.value,
    values: { capacity: bytesToKb(bytesOf(disk)) },
    ...(record ? { tag: record.tag, token: record.token } : {}),
  };
}
