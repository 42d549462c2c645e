import type { CallContext, Created, Item, Marks, Outcome, Pages } from '../../src/clouds/driver';
import { type Gone, ProviderError } from '../../src/clouds/errors';
import type { Attachments, AttachVolume } from '../../src/clouds/infrastructure';
import type { Wire } from './client';
import { answers, type Seen } from './collector';
import { ATTACHED, isFcdId, presentFcd } from './fcd';
import { detach } from './let-go';
import { managedWords, refuseManaged } from './managed';
import { extraList, extraOf } from './naming';
import type { Entry, Operations, Stages } from './operations';
import type { Scans } from './scans';
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
  type Turns,
  volumeRecord,
  withFreeSlot,
} from './vm-storage';

type Attaching = { machine: string; volume: string; tag: string; token: string };
type Parts = { machine: string; volume: string };

/** First-class disks that machines have, as MachineVolumes. The key is made of both ends. */
export class VsphereAttachments implements Attachments {
  readonly #create: Entry<Attaching, Created>;
  readonly #delete: Entry<Parts, void>;

  constructor(
    private readonly wire: Wire,
    operations: Operations,
    private readonly turns: Turns,
    private readonly scans: Scans,
  ) {
    this.#create = operations.define('attachments.create', (request, stages) =>
      this.turns.take(request.machine, () => this.#attaching(request, stages)),
    );
    this.#delete = operations.define('attachments.delete', (parts, stages) =>
      this.turns.take(parts.machine, () => this.#detaching(parts, stages)),
    );
  }

  async *list(context: CallContext): Pages {
    for await (const page of allDisks(this.wire, context)) yield page.flatMap(attachmentItems);
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    const machines = keys.flatMap((key) => partsOf(key)?.machine ?? []);
    const known = await machinesTold(this.wire, machines, context);
    return answers(keys, known.seen.flatMap(disksOf).flatMap(attachmentItems), (key) =>
      goneFrom(known, partsOf(key)?.machine, { type: 'attachment', key }),
    );
  }

  /** vCenter has no index for it: all machines are read. */
  async find({ tag }: Marks, context: CallContext): Promise<Item[]> {
    const read = async (patient: CallContext): Promise<Item[]> => {
      const found: Item[] = [];
      for await (const page of this.list(patient)) found.push(...page.filter((item) => item.tag === tag));
      return found;
    };
    return this.scans.read(`attachments ${tag}`, read, context);
  }

  /**
   * AttachDisk_Task, to a bus that has room; vCenter chooses the place. It takes no identity: that is written into the
   * machine before, so that the attachment is never without it; alone it means nothing.
   */
  create({ machine, volume, tag, token }: AttachVolume, context: CallContext): Promise<Outcome<Created>> {
    return this.#create({ machine, volume, tag, token }, context);
  }

  async #attaching({ machine: key, volume, tag, token }: Attaching, stages: Stages): Promise<Created> {
    await stages.earlier({ type: 'VirtualMachine', value: key }, 'AttachDisk_Task');
    const made = { key: keyOf(key, volume) };
    if (stages.began('attach')) {
      await explainedIn(this.wire, key, stages, () => stages.task('attach', never));
      return made;
    }
    const machine = await presentMachine(this.wire, key, stages.context);
    refuseManaged(machine);
    const there = disksOf(machine).find(({ fcd }) => fcd === volume);
    if (there?.record?.tag === tag) return made;
    const { datastore, attached, managed } = await presentFcd(this.wire, volume, stages.context);
    if (there || attached) throw new ProviderError('conflict', ATTACHED, { code: 'InvalidState', maybeDone: false });
    if (managed !== undefined) throw new ProviderError('forbidden', managed, { code: 'ManagedBy', maybeDone: false });
    const { controllerKey } = await withFreeSlot(this.wire, machine, stages);
    const extraConfig = extraList({ [volumeRecord(volume)]: recordText({ vm: key, tag, token }) });
    await stages.task('record', () => reconfiguring(this.wire, machine, { extraConfig }, stages));
    const parameters = { diskId: { id: volume }, datastore, controllerKey };
    const attach = () => this.wire.begin('AttachDisk_Task', machine.ref, parameters, stages.context);
    await explained(machine, () => stages.task('attach', attach));
    return made;
  }

  /** Detaches, and forgets what was recorded. Again, or where machine or volume is gone, is success. */
  async delete(key: string, context: CallContext): Promise<Outcome> {
    const parts = partsOf(key);
    return parts && this.#delete(parts, context);
  }

  async #detaching(parts: Parts, stages: Stages): Promise<void> {
    const machine = await machineWithDisks(this.wire, parts.machine, stages.context);
    if (!machine) return;
    if (!Array.isArray(machine.properties.get('config.hardware.device')))
      throw new ProviderError('unavailable', `vCenter does not tell the disks of ${parts.machine}`, { maybeDone: false });
    refuseManaged(machine);
    if (stages.began(`detach ${parts.volume}`) || disksOf(machine).some(({ fcd }) => fcd === parts.volume))
      await explained(machine, () => detach(this.wire, machine, parts.volume, stages));
    const record = volumeRecord(parts.volume);
    const recorded = extraOf(machine.properties.get('config.extraConfig')).has(record);
    if (!stages.began('forget') && !recorded) return;
    await stages.task('forget', () => reconfiguring(this.wire, machine, { extraConfig: extraList({ [record]: '' }) }, stages));
  }
}

/** The stage is begun: nothing calls it. */
const never = () => Promise.resolve(undefined);

/** The machine is only read where there is something to explain. */
async function explainedIn(wire: Wire, key: string, stages: Stages, change: () => Promise<unknown>): Promise<void> {
  try {
    await change();
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    const machine: Seen = await presentMachine(wire, key, stages.context);
    await explained(machine, () => Promise.reject(error));
  }
}

const keyOf = (machine: string, volume: string): string => `${machine}:${volume}`;
function partsOf(key: string): Parts | undefined {
  const [machine, volume] = key.split(':');
  return machine === undefined || volume === undefined || !isFcdId(volume) ? undefined : { machine, volume };
}

function attachmentItems({ machine, fcd, record }: Held): Item[] {
  if (fcd === undefined) return [];
  const owner = machine.ref.value;
  const managed = managedWords(machine);
  return [
    {
      key: keyOf(owner, fcd),
      owner,
      values: { volume: { item: { type: 'Volume', key: fcd } } },
      ...(record ? { tag: record.tag, token: record.token } : {}),
      ...(managed === undefined ? {} : { refuses: { edit: managed, delete: managed } }),
    },
  ];
}
