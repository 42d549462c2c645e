import type { CallContext, Created, Item, Marks, Pages } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Attachments, AttachVolume } from '../../src/clouds/infrastructure';
import type { Wire } from './client';
import { finished, type Seen } from './collector';
import { ATTACHED } from './fcd';
import { refOf } from './machine-item';
import { extraList, extraOf } from './naming';
import {
  allDisks,
  disksOf,
  disksOfMachines,
  explained,
  type Held,
  machineWithDisks,
  presentMachine,
  reconfigure,
  recordText,
  type Turns,
  volumeRecord,
  withFreeSlot,
} from './vm-storage';
import { presentFcd } from './volumes';

/** First-class disks that machines have, as MachineVolumes. The key is made of both ends. */
export class VsphereAttachments implements Attachments {
  constructor(
    private readonly wire: Wire,
    private readonly turns: Turns,
  ) {}

  async *list(context: CallContext): Pages {
    for await (const page of allDisks(this.wire, context)) yield page.flatMap(attachmentItems);
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<Item[]> {
    const machines = keys.flatMap((key) => partsOf(key)?.machine ?? []);
    return (await disksOfMachines(this.wire, machines, context)).flatMap(attachmentItems).filter(({ key }) => keys.includes(key));
  }

  /** vCenter has no index for it: all machines are read. */
  async find({ tag }: Marks, context: CallContext): Promise<Item[]> {
    const found: Item[] = [];
    for await (const page of this.list(context)) found.push(...page.filter((item) => item.tag === tag));
    return found;
  }

  /**
   * AttachDisk_Task, to a bus that has room; vCenter chooses the place. It takes no identity: that is written into the
   * machine before, so that the attachment is never without it; alone it means nothing.
   */
  create(request: AttachVolume, context: CallContext): Promise<Created> {
    return this.turns.take(request.machine, () => this.#create(request, context));
  }

  async #create({ machine: key, volume, tag, token }: AttachVolume, context: CallContext): Promise<Created> {
    const machine = await presentMachine(this.wire, key, context);
    const there = disksOf(machine).find(({ fcd }) => fcd === volume);
    if (there?.record?.tag === tag) return { key: keyOf(key, volume) };
    const { datastore, attached } = await presentFcd(this.wire, volume, context);
    if (there || attached) throw new ProviderError('conflict', ATTACHED, { code: 'InvalidState', maybeDone: false });
    const { controllerKey } = await withFreeSlot(this.wire, machine, context);
    const record = recordText({ vm: key, tag, token });
    await reconfigure(this.wire, machine, { extraConfig: extraList({ [volumeRecord(volume)]: record }) }, context);
    await explained(machine, async () => {
      const parameters = { diskId: { id: volume }, datastore, controllerKey };
      await finished(this.wire, await this.wire.call('AttachDisk_Task', machine.ref, parameters, context), context);
    });
    return { key: keyOf(key, volume) };
  }

  /** Detaches, and forgets what was recorded. Again, or where machine or volume is gone, is success. */
  async delete(key: string, context: CallContext): Promise<void> {
    const parts = partsOf(key);
    if (parts) await this.turns.take(parts.machine, () => this.#detach(parts, context));
  }

  async #detach(parts: { machine: string; volume: string }, context: CallContext): Promise<void> {
    const machine = await machineWithDisks(this.wire, parts.machine, context);
    if (!machine) return;
    if (disksOf(machine).some(({ fcd }) => fcd === parts.volume))
      await explained(machine, () => detach(this.wire, machine, parts.volume, context));
    const record = volumeRecord(parts.volume);
    const recorded = extraOf(machine.properties.get('config.extraConfig')).has(record);
    if (recorded) await reconfigure(this.wire, machine, { extraConfig: extraList({ [record]: '' }) }, context);
  }
}

const keyOf = (machine: string, volume: string): string => `${machine}:${volume}`;
function partsOf(key: string): { machine: string; volume: string } | undefined {
  const [machine, volume] = key.split(':');
  return machine === undefined || volume === undefined ? undefined : { machine, volume };
}

async function detach(wire: Wire, machine: Seen, volume: string, context: CallContext): Promise<void> {
  try {
    await finished(wire, await wire.call('DetachDisk_Task', machine.ref, { diskId: { id: volume } }, context), context);
  } catch (error) {
    // Somebody else was faster.
    if (!(error instanceof ProviderError) || error.kind !== 'notFound') throw error;
  }
}

/**
 * Takes all volumes off a machine that is about to be destroyed, which may take them with it. Its snapshots hold them, and go
 * with it anyway: they are deleted first, so that what was written since is in the volumes.
 */
export async function letGoOfVolumes(wire: Wire, key: string, context: CallContext): Promise<void> {
  const machine = await machineWithDisks(wire, key, context);
  const volumes = machine ? disksOf(machine).flatMap(({ fcd }) => fcd ?? []) : [];
  if (!machine || volumes.length === 0) return;
  if (refOf(machine.properties.get('snapshot.currentSnapshot')))
    await finished(wire, await wire.call('RemoveAllSnapshots_Task', machine.ref, {}, context), context);
  for (const volume of volumes) await detach(wire, machine, volume, context);
}

function attachmentItems({ machine, fcd, record }: Held): Item[] {
  if (fcd === undefined) return [];
  const owner = machine.ref.value;
  return [
    {
      key: keyOf(owner, fcd),
      owner,
      values: { volume: { item: { type: 'Volume', key: fcd } } },
      ...(record ? { tag: record.tag, token: record.token } : {}),
    },
  ];
}
