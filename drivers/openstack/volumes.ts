import type { CallContext, Created, Item, Marks, Naming, Pages } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { CreateVolume, Volumes } from '../../src/clouds/infrastructure';
import { gibToKb, kbToGib } from '../../src/model/units';
import { described, type Volume } from './cinder';
import { enc, type Wire } from './client';
import { pause } from './machine-actions';
import { createMetadata, holds, marksIn, propertyMetadata, TAG } from './naming';
import { few } from './reads';
import { doomedVolumes } from './server-volumes';
import { reading } from './states';
import { VOLUME } from './storage-states';

const LIST = '/volumes/detail';
/** Type URI of a volume type, before its name. */
const TYPE = 'http://cimi-gateway.org/volume-type/openstack/';
/** Type URI of any block device: the cloud's own default type. */
const BLOCK = 'http://cimi-gateway.org/volume-type/block';
/** Metadata of a volume that is to be bootable and may not be yet. */
const TO_BOOT = 'cimi:bootable';

/** URI of a volume type, as `type` of Volumes tells it. */
export const typeUri = (name: string | null | undefined): string => (name ? TYPE + encodeURIComponent(name) : BLOCK);

/** Cinder volumes as Volumes; those that go with their server are its Disks. */
export class OpenstackVolumes implements Volumes {
  constructor(private readonly wire: Wire) {}

  async *list(context: CallContext): Pages {
    const doomed = doomedVolumes(this.wire, context);
    for await (const page of this.wire.pages<Volume>('volume', LIST, 'volumes', context)) yield await items(page, doomed);
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<Item[]> {
    return items(await readVolumes(this.wire, keys, context), doomedVolumes(this.wire, context));
  }

  /** By metadata; the filter is re-checked on each hit. */
  async find(marks: Marks, context: CallContext): Promise<Item[]> {
    return (await this.#marked(marks, context)).flatMap(({ volume, item }) => ({ ...item, ...unfinished(volume) }));
  }

  async #marked({ tag }: Marks, context: CallContext): Promise<{ volume: Volume; item: Item }[]> {
    const filter = { metadata: `{'${TAG.id}':'${tag}'}` };
    const volumes = await this.wire.all<Volume>('volume', LIST, 'volumes', context, filter);
    return volumes
      .filter(({ metadata }) => metadata?.[TAG.id] === tag)
      .flatMap((volume) => volumeItem(volume).map((item) => ({ volume, item })));
  }

  holds(naming: Naming): Naming {
    return holds(naming);
  }

  /** Cinder has no idempotency token: what carries the token already is gone on with. */
  async create(request: CreateVolume, context: CallContext): Promise<Created> {
    const [first] = (await this.#marked(request, context)).filter(({ item }) => item.token === request.token);
    const volume = first?.volume ?? (await this.#post(request, context));
    if (volume.metadata?.[TO_BOOT] !== undefined) {
      await this.#boot(volume.id, true, context);
      await this.wire.delete('volume', `/volumes/${enc(volume.id)}/metadata/${enc(TO_BOOT)}`, context);
    }
    return { key: volume.id };
  }

  async #post(request: CreateVolume, context: CallContext): Promise<Volume> {
    const { extensions = {}, image } = request;
    const { name, description } = holds(request);
    const zone = extensions.availabilityZone;
    const source = extensions.sourceImage;
    // Of an image or a bootable volume's snapshot Cinder makes it bootable by itself.
    const toBoot = request.bootable === true && image === undefined && source === undefined;
    const type = await this.#typeOf(request.type, context);
    const body = {
      size: kbToGib(request.capacity),
      ...(name === undefined ? {} : { name }),
      ...(description === undefined ? {} : { description }),
      metadata: { ...createMetadata(request), ...(toBoot ? { [TO_BOOT]: 'true' } : {}) },
      ...(type === undefined ? {} : { volume_type: type }),
      ...(image === undefined ? {} : { snapshot_id: image }),
      ...(typeof source === 'string' ? { imageRef: source } : {}),
      ...(typeof zone === 'string' ? { availability_zone: zone } : {}),
    };
    return (await this.wire.post<{ volume: Volume }>('volume', '/volumes', { volume: body }, context)).volume;
  }

  /** The name of the type that a URI means. @throws ProviderError (invalid) naming those to be had */
  async #typeOf(uri: string | undefined, context: CallContext): Promise<string | undefined> {
    if (uri === undefined || uri === BLOCK) return undefined;
    if (uri.startsWith(TYPE)) return decodeURIComponent(uri.slice(TYPE.length));
    const { volume_types: types } = await this.wire.get<{ volume_types: { name: string }[] }>('volume', '/types', context);
    const known = types.map(({ name }) => typeUri(name)).join(', ');
    throw new ProviderError('invalid', `There is no volume type ${uri}; there are: ${known}`, { maybeDone: false });
  }

  async #boot(key: string, bootable: boolean, context: CallContext): Promise<void> {
    await this.wire.post('volume', `/volumes/${enc(key)}/action`, { 'os-set_bootable': { bootable } }, context);
  }

