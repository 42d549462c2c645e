import type { CallContext, CaptureMachine, Created, Outcome } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Wire } from './client';
import { objects, present, type Seen } from './collector';
import { devicesOf, refusesMemory } from './hardware';
import { IMAGE_PATHS, snapshotsOf } from './image-item';
import { keyPicked, vm } from './keys';
import { named } from './machines';
import { isTemplate, isTold, refOf, text } from './machine-item';
import { MANAGED_PATH, refuseManaged } from './managed';
import {
  EXTRA,
  extraList,
  extraOf,
  holdsTexts,
  inventoryName,
  readSnapshotDescription,
  snapshotDescription,
  suffixOf,
  uuidOf,
} from './naming';
import type { Entry, Operations, Stages } from './operations';
import type { Scans } from './scans';

type Capturing = { machine: string; tag: string; token: string; name?: string; description?: string };

const PATHS: readonly string[] = [...IMAGE_PATHS, 'parent', 'config.hardware.device', MANAGED_PATH];

/** Makes images of machines: snapshots, and clones that are templates. */
export class Captures {
  readonly #snapshot: Entry<Capturing, Created>;
  readonly #template: Entry<Capturing, Created>;

  constructor(
    private readonly wire: Wire,
    operations: Operations,
    private readonly scans: Scans,
  ) {
    this.#snapshot = operations.define('images.snapshot', (request, stages) => this.#snapshotting(request, stages));
    this.#template = operations.define('images.template', (request, stages) => this.#copying(request, stages));
  }

  async capture(request: CaptureMachine, context: CallContext): Promise<Outcome<Created>> {
    const { machine, tag, token, type } = request;
    const { name, description } = holdsTexts(request);
    const args = { machine, tag, token, ...(name === undefined ? {} : { name }), ...(description === undefined ? {} : { description }) };
    return type === 'IMAGE' ? this.#template(args, context) : this.#snapshot(args, context);
  }

  /** A snapshot has no fence: what an earlier call began is waited for, and then looked for by its tag. */
  async #snapshotting(request: Capturing, stages: Stages): Promise<Created> {
    const { machine, tag, token, name, description } = request;
    await stages.earlier(vm(machine), 'CreateSnapshot_Task');
    const key = await stages.task<string>(
      'snapshot',
      async () => {
        const seen = await this.#machine(machine, stages.context);
        const first = snapshotsOf(seen).find(({ item }) => readSnapshotDescription(item.description).tag === tag)?.item.snapshot;
        if (first) return { known: first.value };
        const parameters = {
          name: name ?? inventoryName(undefined, tag),
          description: snapshotDescription(description, { tag, token }),
          memory: this.#withMemory(seen),
          quiesce: false,
        };
        return this.wire.begin('CreateSnapshot_Task', vm(machine), parameters, stages.context);
      },
      { pick: keyPicked },
    );
    return { key };
  }

  /** Tells whether the snapshot includes the memory: of a machine that runs, unless one of its devices does not allow it. */
  #withMemory(seen: Seen): boolean {
    if (text(seen, 'runtime.powerState') !== 'poweredOn') return false;
    const reason = refusesMemory(devicesOf(seen.properties.get('config.hardware.device')));
    if (reason === undefined) return true;
    this.wire.warn('a snapshot of a running machine is taken without its memory', { key: seen.ref.value, reason });
    return false;
  }

  /** The name is the fence, as a machine's is. */
  async #copying(request: Capturing, stages: Stages): Promise<Created> {
    const { machine, tag, token, name, description } = request;
    if (!stages.began('clone') && stages.repeated !== undefined) await this.#adopted(request, stages);
    const begin = async () => {
      const seen = await this.#machine(machine, stages.context);
      const folder = refOf(seen.properties.get('parent'));
      if (!folder)
        throw new ProviderError('unsupported', 'a machine inside a vApp cannot be captured: take a snapshot', { maybeDone: false });
      const extra = { [EXTRA.id]: tag, [EXTRA.token]: token, [EXTRA.properties]: '', [EXTRA.start]: '' };
      const config = { instanceUuid: uuidOf(tag), annotation: description ?? '', extraConfig: extraList(extra) };
      const spec = { location: {}, template: true, config, powerOn: false };
      return this.wire.begin('CloneVM_Task', seen.ref, { folder, name: inventoryName(name, tag), spec }, stages.context);
    };
    try {
      return { key: await stages.task('clone', begin, { pick: keyPicked }) };
    } catch (error) {
      if (!(error instanceof ProviderError) || error.code !== 'DuplicateName') throw error;
      const first = await this.#adopted(request, stages);
      if (first === undefined) throw error;
      return { key: first };
    }
  }

  /** Returns the key of what this very capture made before; leaves the operation while that is under way. */
  async #adopted({ tag }: Capturing, stages: Stages): Promise<string | undefined> {
    const { context } = stages;
    const refs = await this.scans.read(`templates ${tag}`, (own) => named(this.wire, tag, own), context);
    const found = await objects(this.wire, refs, { VirtualMachine: IMAGE_PATHS }, context);
    if (found.some((seen) => this.isUnderWay(seen, tag))) throw stages.pending('vCenter is still making the template');
    const first = found.find((seen) => isTemplate(seen) && extraOf(seen.properties.get('config.extraConfig')).get(EXTRA.id) === tag);
    return first && stages.once('clone', () => Promise.resolve(first.ref.value));
  }

  /** Tells whether it is the template with this tag, of which vCenter does not tell the configuration yet. */
  isUnderWay(seen: Seen, tag: string): boolean {
    return !isTold(seen) && seen.missing.size === 0 && text(seen, 'name')?.endsWith(`-${suffixOf(tag)}`) === true;
  }

  async #machine(key: string, context: CallContext): Promise<Seen> {
    const seen = await present(this.wire, vm(key), PATHS, context);
    if (isTemplate(seen)) throw new ProviderError('invalid', `${key} is a template, no machine`, { maybeDone: false });
    refuseManaged(seen);
    return seen;
  }
}
