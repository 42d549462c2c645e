import type { CallContext, Created, Item, Marks, Naming, Pages } from '../../src/clouds/driver';
import type { CreateVolumeImage, VolumeImages } from '../../src/clouds/infrastructure';
import { described, type Snapshot } from './cinder';
import { enc, type Wire } from './client';
import { createMetadata, holds, TAG } from './naming';
import { few } from './reads';
import { reading } from './states';
import { SNAPSHOT } from './storage-states';
import { readVolumes, renameVolume } from './volumes';

const LIST = '/snapshots/detail';
/** Whether volumes made of it boot; Cinder knows that only of volumes. */
const BOOTABLE = 'cimi:bootable';

/** Cinder snapshots as VolumeImages. */
export class OpenstackVolumeImages implements VolumeImages {
  constructor(private readonly wire: Wire) {}

  async *list(context: CallContext): Pages {
    for await (const page of this.wire.pages<Snapshot>('volume', LIST, 'snapshots', context)) yield await this.#items(page, context);
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<Item[]> {
    const read = async (id: string) =>
      (await this.wire.getIfThere<{ snapshot: Snapshot }>('volume', `/snapshots/${enc(id)}`, context))?.snapshot;
    return this.#items(await few(keys, read, () => this.wire.pages<Snapshot>('volume', LIST, 'snapshots', context)), context);
  }

  /** By metadata, which Cinder filters for from 3.22 on; re-checked on each hit. */
  async find({ tag }: Marks, context: CallContext): Promise<Item[]> {
    const filter = (await this.wire.speaks('volume', '3.22', context)) ? { metadata: `{'${TAG.id}':'${tag}'}` } : {};
    const snapshots = await this.wire.all<Snapshot>('volume', LIST, 'snapshots', context, filter);
    return this.#items(
      snapshots.filter(({ metadata }) => metadata?.[TAG.id] === tag),
      context,
    );
  }

  /** Of snapshots made elsewhere, their volumes tell whether they boot. */
  async #items(snapshots: readonly Snapshot[], context: CallContext): Promise<Item[]> {
    const strangers = snapshots.filter(({ metadata }) => metadata?.[BOOTABLE] === undefined).map(({ volume_id: id }) => id);
    const volumes = strangers.length === 0 ? [] : await readVolumes(this.wire, strangers, context);
    const booting = new Set(volumes.filter(({ bootable }) => bootable === 'true').map(({ id }) => id));
    return snapshots.flatMap((snapshot) => snapshotItem(snapshot, booting));
  }

  holds(naming: Naming): Naming {
    return holds(naming);
  }

  async create(request: CreateVolumeImage, context: CallContext): Promise<Created> {
    const [first] = (await this.find(request, context)).filter(({ token }) => token === request.token);
    if (first) return { key: first.key };
    const { name, description } = holds(request);
    const body = {
      volume_id: request.volume,
      ...(name === undefined ? {} : { name }),
      ...(description === undefined ? {} : { description }),
      metadata: { ...createMetadata(request), [BOOTABLE]: String(request.bootable === true) },
      // From 3.66 on a volume in use needs no force, and the word is refused.
      ...((await this.wire.speaks('volume', '3.66', context)) ? {} : { force: true }),
    };
    const { snapshot } = await this.wire.post<{ snapshot: Snapshot }>('volume', '/snapshots', { snapshot: body }, context);
    return { key: snapshot.id };
  }

  rename(key: string, naming: Naming, context: CallContext): Promise<void> {
    return renameVolume(this.wire, 'snapshot', key, naming, context);
  }

  delete(key: string, context: CallContext): Promise<void> {
    return this.wire.delete('volume', `/snapshots/${enc(key)}`, context);
  }
}

function snapshotItem(snapshot: Snapshot, booting: ReadonlySet<string>): Item[] {
  const { state, unmapped } = reading(SNAPSHOT, snapshot.status);
  if (state === 'absent') return [];
  const { values, marks } = described(snapshot);
  const bootable = snapshot.metadata?.[BOOTABLE];
  return [
    {
      key: snapshot.id,
      values: {
        ...values,
        state,
        imageLocation: { href: `urn:openstack:volume-snapshot:${snapshot.id}` },
        bootable: bootable === undefined ? booting.has(snapshot.volume_id) : bootable === 'true',
      },
      ...marks,
      ...(unmapped === undefined ? {} : { unmappedState: unmapped }),
    },
  ];
}
