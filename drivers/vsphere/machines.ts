import type { CallContext, CreateMachine, Created, Item, Machines, Marks, Naming, Outcome, Pages } from '../../src/clouds/driver';
import { Gone, HandleForgotten, isGone, ProviderError } from '../../src/clouds/errors';
import type { Wire } from './client';
import { answers, everything, objects, present, type Seen, told } from './collector';
import { beginCreate } from './creates';
import { isKey, isSnapshotKey, keyPicked, snapshotRef, vm } from './keys';
import { letGoOfVolumes, MACHINE_PATHS_TO_DELETE } from './let-go';
import { listable, machineItems, MACHINE_PATHS, machineItem, isImage, refOf, text } from './machine-item';
import { MANAGED_PATH, refuseManaged } from './managed';
import { EXTRA, escapeName, extraList, extraOf, holds, inventoryName, propertiesText, suffixOf, uuidOf } from './naming';
import type { Entry, Operations, Stages } from './operations';
import { MachinePower, powerOff, powerOn } from './power';
import { RESIZE_PATHS, sizeChange } from './resize';
import type { Scans } from './scans';
import { type Size, sizeOf } from './sizes';
import type { Ref, Typed } from './types';

const WANTED = { VirtualMachine: MACHINE_PATHS };

/** Facts that the later stages of a create need. */
type Making = { tag: string; token: string };
type Change = Typed<'VirtualMachineConfigSpec'>;

/** Virtual machines (without templates) as Machines. The key is the reference's value. */
export class VsphereMachines extends MachinePower implements Machines {
  readonly #create: Entry<Making, Created, CreateMachine>;
  /** `resize` or `rename`, which are one task each, begun by the method itself. */
  readonly #change: Entry<{ key: string }, void, (seen: Seen) => Change | undefined>;
  readonly #restore: Entry<{ key: string; image: string }, void>;
  readonly #delete: Entry<{ key: string }, void>;

  constructor(
    wire: Wire,
    operations: Operations,
    private readonly scans: Scans,
  ) {
    super(wire, operations);
    this.#create = operations.define('machines.create', (made, stages, request) => this.#creating(made, stages, request));
    this.#change = operations.define('machines.change', ({ key }, stages, change) => this.#changing(key, stages, change));
    this.#restore = operations.define('machines.restore', ({ key, image }, stages) => this.#restoring(key, image, stages));
    this.#delete = operations.define('machines.delete', ({ key }, stages) => this.#deleting(key, stages));
  }

  async *list(context: CallContext): Pages {
    for await (const page of everything(this.wire, WANTED, context)) yield machineItems(listable(page, this.wire), this.wire);
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    const refs = [...new Set(keys)].filter(isKey).map(vm);
    const { seen, gone } = refs.length === 0 ? { seen: [], gone: new Map<string, Gone>() } : await told(this.wire, refs, WANTED, context);
    const images = new Set(seen.filter(isImage).map(({ ref }) => ref.value));
    return answers(keys, machineItems(seen, this.wire), (key) => {
      const thing = { type: 'VirtualMachine', key };
      if (!isKey(key)) return Gone.impossible(thing);
      return images.has(key) ? Gone.shown(thing, `${key} is an image, no machine`) : gone.get(key);
    });
  }

  /**
   * Finds by the instance UUID, else by the suffix of the name (vCenter may have changed the UUID; a machine that is being copied
   * does not tell its configuration yet). What is still being made, or was never started, is unfinished: the same create goes on
   * with it.
   */
  async find(marks: Marks, context: CallContext): Promise<Item[]> {
    const found = await this.#carrying(marks, context);
    return found.map(({ seen, item }) => (isUnfinished(seen, item, marks) ? { ...item, unfinished: true } : item));
  }

