import type {
  CallContext,
  CaptureMachine,
  Created,
  DownloadedImage,
  Item,
  MachineImages,
  Marks,
  Naming,
  Outcome,
  Pages,
  UploadImage,
} from '../../src/clouds/driver';
import { Gone, ProviderError } from '../../src/clouds/errors';
import { Captures } from './captures';
import type { Wire } from './client';
import { answers, everything, ifThere, objects, present, type Seen, told } from './collector';
import { BLANK, blankItem, type Branch, IMAGE_PATHS, imageItems, snapshotsOf } from './image-item';
import { download } from './image-download';
import { Uploads } from './image-upload';
import { isKey, isSnapshotKey, snapshotRef, vm } from './keys';
import { isHalfImage, isTemplate, isTold, refOf } from './machine-item';
import { MANAGED_PATH, refuseManaged } from './managed';
import { EXTRA, extraOf, holdsTexts, inventoryName, readSnapshotDescription, snapshotDescription, uuidOf } from './naming';
import type { Entry, Operations, Stages } from './operations';
import { readEach } from './partial';
import type { Scans } from './scans';

const WANTED = { VirtualMachine: IMAGE_PATHS };
const TEMPLATE_PATHS: readonly string[] = [
  'config.template',
  'summary.config.template',
  'config.extraConfig',
  'runtime.powerState',
  MANAGED_PATH,
];

/** Templates as IMAGEs, snapshots of machines as SNAPSHOTs, and one that stands for nothing to copy from. */
export class VsphereImages implements MachineImages {
  readonly #captures: Captures;
  readonly #uploads: Uploads;
  readonly #rename: Entry<{ key: string; name?: string; description: string }, void>;
  readonly #delete: Entry<{ key: string }, void>;

  constructor(
    private readonly wire: Wire,
    operations: Operations,
    private readonly scans: Scans,
  ) {
    this.#captures = new Captures(wire, operations, scans);
    this.#uploads = new Uploads(wire);
    this.#rename = operations.define('images.rename', (to, stages) => this.#renaming(to, stages));
    this.#delete = operations.define('images.delete', ({ key }, stages) => this.#deleting(key, stages));
  }

