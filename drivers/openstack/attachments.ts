import type { CallContext, Created, Item, Marks, Pages } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Attachments, AttachVolume } from '../../src/clouds/infrastructure';
import { usersOwn, utc, type Volume } from './cinder';
import { enc, type Wire } from './client';
import { lastWords, pause } from './machine-actions';
import type { Metadata } from './naming';
import { doomedVolumes } from './server-volumes';
import { readVolumes } from './volumes';

/**
 * Metadata of a volume that tells which attachment a server has it by: neither Nova nor Cinder keeps words with an
 * attachment. Followed by the server's id.
 */
const TAG = 'cimi:attached:';
const TOKEN = 'cimi:attached-token:';

/** Statuses of a volume that is about to be in use. */
const COMING: readonly string[] = ['reserved', 'attaching'];
/** How often a volume is looked at while it is being attached, in ms. */
const PACE_MS = 300;
const BUSY = 'Nova was still attaching the volume';

const keyOf = (server: string, volume: string): string => `${server}:${volume}`;
function partsOf(key: string): { server: string; volume: string } {
  const [server = '', volume = ''] = key.split(':');
  return { server, volume };
}

/** Volumes attached to servers as MachineVolumes; those that go with their server are its Disks. */
export class OpenstackAttachments implements Attachments {
  constructor(private readonly wire: Wire) {}

  async *list(context: CallContext): Pages {
    const doomed = doomedVolumes(this.wire, context);
    for await (const page of this.wire.pages<Volume>('volume', '/volumes/detail', 'volumes', context)) yield await itemsOf(page, doomed);
  }

  async getMany(keys: readonly string[], context: CallContext): Promise<Item[]> {
    const volumes = await readVolumes(
      this.wire,
      keys.flatMap((key) => partsOf(key).volume || []),
      context,
    );
    const found = await itemsOf(volumes, doomedVolumes(this.wire, context));
    return found.filter(({ key }) => keys.includes(key));
  }

  async find({ tag }: Marks, context: CallContext): Promise<Item[]> {
    const found: Item[] = [];
    for await (const page of this.list(context)) found.push(...page.filter((item) => item.tag === tag));
    return found;
  }

  /**
   * The marks go first, so that the attachment is never without them; alone they mean nothing. Nova accepts what can fail
   * yet: it is made when Cinder tells of it, and `unfinished` until then.
   */
  async create({ machine, volume: key, initialLocation, tag, token }: AttachVolume, context: CallContext): Promise<Created> {
    const { volume } = await this.wire.get<{ volume: Volume }>('volume', `/volumes/${enc(key)}`, context);
    const made = { key: keyOf(machine, key) };
    if (volume.metadata?.[TOKEN + machine] === token && holders(volume).includes(machine)) {
      await this.#attached(machine, key, context);
      return made;
    }
    // What is in use by others keeps its marks: the attachment is refused below.
    if (volume.status === 'available') {
      const metadata = { ...without(volume.metadata, isMark), [TAG + machine]: tag, [TOKEN + machine]: token };
      await this.wire.put('volume', `/volumes/${enc(key)}/metadata`, { metadata }, context);
    }
    const device = initialLocation?.startsWith('/dev/') === true ? { device: initialLocation } : {};
    const volumeAttachment = { volumeId: key, ...device };
    await this.wire.post('compute', `/servers/${enc(machine)}/os-volume_attachments`, { volumeAttachment }, context);
    await this.#attached(machine, key, context);
    return made;
  }

