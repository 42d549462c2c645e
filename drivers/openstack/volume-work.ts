import type { CallContext, WorkHandle, Item, Naming, Outcome } from '../../src/clouds/driver';
import { Gone, ProviderError } from '../../src/clouds/errors';
import { kbToGib } from '../../src/model/units';
import { pathOf, type Wire } from './client';
import { type Doc, docs, text } from './documents';
import { isConflict, passing } from './errors';
import { marksIn, propertyMetadata } from './naming';
import { FEW } from './reads';

/** Statuses of volumes and snapshots that Cinder leaves by itself. */
const WORKING =
  /^(creating|downloading|managing|restoring-backup|reserved|attaching|detaching|extending|retyping|maintenance|reverting|uploading|backing-up|deleting|unmanaging|updating|restoring)$/;
export const isWorking = (status: string): boolean => WORKING.test(status);

/** A volume that grows; `asked`: Cinder has accepted it. Size in GiB. */
export interface ExtendWork extends WorkHandle {
  work: 'extend';
  volume: string;
  size: number;
  asked: boolean;
}

/** Makes a volume at least so large, in kB; one that is, is left alone. */
export function extend(wire: Wire, key: string, capacity: number, context: CallContext): Promise<Outcome> {
  return extending(wire, { work: 'extend', volume: key, size: kbToGib(capacity), asked: false }, context);
}

/** Looks how far a volume has grown. Cinder extends volumes in use from 3.42 on. */
export async function extending(wire: Wire, work: ExtendWork, context: CallContext): Promise<Outcome> {
  const { volume: key, size } = work;
  const volume = await wire.one('volume', key, context);
  const message = `Cinder is ${volume.status === 'extending' ? 'extending' : `busy with (${volume.status})`} the volume`;
  if (isWorking(volume.status)) return { ongoing: work, message };
  if (volume.size !== undefined && size <= volume.size) return;
  if (work.asked || volume.status === 'error_extending') {
    const why = await messageOf(wire, 'VOLUME', key, context);
    const reason = `Cinder did not extend the volume (${volume.status})${why === undefined ? '' : `: ${why}`}`;
    throw new ProviderError('unavailable', reason, { maybeDone: false, lasting: true });
  }
  if (volume.status === 'in-use' && !(await wire.speaks('volume', '3.42', context)))
    throw new ProviderError('conflict', 'This cloud extends volumes only while nothing uses them', { maybeDone: false });
  await act(wire, key, { 'os-extend': { new_size: size } }, context);
  return { ongoing: { ...work, asked: true }, message: 'Cinder extends the volume' };
}

/** POST /volumes/ID/action; some are answered 200, most without a word. @param member what the answer must have */
export function act(wire: Wire, key: string, body: object, context: CallContext, member?: string): Promise<Doc> {
  const path = `${pathOf('volume', key)}/action`;
  const ask = { method: 'POST' as const, path, body, answers: [200, 202, 204], of: { kind: 'volume' as const, id: key } };
  return wire.send('volume', { ...ask, ...(member === undefined ? {} : { member }) }, context);
}

export async function setBootable(wire: Wire, key: string, bootable: boolean, context: CallContext): Promise<void> {
  await act(wire, key, { 'os-set_bootable': { bootable } }, context);
}

/** Deletes a volume. What Cinder refuses while it works on the volume, or deletes its snapshots, passes. */
export async function removeVolume(wire: Wire, key: string, context: CallContext): Promise<void> {
  try {
    await wire.remove('volume', key, context);
  } catch (error) {
    if (!isConflict(error)) throw error;
    const volume = await wire.oneIfThere('volume', key, context);
    if (!volume) return;
    if (isWorking(volume.status)) throw passing(error, `the volume is ${volume.status}`);
    const snapshots = await wire.all('snapshot', context, { volume_id: key });
    const own = snapshots.filter(({ volume_id: of }) => of === key);
    if (own.length > 0 && own.every(({ status }) => status === 'deleting')) throw passing(error, 'its snapshots are being deleted');
    throw error;
  }
}

/** Deletes a snapshot. What Cinder refuses while it works on it passes. */
export async function removeSnapshot(wire: Wire, key: string, context: CallContext): Promise<void> {
  try {
    await wire.remove('snapshot', key, context);
  } catch (error) {
    if (!isConflict(error)) throw error;
    const snapshot = await wire.oneIfThere('snapshot', key, context);
    if (!snapshot) return;
    throw isWorking(snapshot.status) ? passing(error, `the snapshot is ${snapshot.status}`) : error;
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
  const path = pathOf(kind, key);
  const before = (await wire.one(kind, key, context)).metadata;
  const { name = '', description = '' } = naming;
  await wire.send('volume', { method: 'PUT', path, body: { [kind]: { name, description } }, member: kind }, context);
  const metadata = { ...propertyMetadata(naming), ...marksIn(before) };
  await wire.send('volume', { method: 'PUT', path: `${path}/metadata`, body: { metadata }, member: 'metadata' }, context);
}

/** Reads the message that Cinder has for its users about a failure of this thing, from 3.3 on. */
export async function messageOf(
  wire: Wire,
  type: 'VOLUME' | 'VOLUME_SNAPSHOT',
  key: string,
  context: CallContext,
): Promise<string | undefined> {
  if (!(await wire.speaks('volume', '3.5', context))) return undefined;
  const query = { resource_uuid: key, resource_type: type };
  const { messages } = await wire.get('volume', '/messages', 'messages', context, { query });
  const own = docs(messages).filter(({ resource_uuid: of }) => of === key);
  const latest = own.sort((a, b) => String(b.created_at).localeCompare(String(a.created_at)))[0];
  return text(latest?.user_message);
}

/** The same items, those in ERROR with what Cinder tells of the reason; where it does not, without. */
export function messagesOf(
  wire: Wire,
  type: 'VOLUME' | 'VOLUME_SNAPSHOT',
  items: readonly (Item | Gone)[],
  context: CallContext,
): Promise<(Item | Gone)[]> {
  let left = FEW;
  return Promise.all(
    items.map(async (item) => {
      if (item instanceof Gone || item.values.state !== 'ERROR' || item.reason !== undefined || left <= 0) return item;
      left -= 1;
      const reason = await messageOf(wire, type, item.key, context).catch(unlessUnread);
      return reason === undefined ? item : { ...item, reason };
    }),
  );
}

/** Returns undefined for a failed read: an item is shown without its reason. */
function unlessUnread(error: unknown): undefined {
  if (!(error instanceof ProviderError)) throw error;
}
