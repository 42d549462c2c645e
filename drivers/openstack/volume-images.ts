import type { CallContext, Created, Item, Marks, Naming, Pages } from '../../src/clouds/driver';
import { Gone, ProviderError } from '../../src/clouds/errors';
import type { CreateVolumeImage, VolumeImages } from '../../src/clouds/infrastructure';
import { described, type Snapshot, type Volume } from './cinder';
import type { Wire } from './client';
import { doc, text } from './documents';
import { createMetadata, holds, TAG } from './naming';
import { answers, byIds, present, shown } from './reads';
import { reading } from './states';
import { SNAPSHOT } from './storage-states';
import { messagesOf, removeSnapshot, renameVolume } from './volume-work';

/** Key that tells whether volumes made of the image boot; Cinder knows that only of volumes. */
const BOOTABLE = 'cimi:bootable';

/** Cinder snapshots as VolumeImages. */
export class OpenstackVolumeImages implements VolumeImages {
  constructor(private readonly wire: Wire) {}

  async *list(context: CallContext): Pages {
    for await (const page of this.wire.pages('snapshot', context)) yield shown(await this.#items(page, context));
  }

  getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    const read = (ids: readonly string[]) => byIds(this.wire, 'snapshot', ids, context);
    return answers('snapshot', keys, read, async (snapshots) =>
      messagesOf(this.wire, 'VOLUME_SNAPSHOT', await this.#items(snapshots, context), context),
    );
  }

  /** Finds by metadata, which Cinder filters for from 3.22 on; each hit is checked again. */
  async find({ tag }: Marks, context: CallContext): Promise<Item[]> {
    const filter = (await this.wire.speaks('volume', '3.22', context)) ? { metadata: `{'${TAG.id}':'${tag}'}` } : {};
    const snapshots = await this.wire.all('snapshot', context, filter);
    const own = snapshots.filter(({ metadata }) => metadata[TAG.id] === tag);
    return shown(await this.#items(own, context));
  }

  /** Builds the items; whether a snapshot made elsewhere boots is read from its volume, and not told where that can't be read. */
  async #items(snapshots: readonly Snapshot[], context: CallContext): Promise<(Item | Gone)[]> {
    const elsewhere = snapshots.filter(({ metadata }) => metadata[BOOTABLE] === undefined).flatMap(({ volume_id: id }) => id ?? []);
    const volumes = elsewhere.length === 0 ? [] : await this.#volumes(elsewhere, context);
    const booting = new Map(volumes.map(({ id, bootable }) => [id, bootable]));
    return snapshots.map((snapshot) => snapshotItem(snapshot, booting));
  }

  async #volumes(ids: readonly string[], context: CallContext): Promise<Volume[]> {
    try {
      return present(await byIds(this.wire, 'volume', ids, context));
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      this.wire.warn('Whether snapshots made elsewhere boot is not told: their volumes cannot be read', { reason: error.message });
      return [];
    }
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
    const ask = { method: 'POST' as const, path: '/snapshots', body: { snapshot: body }, member: 'snapshot' };
    const id = text(doc((await this.wire.send('volume', ask, context)).snapshot).id);
    if (id === undefined) throw new ProviderError('unavailable', 'Cinder answered without a snapshot', { maybeDone: true });
    return { key: id };
  }

  rename(key: string, naming: Naming, context: CallContext): Promise<void> {
    return renameVolume(this.wire, 'snapshot', key, naming, context);
  }

  delete(key: string, context: CallContext): Promise<void> {
    return removeSnapshot(this.wire, key, context);
  }
}

function snapshotItem(snapshot: Snapshot, booting: ReadonlyMap<string, boolean>): Item | Gone {
  const { id, status, volume_id: volume = '' } = snapshot;
  const { state, unmapped } = reading(SNAPSHOT, status);
  if (state === 'absent') return Gone.shown({ type: 'snapshot', key: id }, `Cinder shows the snapshot ${id} as ${status}`);
  const { values, marks } = described(snapshot);
  const told = snapshot.metadata[BOOTABLE];
  const bootable = told === undefined ? booting.get(volume) : told === 'true';
  return {
    key: id,
    values: {
      ...values,
      state,
      imageLocation: { href: `urn:openstack:volume-snapshot:${id}` },
      ...(bootable === undefined ? {} : { bootable }),
    },
    ...marks,
    ...(unmapped === undefined ? {} : { unmappedState: unmapped }),
  };
}
