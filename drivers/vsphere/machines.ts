import type { CallContext, CreateMachine, Created, Item, Machines, Marks, Naming, Pages } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import { letGoOfVolumes } from './attachments';
import type { Wire } from './client';
import { everything, finished, objects, type Seen } from './collector';
import { type Plan, planCreate } from './creates';
import { isKey, isSnapshotKey, keyOf, snapshotRef } from './images';
import { isTemplate, MACHINE_PATHS, machineItem, refOf, text } from './machine-item';
import { EXTRA, extraList, extraOf, escapeName, holds, inventoryName, propertiesText, suffixOf, uuidOf } from './naming';
import { RESIZE_PATHS, sizeChange } from './resize';
import { sizeOf } from './sizes';
import { SoapFault } from './soap';
import { isA, type Ref } from './types';

const WANTED = { VirtualMachine: MACHINE_PATHS };
const vm = (value: string): Ref => ({ type: 'VirtualMachine', value });

/** Virtual machines (without templates) as Machines. The key is the reference's value. */
export class VsphereMachines implements Machines {
  constructor(private readonly wire: Wire) {}

  async *list(context: CallContext): Pages {
    for await (const page of everything(this.wire, WANTED, context)) yield items(page);
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<Item[]> {
    const refs = [...new Set(keys)].filter(isKey).map(vm);
    return refs.length === 0 ? [] : items(await objects(this.wire, refs, WANTED, context));
  }

  /**
   * By the instance UUID, else by the suffix of the name (vCenter may have changed the UUID; a machine that is being
   * copied does not tell its configuration yet). A machine made from nothing by this very create is started here where
   * that create ended before it could be.
   */
  async find(marks: Marks, context: CallContext): Promise<Item[]> {
    const found = await this.#carrying(marks, context);
    for (const { seen, item } of found) {
      const extra = extraOf(seen.properties.get('config.extraConfig'));
      if (extra.has(EXTRA.start) && item.token === marks.token && item.values.state === 'STOPPED') await this.start(item.key, context);
    }
    return found.map(({ item }) => item);
  }

  async #carrying(marks: Marks, context: CallContext): Promise<{ seen: Seen; item: Item }[]> {
    const { searchIndex } = await this.wire.service(context);
    const query = { uuid: uuidOf(marks.tag), vmSearch: true, instanceUuid: true };
    const byIndex = (await this.wire.call('FindAllByUuid', searchIndex, query, context)) ?? [];
    const refs = byIndex.length > 0 ? byIndex : await this.#bySuffix(marks, context);
    const seen = refs.length === 0 ? [] : await objects(this.wire, refs, WANTED, context);
    return seen
      .filter((each) => !isTemplate(each))
      .flatMap((each) => {
        const item = machineItem(each);
        // Without a configuration, the name is all there is; its suffix is made of the tag.
        const ours = item.tag === marks.tag || (item.tag === undefined && item.values.state === 'CREATING');
        return ours ? [{ seen: each, item: { ...item, tag: marks.tag } }] : [];
      });
  }

