import type { CallContext, Created, Marks, Ongoing, Outcome, WorkHandle } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Snapshot, Volume } from './cinder';
import type { Wire } from './client';
import { doc, text } from './documents';
import type { Image } from './glance';
import { marksOf, propertiesIn, VOLUME } from './image-item';
import { patchImage, pointer } from './image-names';
import { keptKey } from './kept-images';
import { type Metadata, TAG } from './naming';
import { isPart, partMetadata, partsFor, removeParts } from './copy-parts';
import { act, isWorking, messageOf } from './volume-work';

/**
 * A copy of what Cinder has, as an image in Glance, which can be read: of a volume as it is at the beginning, or of a snapshot. Cinder
 * makes a volume of the snapshot and writes that into Glance. Each look decides by what carries the marks now, so that any process
 * goes on with it; nothing here waits.
 */
export interface ContentsWork extends WorkHandle {
  work: 'contents';
  tag: string;
  token: string;
  /** Volume whose contents are wanted; absent: those of the snapshot. */
  volume?: string;
  snapshot?: string;
  /** Name of the image, and its properties, marks among them. */
  name: string;
  properties: Metadata;
  /** Image that Cinder has begun to write. */
  image?: string;
}

/** Properties that a volume has of the image it was made of, and that would say something else of the new one. */
const isOthers = (name: string): boolean => name.startsWith('cimi:') || name === 'instance_uuid';

/** Begins a copy, or goes on with it. */
export async function copyContents(wire: Wire, work: ContentsWork, context: CallContext): Promise<Outcome<Created>> {
  const parts = await partsFor(wire, work, context);
  const [snapshot] = parts.snapshots;
  const [volume] = parts.volumes.filter(({ status }) => status !== 'deleting');
  // After the volume: one that is no longer written from has its image whole, or has none.
  const image = await imageOf(wire, work, context);
  if (image?.status === 'active') {
    await mark(wire, work, image, context);
    const left = await removeParts(wire, parts, context);
    return left === undefined ? { key: keyOf(work, image.id) } : going(work, left, 95);
  }
  if (image && volume && isWorking(volume.status)) return going({ ...work, image: image.id }, 'Cinder writes the contents into Glance', 50);
  if (image) throw failed(await messageOf(wire, 'VOLUME', volume?.id ?? '', context), `Glance shows the image as ${image.status}`);
  if (volume) return ofVolume(wire, work, volume, context);
  if (work.image !== undefined) throw failed(undefined, 'the image is gone');
  if (work.volume === undefined) return ofSnapshot(wire, work, await wire.one('snapshot', work.snapshot ?? '', context), context);
  return snapshot ? ofSnapshot(wire, work, snapshot, context) : begin(wire, work, work.volume, context);
}

const keyOf = ({ properties }: ContentsWork, id: string): string => (properties[TAG.type] === VOLUME ? keptKey(id) : id);

const going = (work: ContentsWork, message: string, progress: number): Ongoing => ({ ongoing: work, message, progress });

const failed = (words: string | undefined, otherwise: string): ProviderError =>
  new ProviderError('unavailable', `Cinder did not copy the contents: ${words ?? otherwise}`, { maybeDone: false, lasting: true });

/** The image with the marks, or the one that Cinder named. */
async function imageOf(wire: Wire, work: ContentsWork, context: CallContext): Promise<Image | undefined> {
  if (work.image !== undefined) return wire.oneIfThere('image', work.image, context);
  const images = await wire.all('image', context, { [TAG.id]: work.tag });
  return images.find((image) => marksOf(image)[TAG.id] === work.tag && marksOf(image)[TAG.token] === work.token);
}

/** Gives an image its properties where Cinder has not handed them on. */
async function mark(wire: Wire, { properties }: ContentsWork, image: Image, context: CallContext): Promise<void> {
  const has = propertiesIn(image);
  const changes = [
    ...Object.entries(properties).flatMap(([name, value]) => (has[name] === value ? [] : [{ op: 'add', path: pointer(name), value }])),
    ...Object.keys(has).flatMap((name) =>
      isOthers(name) && properties[name] === undefined ? [{ op: 'remove', path: pointer(name) }] : [],
    ),
  ];
  if (changes.length > 0) await patchImage(wire, image.id, changes, context);
}

