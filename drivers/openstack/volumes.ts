import type { CallContext, Created, Item, Marks, Naming, Outcome, Pages, WorkHandle } from '../../src/clouds/driver';
import { Gone, ProviderError } from '../../src/clouds/errors';
import type { CreateVolume, Volumes } from '../../src/clouds/infrastructure';
import { gibToKb, kbToGib } from '../../src/model/units';
import { BLOCK_VOLUME, isUsualVolume } from '../../src/model/volume';
import { described, type Volume } from './cinder';
import { pathOf, type Wire } from './client';
import { isPart } from './copy-parts';
import { doc, docs, text } from './documents';
import { keptId } from './kept-images';
import { createMetadata, holds, TAG } from './naming';
import { answers, byIds, shown } from './reads';
import { doomedVolumes } from './server-volumes';
import { reading } from './states';
import { VOLUME } from './storage-states';
import { extend, isWorking, messagesOf, removeVolume, renameVolume, setBootable } from './volume-work';

/** Type URI of a volume type, before its name. */
const TYPE = 'http://cimi-gateway.org/volume-type/openstack/';
/** Metadata of a volume that is to be bootable, or not to be, and may not be so yet: it has the value that is to be. */
const BOOTABLE_MARK = 'cimi:bootable';
/** A volume that is made of an image and is to boot nothing, which Cinder takes when the contents are there. */
export interface UnbootWork extends WorkHandle {
  work: 'unboot';
  volume: string;
}

/** URI of a volume type, as `type` of Volumes tells it. */
export const typeUri = (name: string | null | undefined): string => (name ? TYPE + encodeURIComponent(name) : BLOCK_VOLUME);

/** Cinder volumes as Volumes; those that go with their server are its Disks. */
export class OpenstackVolumes implements Volumes {
  readonly changes = { capacity: 'sets', bootable: 'sets' } as const;
  private zones: Promise<readonly string[]> | undefined;

  constructor(private readonly wire: Wire) {}

  async *list(context: CallContext): Pages {
    const doomed = doomedVolumes(this.wire, context);
    for await (const page of this.wire.pages('volume', context)) yield shown(await items(page, doomed));
  }

  getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    const read = (ids: readonly string[]) => byIds(this.wire, 'volume', ids, context);
    return answers('volume', keys, read, async (volumes) => {
      const found = await items(volumes, doomedVolumes(this.wire, context));
      return messagesOf(this.wire, 'VOLUME', found, context);
    });
  }

  /** Finds by metadata; each hit is checked again. */
  async find(marks: Marks, context: CallContext): Promise<Item[]> {
    return (await this.#marked(marks, context)).flatMap(({ volume, item }) => ({ ...item, ...unfinished(volume) }));
  }

  async #marked({ tag }: Marks, context: CallContext): Promise<{ volume: Volume; item: Item }[]> {
    const volumes = await this.wire.all('volume', context, { metadata: `{'${TAG.id}':'${tag}'}` });
    return volumes
      .filter((volume) => volume.metadata[TAG.id] === tag && !isPart(volume))
      .flatMap((volume) => {
        const item = volumeItem(volume);
        return item instanceof Gone ? [] : [{ volume, item }];
      });
  }

  holds(naming: Naming): Naming {
    return holds(naming);
  }

  /** Cinder has no idempotency token: what carries the token already is gone on with. */
  async create(request: CreateVolume, context: CallContext): Promise<Outcome<Created>> {
    const [first] = (await this.#marked(request, context)).filter(({ item }) => item.token === request.token);
    const volume = first?.volume ?? (await this.#post(request, context));
    const wanted = volume.metadata[BOOTABLE_MARK];
    if (wanted === 'false') return unbooting(this.wire, { work: 'unboot', volume: volume.id }, context);
    if (wanted !== undefined) await becomes(this.wire, volume.id, true, context);
    return { key: volume.id };
  }

  async #post(request: CreateVolume, context: CallContext): Promise<Volume> {
    const { extensions = {}, image } = request;
    const { name, description } = holds(request);
    const zone = await this.#zoneOf(request, context);
    const source = extensions.sourceImage;
    const kept = image === undefined ? undefined : keptId(image);
    // Of an image or a bootable volume's snapshot Cinder makes it bootable by itself.
    const toBoot = request.bootable === true && image === undefined && source === undefined;
    const boots = toBoot ? 'true' : kept !== undefined && request.bootable !== true ? 'false' : undefined;
    const type = await this.#typeOf(request.type, context);
    const volume = {
      size: kbToGib(request.capacity),
      ...(name === undefined ? {} : { name }),
      ...(description === undefined ? {} : { description }),
      metadata: { ...createMetadata(request), ...(boots === undefined ? {} : { [BOOTABLE_MARK]: boots }) },
      ...(type === undefined ? {} : { volume_type: type }),
      ...(kept !== undefined ? { imageRef: kept } : image === undefined ? {} : { snapshot_id: image }),
      ...(typeof source === 'string' ? { imageRef: source } : {}),
      ...(zone === undefined ? {} : { availability_zone: zone }),
    };
    const answer = await this.wire.send('volume', { method: 'POST', path: '/volumes', body: { volume }, member: 'volume' }, context);
    const id = text(doc(answer.volume).id);
    if (id === undefined) throw new ProviderError('unavailable', 'Cinder answered without a volume', { maybeDone: true });
    return { id, status: 'creating', bootable: false, metadata: volume.metadata };
  }

  /** The zone asked for, else that of the machine it is made for, where Cinder has one of that name. */
  async #zoneOf({ extensions = {}, machine }: CreateVolume, context: CallContext): Promise<string | undefined> {
    const asked = text(extensions.availabilityZone);
    if (asked !== undefined || machine === undefined || this.wire.options.volumeZone === 'any') return asked;
    const zones = await this.#zones(context);
    // A cloud with one zone puts it there anyway.
    if (zones.length < 2) return undefined;
    const zone = (await this.wire.one('server', machine, context))['OS-EXT-AZ:availability_zone'];
    return zone !== undefined && zones.includes(zone) ? zone : undefined;
  }

  async #zones(context: CallContext): Promise<readonly string[]> {
    this.zones ??= this.wire
      .get('volume', '/os-availability-zone', 'availabilityZoneInfo', context)
      .then(({ availabilityZoneInfo: zones }) => docs(zones).flatMap(({ zoneName }) => text(zoneName) ?? []));
    try {
      return await this.zones;
    } catch (error) {
      this.zones = undefined;
      throw error;
    }
  }

  /** The name of the type that a URI means. @throws ProviderError (invalid) naming those to be had */
  async #typeOf(uri: string | undefined, context: CallContext): Promise<string | undefined> {
    if (uri === undefined || isUsualVolume(uri)) return undefined;
    if (uri.startsWith(TYPE)) return decodeURIComponent(uri.slice(TYPE.length));
    const { volume_types: types } = await this.wire.get('volume', '/types', 'volume_types', context);
    const known = docs(types)
      .flatMap(({ name }) => text(name) ?? [])
      .map(typeUri)
      .join(', ');
    throw new ProviderError('invalid', `type: there is no volume type ${uri}; there are: ${known}`, { maybeDone: false });
  }

  async update(key: string, to: { capacity?: number; bootable?: boolean }, context: CallContext): Promise<Outcome> {
    if (to.bootable !== undefined) await setBootable(this.wire, key, to.bootable, context);
    if (to.capacity !== undefined) return extend(this.wire, key, to.capacity, context);
  }

  async rename(key: string, naming: Naming, context: CallContext): Promise<void> {
    await renameVolume(this.wire, 'volume', key, naming, context);
  }

  delete(key: string, context: CallContext): Promise<void> {
    return removeVolume(this.wire, key, context);
  }
}

