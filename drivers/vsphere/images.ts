import type { CallContext, CaptureMachine, Created, Item, MachineImages, Marks, Naming, Pages } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Wire } from './client';
import { everything, finished, objects, type Seen } from './collector';
import { BLANK, blankItem, type Branch, IMAGE_PATHS, imageItems, snapshotsOf } from './image-item';
import { isTemplate, refOf, text } from './machine-item';
import { EXTRA, extraList, extraOf, holdsTexts, inventoryName, readSnapshotDescription, snapshotDescription, uuidOf } from './naming';
import type { Ref } from './types';

const WANTED = { VirtualMachine: IMAGE_PATHS };
const vm = (value: string): Ref => ({ type: 'VirtualMachine', value });
export const snapshotRef = (value: string): Ref => ({ type: 'VirtualMachineSnapshot', value });
/** MoRefs of snapshots begin so, on every vCenter. */
export const isSnapshotKey = (key: string): boolean => key.startsWith('snapshot-');
/** Whether the text can be the value of a reference at all. */
export const isKey = (key: string): boolean => /^[A-Za-z0-9_-]{1,80}$/.test(key);

/** Templates as IMAGEs, snapshots of machines as SNAPSHOTs, and one that stands for nothing to copy from. */
export class VsphereImages implements MachineImages {
  constructor(private readonly wire: Wire) {}