async function begin(wire: Wire, work: ContentsWork, volume: string, context: CallContext): Promise<Ongoing> {
  if (await early(wire, context)) return going(work, 'Looking for the snapshot that was asked for', 0);
  const snapshot = {
    volume_id: volume,
    name: work.name,
    metadata: partMetadata(work),
    // From 3.66 on a volume in use needs no force, and the word is refused.
    ...((await wire.speaks('volume', '3.66', context)) ? {} : { force: true }),
  };
  await wire.send('volume', { method: 'POST', path: '/snapshots', body: { snapshot }, member: 'snapshot' }, context);
  return going(work, 'Cinder makes a snapshot of the volume', 0);
}

/** Tells whether what an earlier call asked for may not show yet. */
const early = (wire: Wire, { repeated }: CallContext): Promise<boolean> =>
  Promise.resolve(repeated !== undefined && Date.now() - repeated.since < wire.options.settleMs);

async function ofSnapshot(wire: Wire, work: ContentsWork, snapshot: Snapshot, context: CallContext): Promise<Ongoing> {
  const { id, status, size } = snapshot;
  if (status === 'creating') return going(work, 'Cinder makes a snapshot of the volume', 5);
  if (status !== 'available') {
    const words = isPart(snapshot) ? await messageOf(wire, 'VOLUME_SNAPSHOT', id, context) : undefined;
    throw failed(words, `the snapshot ${id} is ${status}`);
  }
  if (await early(wire, context)) return going(work, 'Looking for the volume that was asked for', 10);
  const volume = { snapshot_id: id, ...(size === undefined ? {} : { size }), name: work.name, metadata: partMetadata(work) };
  await wire.send('volume', { method: 'POST', path: '/volumes', body: { volume }, member: 'volume' }, context);
  return going(work, 'Cinder makes a volume of the snapshot', 10);
}

async function ofVolume(wire: Wire, work: ContentsWork, volume: Volume, context: CallContext): Promise<Ongoing> {
  const { id, status, encrypted } = volume;
  if (status === 'uploading') return going(work, 'Cinder writes the contents into Glance', 50);
  if (isWorking(status)) return going(work, `Cinder makes a volume of the snapshot (it is ${status})`, 20);
  if (encrypted === true)
    throw new ProviderError('conflict', 'The volume is encrypted: nobody could read what Cinder wrote into Glance', { maybeDone: false });
  if (status !== 'available' || work.image !== undefined)
    throw failed(await messageOf(wire, 'VOLUME', id, context), `the volume ${id} is ${status}`);
  if (await early(wire, context)) return going(work, 'Looking for the image that was asked for', 20);
  await describe(wire, work, volume, context);
  const asked = { image_name: work.name, disk_format: 'raw', container_format: 'bare' };
  const answer = await act(wire, id, { 'os-volume_upload_image': asked }, context, 'os-volume_upload_image');
  const image = text(doc(answer['os-volume_upload_image']).image_id);
  return going({ ...work, ...(image === undefined ? {} : { image }) }, 'Cinder writes the contents into Glance', 30);
}

/** Cinder hands on to an image what it knows of the volume's: so it has its marks from its beginning. */
async function describe(wire: Wire, { properties }: ContentsWork, { id, image = {} }: Volume, context: CallContext): Promise<void> {
  for (const key of Object.keys(image))
    if (isOthers(key) && properties[key] === undefined) await act(wire, id, { 'os-unset_image_metadata': { key } }, context);
  if (Object.entries(properties).every(([name, value]) => image[name] === value)) return;
  await act(wire, id, { 'os-set_image_metadata': { metadata: properties } }, context);
}

/** A copy for these marks. @param of what is copied */
export const contentsWork = (
  { tag, token }: Marks,
  of: { volume: string } | { snapshot: string },
  image: { name: string; properties: Metadata },
): ContentsWork => ({ work: 'contents', tag, token, ...of, ...image });