  /** Waits until Cinder tells the attachment. Where Nova gave it up, the volume is free again. */
  async #attached(server: string, id: string, context: CallContext): Promise<void> {
    for (;;) {
      const [volume] = await readVolumes(this.wire, [id], context);
      if (volume && attached(volume).includes(server)) return;
      if (!volume || !isComing(volume)) {
        const words = (await lastWords(this.wire, server, 'attach_volume', context)) ?? 'Nova gave no reason';
        const status = volume?.status ?? 'gone';
        throw new ProviderError('unavailable', `Nova did not attach the volume (it is ${status}): ${words}`, {
          maybeDone: false,
          lasting: true,
        });
      }
      await pause(context, PACE_MS, BUSY, true);
    }
  }

  /**
   * What is still being attached cannot be detached: it is waited for. While the volume is being detached its marks still
   * tell from whom: they go with the next attachment, or here when it is free.
   */
  async delete(key: string, context: CallContext): Promise<void> {
    const { server, volume: id } = partsOf(key);
    for (;;) {
      const [volume] = await readVolumes(this.wire, [id], context);
      if (!volume || volume.status === 'detaching') return;
      if (attached(volume).includes(server)) return this.#detach(server, id, context);
      if (!holders(volume).includes(server)) return this.#forget(volume, server, context);
      await pause(context, PACE_MS, BUSY);
    }
  }

  /** Takes the marks of an attachment off a volume that is free. */
  async #forget({ id, status, metadata }: Volume, server: string, context: CallContext): Promise<void> {
    if (status !== 'available' || metadata?.[TAG + server] === undefined) return;
    const rest = without(metadata, (name) => name.endsWith(server) && isMark(name));
    await this.wire.put('volume', `/volumes/${enc(id)}/metadata`, { metadata: rest }, context);
  }

  async #detach(server: string, volume: string, context: CallContext): Promise<void> {
    try {
      await this.wire.delete('compute', `/servers/${enc(server)}/os-volume_attachments/${enc(volume)}`, context);
    } catch (error) {
      // Nova's word for the volume that a server boots from.
      if (error instanceof ProviderError && error.kind === 'forbidden')
        throw new ProviderError('conflict', error.message, { code: error.code, requestId: error.requestId, maybeDone: false });
      throw error;
    }
  }
}

const isMark = (name: string): boolean => name.startsWith(TAG) || name.startsWith(TOKEN);
const without = (metadata: Volume['metadata'], which: (name: string) => boolean): Metadata =>
  Object.fromEntries(Object.entries(usersOwn(metadata)).filter(([name]) => !which(name)));

const attached = (volume: Volume): string[] => (volume.attachments ?? []).map(({ server_id: id }) => id);
/** About to be in use; Cinder says `in-use` a moment before it tells by whom. */
const isComing = (volume: Volume): boolean =>
  COMING.includes(volume.status) || (volume.status === 'in-use' && attached(volume).length === 0);
/** Servers that have the volume, or are on the way: meanwhile Cinder tells no attachment, and the marks do. */
function holders(volume: Volume): string[] {
  const own = attached(volume);
  if (own.length > 0 || !(isComing(volume) || volume.status === 'detaching')) return own;
  return Object.keys(volume.metadata ?? {}).flatMap((name) => (name.startsWith(TAG) ? name.slice(TAG.length) : []));
}

async function itemsOf(volumes: readonly Volume[], doomed: () => Promise<ReadonlySet<string>>): Promise<Item[]> {
  const used = volumes.filter((volume) => holders(volume).length > 0);
  const gone = used.length === 0 ? new Set<string>() : await doomed();
  return used.filter(({ id }) => !gone.has(id)).flatMap((volume) => holders(volume).map((server) => attachmentItem(volume, server)));
}

function attachmentItem(volume: Volume, server: string): Item {
  const { device, attached_at: at } = volume.attachments?.find(({ server_id: id }) => id === server) ?? {};
  const tag = volume.metadata?.[TAG + server];
  const token = volume.metadata?.[TOKEN + server];
  return {
    key: keyOf(server, volume.id),
    owner: server,
    values: { volume: { item: { type: 'Volume', key: volume.id } }, ...(device ? { initialLocation: device } : {}) },
    ...(tag === undefined ? {} : { tag }),
    ...(token === undefined ? {} : { token }),
    ...(at ? { created: utc(at) } : {}),
    ...(isComing(volume) ? { unfinished: true } : {}),
  };
}
