import type { CallContext, Created, Item, Marks, Outcome, Pages } from '../../src/clouds/driver';
import { Gone, ProviderError } from '../../src/clouds/errors';
import type { CreateDisk, Disks } from '../../src/clouds/infrastructure';
import { bytesToKb } from '../../src/model/units';
import type { Wire } from './client';
import { answers, type Seen } from './collector';
import { destroyedDisk, type Disk, grownDisk, newDisk, type Slot } from './hardware';
import { managedWords, refuseManaged } from './managed';
import { extraList } from './naming';
import type { Entry, Operations, Stages } from './operations';
import type { Scans } from './scans';
import { diskAsked } from './sizes';
import {
  allDisks,
  disksOf,
  explained,
  goneFrom,
  type Held,
  machineWithDisks,
  machinesTold,
  presentMachine,
  reconfiguring,
  recordText,
  slotOf,
  slotRecord,
  type Turns,
  withFreeSlot,
} from './vm-storage';

type Adding = { machine: string; capacity: number; tag: string; token: string };

/** Virtual disks that are no first-class ones: they live and die with their machine. The key is the machine's and the disk's own UUID. */
export class VsphereDisks implements Disks {
  readonly changes = { capacity: 'sets' } as const;
  readonly #create: Entry<Adding, Created>;
  readonly #update: Entry<{ key: string; capacity: number }, void>;
  readonly #delete: Entry<{ key: string }, void>;

  constructor(
    private readonly wire: Wire,
    operations: Operations,
    private readonly turns: Turns,
    private readonly scans: Scans,
  ) {
    this.#create = operations.define('disks.create', (request, stages) =>
      this.turns.take(request.machine, () => this.#adding(request, stages)),
    );
    this.#update = operations.define('disks.update', ({ key, capacity }, stages) => this.#growing(key, capacity, stages));
    this.#delete = operations.define('disks.delete', ({ key }, stages) => this.#deleting(key, stages));
  }

  async *list(context: CallContext): Pages {
    for await (const page of allDisks(this.wire, context)) yield page.filter(isOwn).map(diskItem);
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    const known = await machinesTold(this.wire, keys.flatMap(machineIn), context);
    const items = known.seen.flatMap(disksOf).filter(isOwn).map(diskItem);
    return answers(keys, items, (key) => goneFrom(known, machineIn(key)[0], { type: 'VirtualDisk', key }));
  }

  /** vCenter has no index for it: all machines are read. */
  async find({ tag }: Marks, context: CallContext): Promise<Item[]> {
    const read = async (patient: CallContext): Promise<Item[]> => {
      const found: Item[] = [];
      for await (const page of allDisks(this.wire, patient)) {
        const own = page.filter((held) => isOwn(held) && held.record?.tag === tag);
        found.push(...own.map((held) => ({ ...diskItem(held), ...(isWhole(held) ? {} : { unfinished: true }) })));
      }
      return found;
    };
    return this.scans.read(`disks ${tag}`, read, context);
  }

  /**
   * Thin, at the first free place. Identity and token go into the machine in the very call that adds the disk; its own UUID,
   * which is known afterwards, in a second one.
   */
  create({ machine, capacity, tag, token }: CreateDisk, context: CallContext): Promise<Outcome<Created>> {
    return this.#create({ machine, capacity, tag, token }, context);
  }