  async #carrying(marks: Marks, context: CallContext): Promise<{ seen: Seen; item: Item }[]> {
    const { searchIndex } = await this.wire.service(context);
    const query = { uuid: uuidOf(marks.tag), vmSearch: true, instanceUuid: true };
    const byIndex = (await this.wire.call('FindAllByUuid', searchIndex, query, context)) ?? [];
    const refs = byIndex.length > 0 ? byIndex : await this.#bySuffix(marks, context);
    const seen = await objects(this.wire, refs, WANTED, context);
    return seen
      .filter((each) => !isImage(each))
      .flatMap((each) => {
        const item = machineItem(each);
        // Without a configuration, the name is all there is; its suffix is made of the tag.
        const ours = item.tag === marks.tag || (item.tag === undefined && item.values.state === 'CREATING');
        return ours ? [{ seen: each, item: { ...item, tag: marks.tag } }] : [];
      });
  }

  async #bySuffix({ tag }: Pick<Marks, 'tag'>, context: CallContext): Promise<Ref[]> {
    return this.scans.read(`machines ${tag}`, (own) => named(this.wire, tag, own), context);
  }

  holds(naming: Naming): Naming {
    return holds(naming);
  }

  /** A machine of ours keeps its suffix; another one keeps its name where none is given, since it must have one. */
  rename(key: string, naming: Naming, context: CallContext): Promise<Outcome> {
    const { name, description = '', properties } = holds(naming);
    const own = name === undefined ? undefined : escapeName(name);
    return this.#change({ key }, context, (seen) => {
      const tag = extraOf(seen.properties.get('config.extraConfig')).get(EXTRA.id);
      return {
        name: tag === undefined ? own : inventoryName(name, tag),
        annotation: description,
        extraConfig: extraList({ [EXTRA.properties]: propertiesText(properties) }),
      };
    });
  }

  /**
   * Resizes a machine; one that runs only as far as that machine allows it.
   * @throws ProviderError `conflict` where it does not
   */
  async resize(key: string, to: { config: string }, context: CallContext): Promise<Outcome> {
    const size = sized(to.config);
    return this.#change({ key }, context, (seen) => sizeChange(seen, size));
  }

  async #changing(key: string, stages: Stages, change: ((seen: Seen) => Change | undefined) | undefined): Promise<void> {
    const begin = async () => {
      const seen = await present(this.wire, vm(key), [...RESIZE_PATHS, 'config.extraConfig', MANAGED_PATH], stages.context);
      refuseManaged(seen);
      const spec = change?.(seen);
      return spec && this.wire.begin('ReconfigVM_Task', vm(key), { spec }, stages.context);
    };
    await stages.task('change', begin);
  }

  /** The name is the fence: vCenter refuses a second one in the folder, and the first is what was asked for. */
  create(request: CreateMachine, context: CallContext): Promise<Outcome<Created>> {
    const { tag, token } = request;
    return this.#create({ tag, token }, context, request);
  }

  /** Creates a machine. A task of its own starts it, so that the reason is known where it does not start. */
  async #creating(made: Making, stages: Stages, request: CreateMachine | undefined): Promise<Created> {
    if (!stages.began('make') && (stages.repeated !== undefined || !request)) {
      const first = await this.#first(made, stages);
      if (first !== undefined) await stages.once('make', () => Promise.resolve(first));
      else if (!request) throw new HandleForgotten('the copy of the machine that was under way is not there any more');
    }
    const key = await this.#made(made, stages, request);
    await powerOn(this.wire, key, stages);
    return { key };
  }

  async #made(made: Making, stages: Stages, request: CreateMachine | undefined): Promise<string> {
    const begin = () => Promise.resolve(request && beginCreate(this.wire, request, stages.context));
    try {
      return await stages.task('make', begin, { pick: keyPicked });
    } catch (error) {
      if (!(error instanceof ProviderError) || error.code !== 'DuplicateName') throw error;
      const first = await this.#first(made, stages);
      if (first === undefined) throw error;
      return stages.once('make', () => Promise.resolve(first));
    }
  }

  /** Returns what this very create made before; leaves the operation while it is being made. */
  async #first(made: Making, stages: Stages): Promise<string | undefined> {
    const found = await this.#carrying(made, stages.context);
    const first = found.find(({ item: { token } }) => token === undefined || token === made.token);
    if (first?.item.values.state === 'CREATING') throw stages.pending('vCenter is still making it');
    return first?.item.key;
  }

  /** Reverts to a snapshot of this very machine. */
  async restore(key: string, from: Marks & { image: string }, context: CallContext): Promise<Outcome> {
    if (!isSnapshotKey(from.image) || !isKey(from.image)) throw invalid(`'${from.image}' is no snapshot`);
    return this.#restore({ key, image: from.image }, context);
  }

  /** Restores a machine. A restore that was begun by a call whose answer was lost counts as the requested one. */
  async #restoring(key: string, image: string, stages: Stages): Promise<void> {
    const [done] = await stages.earlier(vm(key), 'RevertToSnapshot_Task');
    if (done) return;
    await stages.task('revert', async () => {
      const owner = refOf((await present(this.wire, snapshotRef(image), ['vm'], stages.context)).properties.get('vm'));
      if (owner?.value !== key) throw invalid('the snapshot is of another machine');
      return this.wire.begin('RevertToSnapshot_Task', snapshotRef(image), {}, stages.context);
    });
  }

  async delete(key: string, context: CallContext): Promise<Outcome> {
    return isKey(key) ? this.#delete({ key }, context) : undefined;
  }

  /** vCenter destroys what is off; the snapshots go with it, its volumes do not. A template is no machine: what is not there is gone. */
  async #deleting(key: string, stages: Stages): Promise<void> {
    try {
      const seen = await present(this.wire, vm(key), MACHINE_PATHS_TO_DELETE, stages.context);
      if (isImage(seen)) return;
      refuseManaged(seen);
      if (text(seen, 'runtime.powerState') !== 'poweredOff') await powerOff(this.wire, key, stages);
      await letGoOfVolumes(this.wire, seen, stages);
      await stages.task('destroy', () => this.wire.begin('Destroy_Task', vm(key), {}, stages.context));
    } catch (error) {
      if (!isGone(error, { type: 'VirtualMachine', key })) throw error;
    }
  }
}

/** Machines and templates whose names end as those of what a create with this tag makes: a call a page. */
export async function named(wire: Wire, tag: string, context: CallContext): Promise<Ref[]> {
  const suffix = `-${suffixOf(tag)}`;
  const found: Ref[] = [];
  for await (const page of everything(wire, { VirtualMachine: ['name'] }, context)) {
    found.push(...page.filter((seen) => text(seen, 'name')?.endsWith(suffix) === true).map(({ ref }) => ref));
  }
  return found;
}

function isUnfinished(seen: Seen, { token, values: { state } }: Item, marks: Marks): boolean {
  if (state === 'CREATING') return true;
  return state === 'STOPPED' && token === marks.token && extraOf(seen.properties.get('config.extraConfig')).has(EXTRA.start);
}

function sized(config: string): Size {
  const size = sizeOf(config);
  if (size) return size;
  throw invalid(`there is no machine configuration '${config}'`);
}

function invalid(message: string): ProviderError {
  return new ProviderError('invalid', message, { maybeDone: false });
}