  async *list(context: CallContext): Pages {
    let first = this.#blank();
    for await (const page of everything(this.wire, WANTED, context)) {
      yield [...first, ...this.#items(page)];
      first = [];
    }
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<Item[]> {
    const wanted = new Set(keys);
    const refs = [...wanted].filter((key) => key !== BLANK && isKey(key)).map((key) => (isSnapshotKey(key) ? snapshotRef(key) : vm(key)));
    const blank = this.#blank().filter(({ key }) => wanted.has(key));
    if (refs.length === 0) return blank;
    const found = await objects(this.wire, refs, { ...WANTED, VirtualMachineSnapshot: ['vm'] }, context);
    const machines = found.filter(({ ref }) => ref.type === 'VirtualMachine');
    const known = new Set(machines.map(({ ref }) => ref.value));
    const owners = found.flatMap(({ properties }) => refOf(properties.get('vm')) ?? []).filter(({ value }) => !known.has(value));
    const unique = [...new Map(owners.map((ref) => [ref.value, ref])).values()];
    const more = unique.length === 0 ? [] : await objects(this.wire, unique, WANTED, context);
    return [...blank, ...this.#items([...machines, ...more]).filter(({ key }) => wanted.has(key))];
  }

  async find(marks: Marks, context: CallContext): Promise<Item[]> {
    const found: Item[] = [];
    for await (const page of this.list(context)) found.push(...page.filter((item) => item.tag === marks.tag));
    return found;
  }

  holds(naming: Naming): Naming {
    return holdsTexts(naming);
  }

  /** A template takes another name and annotation and nothing else (its extraConfig cannot be changed). */
  async rename(key: string, naming: Naming, context: CallContext): Promise<void> {
    const { name, description = '' } = holdsTexts(naming);
    if (isSnapshotKey(key)) {
      const node = await this.#branch(key, context);
      if (!node) throw notThere(key);
      const { tag, token } = readSnapshotDescription(node.item.description);
      const marked = tag === undefined ? description : snapshotDescription(description, { tag, token: token ?? '' });
      const label = tag === undefined ? (name ?? node.item.name ?? key) : (name ?? inventoryName(undefined, tag));
      await this.wire.call('RenameSnapshot', snapshotRef(key), { name: label, description: marked }, context);
      return;
    }
    const [seen] = await objects(this.wire, [vm(key)], WANTED, context);
    if (!seen || !isTemplate(seen)) throw notThere(key);
    const tag = extraOf(seen.properties.get('config.extraConfig')).get(EXTRA.id);
    const label = tag === undefined ? name : inventoryName(name, tag);
    await this.#done(
      await this.wire.call('ReconfigVM_Task', vm(key), { spec: { name: label, annotation: description } }, context),
      context,
    );
  }

  /** IMAGE: a clone that is a template. SNAPSHOT: of the disks, and of the memory of a machine that runs. */
  async capture(request: CaptureMachine, context: CallContext): Promise<Created> {
    const paths = [...IMAGE_PATHS, 'parent'];
    const [seen] = await objects(this.wire, [vm(request.machine)], { VirtualMachine: paths }, context);
    if (!seen || isTemplate(seen)) throw notThere(request.machine);
    if (request.type === 'IMAGE') return this.#template(seen, request, context);
    const first = snapshotsOf(seen).find(({ item }) => readSnapshotDescription(item.description).tag === request.tag);
    if (first?.item.snapshot) return { key: first.item.snapshot.value };
    const held = holdsTexts(request);
    const parameters = {
      name: held.name ?? inventoryName(undefined, request.tag),
      description: snapshotDescription(held.description, request),
      memory: text(seen, 'runtime.powerState') === 'poweredOn',
      quiesce: false,
    };
    const made = await this.#done(await this.wire.call('CreateSnapshot_Task', seen.ref, parameters, context), context);
    return keyOf(made, 'CreateSnapshot_Task');
  }

  async #template(seen: Seen, request: CaptureMachine, context: CallContext): Promise<Created> {
    const folder = refOf(seen.properties.get('parent'));
    if (!folder)
      throw new ProviderError('unsupported', 'a machine inside a vApp cannot be captured: take a snapshot', { maybeDone: false });
    const held = holdsTexts(request);
    const extra = { [EXTRA.id]: request.tag, [EXTRA.token]: request.token, [EXTRA.properties]: '', [EXTRA.start]: '' };
    const config = { instanceUuid: uuidOf(request.tag), annotation: held.description ?? '', extraConfig: extraList(extra) };
    const spec = { location: {}, template: true, config, powerOn: false };
    try {
      const name = inventoryName(held.name, request.tag);
      const made = await this.#done(await this.wire.call('CloneVM_Task', seen.ref, { folder, name, spec }, context), context);
      return keyOf(made, 'CloneVM_Task');
    } catch (error) {
      if (!(error instanceof ProviderError) || error.code !== 'DuplicateName') throw error;
      const [first] = await this.find(request, context);
      if (!first) throw error;
      return { key: first.key };
    }
  }

  /** A snapshot's children go on below its parent; a template goes with its files. */
  async delete(key: string, context: CallContext): Promise<void> {
    if (key === BLANK || !isKey(key)) return;
    try {
      if (isSnapshotKey(key)) {
        // It is gone, too, where its machine is.
        if (!(await this.#branch(key, context))) return;
        await this.#done(await this.wire.call('RemoveSnapshot_Task', snapshotRef(key), { removeChildren: false }, context), context);
        return;
      }
      const [seen] = await objects(this.wire, [vm(key)], { VirtualMachine: ['config.template', 'summary.config.template'] }, context);
      // A machine is no image: what is not there is gone.
      if (seen && isTemplate(seen)) await this.#done(await this.wire.call('Destroy_Task', seen.ref, {}, context), context);
    } catch (error) {
      if (!(error instanceof ProviderError) || error.code !== 'ManagedObjectNotFound') throw error;
    }
  }

  async #done(task: Ref, context: CallContext): Promise<unknown> {
    return finished(this.wire, task, context);
  }

  /** The snapshot in the tree of its machine. */
  async #branch(key: string, context: CallContext): Promise<Branch | undefined> {
    const [seen] = await objects(this.wire, [snapshotRef(key)], { VirtualMachineSnapshot: ['vm'] }, context);
    const machine = refOf(seen?.properties.get('vm'));
    const [owner] = machine ? await objects(this.wire, [machine], { VirtualMachine: ['snapshot'] }, context) : [];
    return owner && snapshotsOf(owner).find(({ item }) => item.snapshot?.value === key);
  }

  #items(page: readonly Seen[]): Item[] {
    return page.flatMap((seen) => imageItems(seen, this.wire.host));
  }

  #blank(): Item[] {
    return this.wire.options.blankImage ? [blankItem(this.wire.host)] : [];
  }
}

function notThere(key: string): ProviderError {
  return new ProviderError('notFound', `vCenter has no ${key}`, { maybeDone: false });
}

/** The key of what a task made. */
export function keyOf(made: unknown, method: string): Created {
  const ref = refOf(made);
  if (!ref) throw new ProviderError('unavailable', `${method} ended without telling what it made`, { maybeDone: true });
  return { key: ref.value };
}