  async #adding(request: Adding, stages: Stages): Promise<Created> {
    const { tag, token } = request;
    await stages.earlier({ type: 'VirtualMachine', value: request.machine }, 'ReconfigVM_Task');
    const own = (seen: Seen) => disksOf(seen).find((held) => isOwn(held) && held.record?.tag === tag && held.record.token === token);
    if (!stages.began('add') || !stages.began('finish')) await this.#add(request, own, stages);
    const made = own(await presentMachine(this.wire, request.machine, stages.context));
    if (!made) throw new ProviderError('unavailable', 'vCenter added the disk but does not show it', { maybeDone: true });
    if (!isWhole(made) || stages.began('finish')) await this.#finish(made, stages);
    return { key: keyOf(made) };
  }

  /** Adds a disk; where another gateway takes the slot meanwhile, looks for another slot. */
  async #add(request: Adding, own: (seen: Seen) => Held | undefined, stages: Stages): Promise<void> {
    try {
      if (stages.began('add')) await stages.task('add', () => Promise.resolve(undefined));
      else await this.#begin(request, own, stages);
    } catch (error) {
      if (!(error instanceof ProviderError) || error.kind !== 'invalid') throw error;
      const now = await presentMachine(this.wire, request.machine, stages.context);
      const slot = stages.value('slot');
      if (slot === undefined || !disksOf(now).some(({ disk }) => isAt(disk, slot as unknown as Slot))) throw error;
      stages.forget('slot');
      throw stages.again('add', new ProviderError('unavailable', 'another disk took the slot meanwhile', { maybeDone: false }));
    }
  }

  async #begin(request: Adding, own: (seen: Seen) => Held | undefined, stages: Stages): Promise<void> {
    const machine = await presentMachine(this.wire, request.machine, stages.context);
    refuseManaged(machine);
    if (own(machine)) return;
    const slot = await withFreeSlot(this.wire, machine, stages);
    const { controllerKey, unitNumber } = slot;
    await stages.once('slot', () => Promise.resolve({ controllerKey, unitNumber }));
    const record = recordText({ vm: request.machine, tag: request.tag, token: request.token });
    const spec = { deviceChange: [newDisk(diskAsked(request.capacity), slot)], extraConfig: extraList({ [slotRecord(slot)]: record }) };
    await explained(machine, () => stages.task('add', () => reconfiguring(this.wire, machine, spec, stages)));
  }

  async #finish({ machine, disk, id, record }: Held, stages: Stages): Promise<void> {
    await stages.task('finish', async () => {
      const extraConfig = record && extraList({ [slotRecord(slotOf(disk))]: recordText({ ...record, disk: id }) });
      return extraConfig && reconfiguring(this.wire, machine, { extraConfig }, stages);
    });
  }

  /** Grows it; one that is so large is left alone. The file system inside is the machine's own business. */
  update(key: string, { capacity }: { capacity: number }, context: CallContext): Promise<Outcome> {
    return this.#update({ key, capacity }, context);
  }

  async #growing(key: string, capacity: number, stages: Stages): Promise<void> {
    const { machine, held } = await this.#held(key, stages.context);
    if (!machine || !held) throw Gone.shown({ type: 'VirtualDisk', key }, `vCenter has no disk ${key}`);
    const grow = async () => {
      refuseManaged(machine);
      if (capacity <= bytesToKb(bytesOf(held.disk))) return undefined;
      return reconfiguring(this.wire, machine, { deviceChange: [grownDisk(held.disk, diskAsked(capacity))] }, stages);
    };
    await explained(machine, () => stages.task('grow', grow));
  }

  /** Deletes a disk with its files and its record. */
  delete(key: string, context: CallContext): Promise<Outcome> {
    return this.#delete({ key }, context);
  }

  async #deleting(key: string, stages: Stages): Promise<void> {
    const { machine, held } = await this.#held(key, stages.context);
    if (!machine || (!held && !stages.began('delete'))) return;
    const remove = async () => {
      refuseManaged(machine);
      if (!held) return undefined;
      const extraConfig = extraList({ [slotRecord(slotOf(held.disk))]: '' });
      return reconfiguring(this.wire, machine, { deviceChange: [destroyedDisk(held.disk)], extraConfig }, stages);
    };
    await explained(machine, () => stages.task('delete', remove));
  }

  /** @returns neither where machine or disk are proven gone @throws ProviderError `unavailable` where vCenter does not tell */
  async #held(key: string, context: CallContext): Promise<{ machine?: Seen; held?: Held }> {
    const [owner] = machineIn(key);
    const machine = owner === undefined ? undefined : await machineWithDisks(this.wire, owner, context);
    if (!machine) return {};
    if (!Array.isArray(machine.properties.get('config.hardware.device')))
      throw new ProviderError('unavailable', `vCenter does not tell the disks of ${machine.ref.value}`, { maybeDone: false });
    const held = disksOf(machine).find((each) => isOwn(each) && keyOf(each) === key);
    return { machine, ...(held ? { held } : {}) };
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
  const managed = managedWords(machine);
  return {
    key: keyOf(held),
    owner: machine.ref.value,
    values: { capacity: bytesToKb(bytesOf(disk)) },
    ...(record ? { tag: record.tag, token: record.token } : {}),
    ...(managed === undefined ? {} : { refuses: { edit: managed, delete: managed } }),
  };
}