  async update(key: string, to: { capacity?: number; bootable?: boolean }, context: CallContext): Promise<void> {
    if (to.bootable !== undefined) await this.#boot(key, to.bootable, context);
    if (to.capacity !== undefined) await extendVolume(this.wire, key, to.capacity, context);
  }

  async rename(key: string, naming: Naming, context: CallContext): Promise<void> {
    await renameVolume(this.wire, 'volume', key, naming, context);
  }

  delete(key: string, context: CallContext): Promise<void> {
    return this.wire.delete('volume', `/volumes/${enc(key)}`, context);
  }
}

/** Those of these volumes that are there. */
export function readVolumes(wire: Wire, keys: readonly string[], context: CallContext): Promise<Volume[]> {
  const read = async (id: string) => (await wire.getIfThere<{ volume: Volume }>('volume', `/volumes/${enc(id)}`, context))?.volume;
  return few(keys, read, () => wire.pages<Volume>('volume', LIST, 'volumes', context));
}

/** How often a volume is looked at while it grows, in ms. */
const PACE_MS = 300;

/**
 * Makes a volume at least so large, in kB, and waits until it is; one that is, is left alone. In use Cinder takes this from
 * 3.42 on. A call that comes after one that was cut goes on where that one was.
 */
export async function extendVolume(wire: Wire, key: string, capacity: number, context: CallContext): Promise<void> {
  const size = kbToGib(capacity);
  let asked = false;
  for (; ; await pause(context, PACE_MS, 'Cinder was still busy with the volume')) {
    const { volume } = await wire.get<{ volume: Volume }>('volume', `/volumes/${enc(key)}`, context);
    if (volume.status === 'extending') continue;
    if (size <= volume.size) return;
    if (asked)
      throw new ProviderError('unavailable', `Cinder did not extend the volume (${volume.status})`, { maybeDone: false, lasting: true });
    if (volume.status === 'in-use' && !(await wire.speaks('volume', '3.42', context)))
      throw new ProviderError('conflict', 'This cloud extends volumes only while nothing uses them', { maybeDone: false });
    await wire.post('volume', `/volumes/${enc(key)}/action`, { 'os-extend': { new_size: size } }, context);
    asked = true;
  }
}

/** Writes names and properties of a volume or snapshot; what is ours in its metadata stays. */
export async function renameVolume(
  wire: Wire,
  kind: 'volume' | 'snapshot',
  key: string,
  naming: Naming,
  context: CallContext,
): Promise<void> {
  const path = `/${kind}s/${enc(key)}`;
  const before = (await wire.get<Record<string, Pick<Volume, 'metadata'>>>('volume', path, context))[kind]?.metadata ?? {};
  const { name = '', description = '' } = naming;
  await wire.put('volume', path, { [kind]: { name, description } }, context);
  await wire.put('volume', `${path}/metadata`, { metadata: { ...propertyMetadata(naming), ...marksIn(before) } }, context);
}

const unfinished = ({ metadata }: Volume): Pick<Item, 'unfinished'> => (metadata?.[TO_BOOT] === undefined ? {} : { unfinished: true });

/** @param doomed the volumes in use that go with their server, asked for only where one is in use */
async function items(volumes: readonly Volume[], doomed: () => Promise<ReadonlySet<string>>): Promise<Item[]> {
  const gone = volumes.some(({ attachments }) => attachments?.length) ? await doomed() : new Set<string>();
  return volumes.filter(({ id }) => !gone.has(id)).flatMap(volumeItem);
}

function volumeItem(volume: Volume): Item[] {
  const { state, unmapped } = reading(VOLUME, volume.status);
  if (state === 'absent') return [];
  const { values, marks } = described(volume);
  const holder = volume.attachments?.[0]?.server_id;
  return [
    {
      key: volume.id,
      values: {
        ...values,
        state,
        type: typeUri(volume.volume_type),
        capacity: gibToKb(volume.size),
        bootable: volume.bootable === 'true',
        ...(volume.availability_zone ? { availabilityZone: volume.availability_zone } : {}),
      },
      ...marks,
      ...(unmapped === undefined ? {} : { unmappedState: unmapped }),
      ...(holder === undefined ? {} : { refuses: { delete: `The volume is attached to the server ${holder}` } }),
    },
  ];
}
