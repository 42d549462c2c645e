import type { CallContext, Created, WorkHandle, Item, Marks, Ongoing, Outcome, Pages } from '../../src/clouds/driver';
import { Gone, ProviderError } from '../../src/clouds/errors';
import type { Attachments, AttachVolume } from '../../src/clouds/infrastructure';
import { usersOwn, type Volume } from './cinder';
import { enc, pathOf, type Wire } from './client';
import { lastAction } from './instance-actions';
import type { Metadata } from './naming';
import { byIds, present } from './reads';
import { doomedVolumes, type Goes } from './server-volumes';

/**
 * Metadata of a volume that tells which attachment a server has it by: neither Nova nor Cinder keeps words with an
 * attachment. Followed by the server's id.
 */
const TAG = 'cimi:attached:';
const TOKEN = 'cimi:attached-token:';

/** Statuses of a volume that is about to be in use. */
export const ATTACHING: readonly string[] = ['reserved', 'attaching'];

/** Key of an attachment: the server's id and the volume's. */
const SHAPE = /^[0-9a-f-]{36}:[0-9a-f-]{36}$/i;
const keyOf = (server: string, volume: string): string => `${server}:${volume}`;
function partsOf(key: string): { server: string; volume: string } {
  const [server = '', volume = ''] = key.split(':');
  return { server, volume };
}

/** A volume that Nova is attaching, or detaching; `asked`: it has accepted that. */
export interface AttachWork extends WorkHandle {
  work: 'attach' | 'detach';
  server: string;
  volume: string;
  asked: boolean;
}

/** Volumes attached to servers as MachineVolumes; those that go with their server are its Disks. */
export class OpenstackAttachments implements Attachments {
  constructor(private readonly wire: Wire) {}

  async *list(context: CallContext): Pages {
    const doomed = doomedVolumes(this.wire, context);
    for await (const page of this.wire.pages('volume', context)) yield itemsOf(page, await doomed(page.filter(isHeld)));
  }