  async *list(context: CallContext): Pages {
    let first = this.#blank();
    for await (const page of everything(this.wire, WANTED, context)) {
      yield [...first, ...this.#items(page)];
      first = [];
    }
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    const wanted = [...new Set(keys)].filter((key) => key !== BLANK && isKey(key));
    const refs = wanted.map((key) => (isSnapshotKey(key) ? snapshotRef(key) : vm(key)));
    const first = refs.length === 0 ? undefined : await told(this.wire, refs, { ...WANTED, VirtualMachineSnapshot: ['vm'] }, context);
    const machines = (first?.seen ?? []).filter(({ ref }) => ref.type === 'VirtualMachine');
    const known = new Set(machines.map(({ ref }) => ref.value));
    const owners = new Map(
      (first?.seen ?? []).flatMap(({ ref, properties }) => {
        const owner = refOf(properties.get('vm'));
        return owner ? [[ref.value, owner] as const] : [];
      }),
    );
    const unique = [...new Map([...owners.values()].map((ref) => [ref.value, ref])).values()].filter(({ value }) => !known.has(value));
    const more = unique.length === 0 ? undefined : await told(this.wire, unique, WANTED, context);
    const all = new Map([...machines, ...(more?.seen ?? [])].map((seen) => [seen.ref.value, seen]));
    const items = [...this.#blank(), ...this.#items([...all.values()])];
    return answers(keys, items, (key) => {
      const thing = { type: isSnapshotKey(key) ? 'VirtualMachineSnapshot' : 'VirtualMachine', key };
      if (key === BLANK || !isKey(key)) return Gone.impossible(thing);
      const proof = first?.gone.get(key) ?? more?.gone.get(owners.get(key)?.value ?? '')?.as(thing);
      return proof ?? shownGone(thing, all.get(owners.get(key)?.value ?? key));
    });
  }

  /** A template is in the index, by its instance UUID; for a snapshot all machines are read. */
  async find(marks: Marks, context: CallContext): Promise<Item[]> {
    const { searchIndex } = await this.wire.service(context);
    const query = { uuid: uuidOf(marks.tag), vmSearch: true, instanceUuid: true };
    const refs = (await this.wire.call('FindAllByUuid', searchIndex, query, context)) ?? [];
    const own = (items: readonly Item[]) => items.filter((item) => item.tag === marks.tag);
    const templates = own(this.#items(await objects(this.wire, refs, WANTED, context)));
    if (templates.length > 0) return templates;
    return this.scans.read(
      `images ${marks.tag}`,
      async (patient) => {
        const found: Item[] = [];
        for await (const page of everything(this.wire, WANTED, patient))
          found.push(...own(this.#items(page)), ...this.#underWay(page, marks.tag));
        return found;
      },
      context,
    );
  }

  /** A template that is being made tells no configuration yet: its name is known by its end, and the same capture goes on with it. */
  #underWay(page: readonly Seen[], tag: string): Item[] {
    return page
      .filter((seen) => this.#captures.isUnderWay(seen, tag))
      .map(({ ref }) => ({ key: ref.value, values: { state: 'CREATING', type: 'IMAGE' }, tag, unfinished: true }));
  }

  holds(naming: Naming): Naming {
    return holdsTexts(naming);
  }

  /** A template takes another name and annotation and nothing else (its extraConfig cannot be changed). */
  rename(key: string, naming: Naming, context: CallContext): Promise<Outcome> {
    const { name, description = '' } = holdsTexts(naming);
    return this.#rename({ key, description, ...(name === undefined ? {} : { name }) }, context);
  }

  async #renaming(to: { key: string; name?: string; description: string }, stages: Stages): Promise<void> {
    const { key, name, description } = to;
    const { context } = stages;
    if (isSnapshotKey(key)) return this.#renameSnapshot(to, context);
    await stages.task('rename', async () => {
      const seen = await present(this.wire, vm(key), [...IMAGE_PATHS, MANAGED_PATH], context);
      if (!isTemplate(seen)) throw noImage(key);
      refuseManaged(seen);
      const tag = extraOf(seen.properties.get('config.extraConfig')).get(EXTRA.id);
      const label = tag === undefined ? name : inventoryName(name, tag);
      return this.wire.begin('ReconfigVM_Task', vm(key), { spec: { name: label, annotation: description } }, context);
    });
  }

  async #renameSnapshot({ key, name, description }: { key: string; name?: string; description: string }, context: CallContext) {
    const node = await this.#branch(key, context);
    if (!node) throw noImage(key);
    const { tag, token } = readSnapshotDescription(node.item.description);
    const marked = tag === undefined ? description : snapshotDescription(description, { tag, token: token ?? '' });
    const label = tag === undefined ? (name ?? node.item.name ?? key) : (name ?? inventoryName(undefined, tag));
    await this.wire.call('RenameSnapshot', snapshotRef(key), { name: label, description: marked }, context);
  }

  /** IMAGE: a clone that is a template. SNAPSHOT: of the disks, and of the memory of a machine that runs. */
  async capture(request: CaptureMachine, context: CallContext): Promise<Outcome<Created>> {
    return this.#captures.capture(request, context);
  }

  /** A template of a disk from elsewhere, which is sent to the host that it is to lie on. */
  async upload(request: UploadImage, context: CallContext): Promise<Outcome<Created>> {
    return this.#uploads.upload(request, context);
  }

  /** Reads the first disk of a template or snapshot from the host that it lies on. */
  async download(key: string, context: CallContext): Promise<DownloadedImage> {
    return download(this.wire, key, context);
  }

  async delete(key: string, context: CallContext): Promise<Outcome> {
    return key === BLANK || !isKey(key) ? undefined : this.#delete({ key }, context);
  }

  /** A snapshot's children go on below its parent; a template goes with its files. A machine is no image: what is not there is gone. */
  async #deleting(key: string, stages: Stages): Promise<void> {
    const ref = isSnapshotKey(key) ? snapshotRef(key) : vm(key);
    try {
      if (isSnapshotKey(key)) {
        // It is gone, too, where its machine is.
        if (!stages.began('remove') && !(await this.#branch(key, stages.context))) return;
        const remove = () => this.wire.begin('RemoveSnapshot_Task', ref, { removeChildren: false }, stages.context);
        await stages.task('remove', remove);
      } else {
        const seen = await ifThere(this.wire, ref, TEMPLATE_PATHS, stages.context);
        const half = seen !== undefined && isHalfImage(seen);
        if (!seen || !(half || isTemplate(seen))) return;
        refuseManaged(seen);
        if (half) await this.#uploads.giveUp(extraOf(seen.properties.get('config.extraConfig')).get(EXTRA.id) ?? '');
        await stages.task('destroy', () => this.wire.begin('Destroy_Task', ref, {}, stages.context));
      }
    } catch (error) {
      if (!(error instanceof Gone) || error.key !== key) throw error;
    }
  }

  /** The snapshot in the tree of its machine; undefined where vCenter proves that it is gone, alone or with the machine. */
  async #branch(key: string, context: CallContext): Promise<Branch | undefined> {
    const seen = await ifThere(this.wire, snapshotRef(key), ['vm'], context);
    if (!seen) return undefined;
    const machine = refOf(seen.properties.get('vm'));
    if (!machine) throw new ProviderError('unavailable', `vCenter does not tell whose snapshot ${key} is`, { maybeDone: false });
    const owner = await ifThere(this.wire, machine, ['snapshot'], context);
    return owner && snapshotsOf(owner).find(({ item }) => item.snapshot?.value === key);
  }

  #items(page: readonly Seen[]): Item[] {
    return page.flatMap((seen) => readEach(seen, (each) => imageItems(each, this.wire.host), this.wire, 'MachineImage'));
  }

  #blank(): Item[] {
    return this.wire.options.blankImage ? [blankItem(this.wire.host)] : [];
  }
}

/** A machine that is no template is no image; one whose snapshots are told, without this one, proves that it is gone. */
function shownGone(thing: { type: string; key: string }, owner: Seen | undefined): Gone | undefined {
  if (!owner) return undefined;
  if (owner.ref.value === thing.key) return isTold(owner) ? Gone.shown(thing, `${thing.key} is a machine, no template`) : undefined;
  return owner.missing.has('snapshot') ? undefined : Gone.shown(thing, `${owner.ref.value} has no snapshot ${thing.key}`);
}

function noImage(key: string): ProviderError {
  return new ProviderError('invalid', `${key} is not an image`, { maybeDone: false });
}