async function becomes(wire: Wire, id: string, bootable: boolean, context: CallContext): Promise<void> {
  await setBootable(wire, id, bootable, context);
  const path = `${pathOf('volume', id)}/metadata/${encodeURIComponent(BOOTABLE_MARK)}`;
  await wire.send('volume', { method: 'DELETE', path, answers: [200, 202, 204] }, context);
}

/** Waits for the contents of a volume, of which Cinder says at their end that it boots, and says that it does not. */
export async function unbooting(wire: Wire, work: UnbootWork, context: CallContext): Promise<Outcome<Created>> {
  const { id, status, metadata } = await wire.one('volume', work.volume, context);
  if (isWorking(status)) return { ongoing: work, message: `Cinder makes the volume of its image (it is ${status})` };
  // One in ERROR is there, and says so by itself.
  if (metadata[BOOTABLE_MARK] !== undefined && status !== 'error') await becomes(wire, id, false, context);
  return { key: id };
}

const unfinished = ({ metadata }: Volume): Pick<Item, 'unfinished'> => (metadata[BOOTABLE_MARK] === undefined ? {} : { unfinished: true });

/** @param doomed tells the volumes in use that go with their server; of what it does not know nothing is said */
async function items(volumes: readonly Volume[], doomed: ReturnType<typeof doomedVolumes>): Promise<(Item | Gone)[]> {
  const goes = await doomed(volumes);
  return volumes.flatMap((volume) => {
    if (isPart(volume)) return Gone.shown({ type: 'volume', key: volume.id }, `The volume ${volume.id} is part of a copy of contents`);
    const going = goes(volume);
    if (going === undefined) return [];
    if (!going) return volumeItem(volume);
    return Gone.shown({ type: 'volume', key: volume.id }, `The volume ${volume.id} is a disk of its server and goes with it`);
  });
}

function volumeItem(volume: Volume): Item | Gone {
  const { id, size, availability_zone: zone } = volume;
  const { state, unmapped } = reading(VOLUME, volume.status);
  if (state === 'absent') return Gone.shown({ type: 'volume', key: id }, `Cinder shows the volume ${id} as ${volume.status}`);
  const { values, marks } = described(volume);
  const holder = volume.attachments?.[0]?.server_id;
  return {
    key: id,
    values: {
      ...values,
      state: size === undefined ? 'ERROR' : state,
      type: typeUri(volume.volume_type),
      ...(size === undefined ? {} : { capacity: gibToKb(size) }),
      bootable: volume.bootable,
      ...(zone === undefined ? {} : { availabilityZone: zone }),
    },
    ...marks,
    ...(unmapped === undefined ? {} : { unmappedState: unmapped }),
    ...(size === undefined ? { reason: 'Cinder does not tell how large the volume is' } : {}),
    ...(holder === undefined ? {} : { refuses: { delete: `The volume is attached to the server ${holder}` } }),
  };
}