  /** A volume that Cinder shows without the attachment is the proof that it is not there; so is a volume that is gone. */
  async getMany(keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
    const possible = keys.filter((key) => SHAPE.test(key));
    const impossible = keys.filter((key) => !SHAPE.test(key)).map((key) => Gone.impossible({ type: 'attachment', key }));
    if (possible.length === 0) return impossible;
    const volumes = await byIds(
      this.wire,
      'volume',
      possible.map((key) => partsOf(key).volume),
      context,
    );
    const goes = await doomedVolumes(this.wire, context)(present(volumes).filter(isHeld));
    const items = itemsOf(present(volumes), goes);
    const answered = possible.flatMap((key) => {
      const item = items.find((each) => each.key === key);
      if (item) return item;
      const thing = { type: 'attachment', key };
      const { server, volume: id } = partsOf(key);
      const volume = volumes.get(id);
      if (!volume || volume instanceof Gone) return volume?.as(thing) ?? [];
      if (holders(volume) === undefined || (holders(volume)?.includes(server) === true && goes(volume) === undefined)) return [];
      return Gone.shown(thing, `Cinder shows the volume ${id} without an attachment to ${server}`);
    });
    return [...impossible, ...answered];
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
  async create({ machine, volume: key, initialLocation, tag, token }: AttachVolume, context: CallContext): Promise<Outcome<Created>> {
    const volume = await this.wire.one('volume', key, context);
    const work: AttachWork = { work: 'attach', server: machine, volume: key, asked: true };
    if (volume.metadata[TOKEN + machine] === token && holders(volume)?.includes(machine) === true)
      return attaching(this.wire, work, context);
    // What is in use by others keeps its marks: the attachment is refused below.
    if (volume.status === 'available') {
      const marks = { [TAG + machine]: tag, [TOKEN + machine]: token };
      await mark(this.wire, key, { ...without(volume.metadata, isMark), ...marks }, context);
    }
    const device = initialLocation?.startsWith('/dev/') === true ? { device: initialLocation } : {};
    const body = { volumeAttachment: { volumeId: key, ...device } };
    const path = `${pathOf('server', machine)}/os-volume_attachments`;
    const of = { kind: 'server', id: machine } as const;
    await this.wire.send('compute', { method: 'POST', path, body, member: 'volumeAttachment', of }, context);
    return attaching(this.wire, work, context);
  }

  /**
   * Detaches a volume. One that is still being attached is waited for first. While the volume is being detached its marks still
   * tell from which server: they go with the next attachment, or here when it is free.
   */
  async delete(key: string, context: CallContext): Promise<Outcome> {
    if (!SHAPE.test(key)) return;
    return detaching(this.wire, { work: 'detach', ...partsOf(key), asked: false }, context);
  }
}

/** Looks how far an attachment is. Where it failed at Nova, the volume is free again. */
export async function attaching(wire: Wire, work: AttachWork, context: CallContext): Promise<Outcome<Created>> {
  const { server, volume: id } = work;
  const volume = await wire.one('volume', id, context);
  if (attached(volume)?.includes(server) === true) return { key: keyOf(server, id) };
  if (isComing(volume) || attached(volume) === undefined) return going(work, `Nova attaches the volume (it is ${volume.status})`);
  throw await failed(wire, work, volume.status, context);
}

/** Looks how far a detachment is, and begins it if that was not done. Where it failed at Nova, the volume is in use again. */
export async function detaching(wire: Wire, work: AttachWork, context: CallContext): Promise<Outcome> {
  const { server, volume: id } = work;
  const volume = await wire.oneIfThere('volume', id, context);
  if (!volume) return;
  const has = holders(volume);
  if (has === undefined || volume.status === 'detaching') return going(work, `Nova detaches the volume (it is ${volume.status})`);
  if (!has.includes(server)) return forget(wire, volume, server, context);
  if (isComing(volume)) return going(work, 'Nova is still attaching the volume');
  if (work.asked) throw await failed(wire, work, volume.status, context);
  await detach(wire, server, id, context);
  return going({ ...work, asked: true }, 'Nova detaches the volume');
}

const going = (work: AttachWork, message: string): Ongoing => ({ ongoing: work, message });

async function failed(wire: Wire, { work, server }: AttachWork, status: string, context: CallContext): Promise<ProviderError> {
  const reason = (await lastAction(wire, server, `${work}_volume`, context))?.message ?? 'Nova gave no reason';
  return new ProviderError('unavailable', `Nova did not ${work} the volume (it is ${status}): ${reason}`, {
    maybeDone: false,
    lasting: true,
  });
}

async function detach(wire: Wire, server: string, volume: string, context: CallContext): Promise<void> {
  const path = `${pathOf('server', server)}/os-volume_attachments/${enc(volume)}`;
  try {
    await wire.send('compute', { method: 'DELETE', path, of: { kind: 'server', id: server } }, context);
  } catch (error) {
    // Nova's word for the volume that a server boots from.
    if (error instanceof ProviderError && error.kind === 'forbidden')
      throw new ProviderError('conflict', error.message, { code: error.code, requestId: error.requestId, maybeDone: false });
    // The next look at the volume tells whether it is attached yet.
    if (!(error instanceof Gone) && !(error instanceof ProviderError && error.code === '404 itemNotFound')) throw error;
  }
}

/** Takes the marks of an attachment off a volume that is free. */
async function forget(wire: Wire, { id, status, metadata }: Volume, server: string, context: CallContext): Promise<void> {
  if (status !== 'available' || metadata[TAG + server] === undefined) return;
  await mark(
    wire,
    id,
    without(metadata, (name) => name.endsWith(server) && isMark(name)),
    context,
  );
}

async function mark(wire: Wire, volume: string, metadata: Metadata, context: CallContext): Promise<void> {
  const of = { kind: 'volume', id: volume } as const;
  await wire.send(
    'volume',
    { method: 'PUT', path: `${pathOf('volume', volume)}/metadata`, body: { metadata }, member: 'metadata', of },
    context,
  );
}

const isMark = (name: string): boolean => name.startsWith(TAG) || name.startsWith(TOKEN);
const without = (metadata: Metadata, which: (name: string) => boolean): Metadata =>
  Object.fromEntries(Object.entries(usersOwn(metadata)).filter(([name]) => !which(name)));

/** Servers that have the volume; undefined where Cinder does not tell. */
const attached = ({ attachments }: Volume): string[] | undefined => attachments?.map(({ server_id: id }) => id);
/** Tells whether it is about to be in use; Cinder says `in-use` a moment before it tells by which server. */
const isComing = (volume: Volume): boolean =>
  ATTACHING.includes(volume.status) || (volume.status === 'in-use' && attached(volume)?.length === 0);
/** Servers that have the volume, or are on the way: meanwhile Cinder tells no attachment, and the marks do. */
function holders(volume: Volume): string[] | undefined {
  const own = attached(volume);
  if (own === undefined || own.length > 0 || !(isComing(volume) || volume.status === 'detaching')) return own;
  return Object.keys(volume.metadata).flatMap((name) => (name.startsWith(TAG) ? name.slice(TAG.length) : []));
}

const isHeld = (volume: Volume): boolean => (holders(volume) ?? []).length > 0;

/** Items of the volumes that outlive their servers; a volume of which Nova does not tell that is left out. */
function itemsOf(volumes: readonly Volume[], goes: Goes): Item[] {
  return volumes
    .filter((volume) => isHeld(volume) && goes(volume) === false)
    .flatMap((volume) => (holders(volume) ?? []).map((server) => attachmentItem(volume, server)));
}

function attachmentItem(volume: Volume, server: string): Item {
  const { device, attached_at: at } = volume.attachments?.find(({ server_id: id }) => id === server) ?? {};
  const tag = volume.metadata[TAG + server];
  const token = volume.metadata[TOKEN + server];
  return {
    key: keyOf(server, volume.id),
    owner: server,
    values: { volume: { item: { type: 'Volume', key: volume.id } }, ...(device ? { initialLocation: device } : {}) },
    ...(tag === undefined ? {} : { tag }),
    ...(token === undefined ? {} : { token }),
    ...(at ? { created: at } : {}),
    ...(isComing(volume) ? { unfinished: true } : {}),
  };
}