  async #bySuffix(marks: Marks, context: CallContext): Promise<Ref[]> {
    const suffix = `-${suffixOf(marks.tag)}`;
    const found: Ref[] = [];
    for await (const page of everything(this.wire, { VirtualMachine: ['name'] }, context)) {
      found.push(...page.filter((seen) => text(seen, 'name')?.endsWith(suffix) === true).map(({ ref }) => ref));
    }
    return found;
  }

  holds(naming: Naming): Naming {
    return holds(naming);
  }

  /** A machine of ours keeps its suffix; another one keeps its name where none is given, since it must have one. */
  async rename(key: string, naming: Naming, context: CallContext): Promise<void> {
    const seen = await this.#present(key, ['config.extraConfig'], context);
    const tag = extraOf(seen.properties.get('config.extraConfig')).get(EXTRA.id);
    const { name, description = '', properties } = holds(naming);
    const own = name === undefined ? undefined : escapeName(name);
    const spec = {
      name: tag === undefined ? own : inventoryName(name, tag),
      annotation: description,
      extraConfig: extraList({ [EXTRA.properties]: propertiesText(properties) }),
    };
    await this.#run('ReconfigVM_Task', vm(key), { spec }, context);
  }

  /** The name is the fence: vCenter refuses a second one in the folder, and the first is what was asked for. */
  async create(request: CreateMachine, context: CallContext): Promise<Created> {
    const plan = await planCreate(this.wire, request, context);
    try {
      return await this.#make(plan, context);
    } catch (error) {
      if (!(error instanceof ProviderError) || error.code !== 'DuplicateName') throw error;
      const [first] = (await this.find(request, context)).filter(({ token }) => token === undefined || token === request.token);
      if (!first) throw error;
      return { key: first.key };
    }
  }

  async #make(plan: Plan, context: CallContext): Promise<Created> {
    if (plan.kind === 'clone') {
      const { source, folder, name, spec } = plan;
      return keyOf(await this.#run('CloneVM_Task', source, { folder, name, spec }, context), 'CloneVM_Task');
    }
    const { folder, config, pool } = plan;
    const made = keyOf(await this.#run('CreateVM_Task', folder, { config, pool }, context), 'CreateVM_Task');
    await this.start(made.key, context);
    return made;
  }

  async start(key: string, context: CallContext): Promise<void> {
    await already('poweredOn', this.#run('PowerOnVM_Task', vm(key), {}, context));
  }

  /** Without force: the guest shuts itself down, which VMware Tools must do; it is over when the state says so. */
  async stop(key: string, { force }: { force?: boolean | undefined }, context: CallContext): Promise<void> {
    if (force === true) await already('poweredOff', this.#run('PowerOffVM_Task', vm(key), {}, context));
    else await already('poweredOff', this.#guest('ShutdownGuest', key, 'stop it with force', context));
  }

  async restart(key: string, { force }: { force?: boolean | undefined }, context: CallContext): Promise<void> {
    if (force === true) await this.#run('ResetVM_Task', vm(key), {}, context);
    else await this.#guest('RebootGuest', key, 'restart it with force', context);
  }

  async suspend(key: string, context: CallContext): Promise<void> {
    await already('suspended', this.#run('SuspendVM_Task', vm(key), {}, context));
  }

  async #guest(method: 'ShutdownGuest' | 'RebootGuest', key: string, instead: string, context: CallContext): Promise<void> {
    try {
      await this.wire.faulty(method, vm(key), {}, context);
    } catch (error) {
      if (!(error instanceof SoapFault)) throw error;
      if (error.code !== 'ToolsUnavailable') throw error.translated();
      const words = `VMware Tools do not run in the machine: ${instead}`;
      throw new ProviderError('conflict', words, { code: error.code, maybeDone: false });
    }
  }

  /** Of a machine that runs only as far as that machine allows it. @throws ProviderError `conflict` where it does not */
  async resize(key: string, to: { config: string }, context: CallContext): Promise<void> {
    const size = sizeOf(to.config);
    if (!size) throw new ProviderError('invalid', `there is no machine configuration '${to.config}'`, { maybeDone: false });
    const spec = sizeChange(await this.#present(key, RESIZE_PATHS, context), size);
    if (spec) await this.#run('ReconfigVM_Task', vm(key), { spec }, context);
  }

  /** Reverts to a snapshot of this very machine. */
  async restore(key: string, from: Marks & { image: string }, context: CallContext): Promise<void> {
    const none = new ProviderError('notFound', `there is no snapshot '${from.image}'`, { maybeDone: false });
    if (!isSnapshotKey(from.image) || !isKey(from.image)) throw none;
    const [seen] = await objects(this.wire, [snapshotRef(from.image)], { VirtualMachineSnapshot: ['vm'] }, context);
    const owner = refOf(seen?.properties.get('vm'));
    if (!owner) throw none;
    if (owner.value !== key) throw new ProviderError('invalid', 'the snapshot is of another machine', { maybeDone: false });
    await this.#run('RevertToSnapshot_Task', snapshotRef(from.image), {}, context);
  }

  /** vCenter destroys what is off; the snapshots go with it, its volumes do not. A template is no machine: what is not there is gone. */
  async delete(key: string, context: CallContext): Promise<void> {
    if (!isKey(key)) return;
    try {
      const seen = await this.#present(key, ['config.template', 'summary.config.template', 'runtime.powerState'], context);
      if (isTemplate(seen)) return;
      const off = text(seen, 'runtime.powerState') === 'poweredOff';
      if (!off) await already('poweredOff', this.#run('PowerOffVM_Task', vm(key), {}, context));
      await letGoOfVolumes(this.wire, key, context);
      await this.#run('Destroy_Task', vm(key), {}, context);
    } catch (error) {
      if (!(error instanceof ProviderError) || error.code !== 'ManagedObjectNotFound') throw error;
    }
  }

  async #present(key: string, paths: readonly string[], context: CallContext): Promise<Seen> {
    const [seen] = isKey(key) ? await objects(this.wire, [vm(key)], { VirtualMachine: paths }, context) : [];
    if (!seen) throw new ProviderError('notFound', `vCenter has no machine ${key}`, { code: 'ManagedObjectNotFound', maybeDone: false });
    return seen;
  }

  /** Starts a task and waits for its end. */
  async #run<M extends TaskMethod>(method: M, self: Ref, parameters: TaskParameters<M>, context: CallContext): Promise<unknown> {
    const task = await this.wire.call(method, self, parameters, context);
    return finished(this.wire, task, context);
  }
}

type TaskMethod =
  | 'CloneVM_Task'
  | 'CreateVM_Task'
  | 'PowerOnVM_Task'
  | 'PowerOffVM_Task'
  | 'SuspendVM_Task'
  | 'ResetVM_Task'
  | 'ReconfigVM_Task'
  | 'Destroy_Task'
  | 'RevertToSnapshot_Task';
type TaskParameters<M extends TaskMethod> = Parameters<typeof Wire.prototype.call<M>>[2];

function items(seen: readonly Seen[]): Item[] {
  return seen.filter((each) => !isTemplate(each)).map(machineItem);
}

/** Being in the state already is success. */
async function already(state: string, done: Promise<unknown>): Promise<void> {
  try {
    await done;
  } catch (error) {
    if (!(error instanceof ProviderError) || error.code !== 'InvalidPowerState' || existingState(error) !== state) throw error;
  }
}

function existingState({ cause }: ProviderError): string | undefined {
  return isA(cause, 'InvalidPowerState') ? cause.existingState : undefined;
}
