import type { CallContext, Item, Marks, Outcome, WorkHandle } from '../../src/clouds/driver';
import { Gone, ProviderError } from '../../src/clouds/errors';
import type { Snapshot, Volume } from './cinder';
import type { Wire } from './client';
import { type Metadata, TAG } from './naming';
import { UUID } from './reads';
import { reading } from './states';
import { SNAPSHOT, VOLUME } from './storage-states';
import { isWorking, removeSnapshot, removeVolume } from './volume-work';

/**
 * Parts that a copy of contents is made by: a snapshot of the volume, and a volume of the snapshot, which Cinder writes into Glance. They
 * carry the marks of the image that is to be, and are no resources: only who looks for those marks sees them.
 */

/** Metadata of a part, beside the marks. */
const PART = 'cimi:part';

type PartKind = 'volume' | 'snapshot';
/** Keys of parts among images. */
const KEY = /^(volume|snapshot):(.*)$/;

/** Metadata with which a part is made. */
export const partMetadata = ({ tag, token }: Marks): Metadata => ({ [PART]: 'true', [TAG.id]: tag, [TAG.token]: token });

/** Tells whether a volume or snapshot is such a part. */
export const isPart = ({ metadata }: Pick<Volume, 'metadata'>): boolean => metadata[PART] === 'true';

/** Tells whether a key of an image stands for a part. */
export const isPartKey = (key: string): boolean => KEY.test(key);

/** Parts of one copy, oldest first: lost answers may have made one twice. */
export interface CopyParts {
  volumes: readonly Volume[];
  snapshots: readonly Snapshot[];
}

/** Finds the parts by their marks. @param token absent: those of all copies for the tag */
export async function partsFor(wire: Wire, { tag, token }: { tag: string; token?: string }, context: CallContext): Promise<CopyParts> {
  if (wire.has('volume') === false) return { volumes: [], snapshots: [] };
  const metadata = { metadata: `{'${TAG.id}':'${tag}'}` };
  const filters = (await wire.speaks('volume', '3.22', context)) ? metadata : {};
  const own = (each: Volume | Snapshot) =>
    isPart(each) && each.metadata[TAG.id] === tag && (token === undefined || each.metadata[TAG.token] === token);
  const age = (a: Volume | Snapshot, b: Volume | Snapshot) =>
    (a.created_at ?? '').localeCompare(b.created_at ?? '') || (a.id < b.id ? -1 : 1);
  const [volumes, snapshots] = await Promise.all([wire.all('volume', context, metadata), wire.all('snapshot', context, filters)]);
  return { volumes: volumes.filter(own).sort(age), snapshots: snapshots.filter(own).sort(age) };
}

/** The parts as `find` shows them: what is not there yet, and can be deleted. */
export const partItems = ({ volumes, snapshots }: CopyParts): Item[] => [
  ...volumes.flatMap((volume) => partItem('volume', volume)),
  ...snapshots.flatMap((snapshot) => partItem('snapshot', snapshot)),
];

/** Images of which parts are left are not done: whoever makes them goes on with it. */
export const unfinishedBy = ({ volumes, snapshots }: CopyParts, images: readonly Item[]): Item[] =>
  images.map((item) => {
    const own = ({ metadata }: Volume | Snapshot) => metadata[TAG.token] === item.token;
    return volumes.some(own) || snapshots.some(own) ? { ...item, unfinished: true } : item;
  });

function partItem(kind: PartKind, { id, status, metadata, created_at: created }: Volume | Snapshot): Item[] {
  const { state } = reading(kind === 'volume' ? VOLUME : SNAPSHOT, status);
  if (state === 'absent') return [];
  const shows = state === 'ERROR' || state === 'DELETING' ? state : 'CREATING';
  const { [TAG.id]: tag, [TAG.token]: token } = metadata;
  return [
    {
      key: `${kind}:${id}`,
      values: { state: shows },
      ...{ tag, token },
      ...(created === undefined ? {} : { created }),
      unfinished: true,
    },
  ];
}

/** Reads parts by their keys. */
export function readParts(wire: Wire, keys: readonly string[], context: CallContext): Promise<(Item | Gone)[]> {
  return Promise.all(
    keys.map(async (key) => {
      const thing = { type: 'image', key };
      const { kind, id } = placeOf(key);
      if (!UUID.test(id)) return Gone.impossible(thing);
      const part = await wire.oneOrGone(kind, id, context);
      if (part instanceof Gone) return part.as(thing);
      const [item] = isPart(part) ? partItem(kind, part) : [];
      return item ?? Gone.shown(thing, `Cinder shows the ${kind} ${id}, which is no part of a copy`);
    }),
  );
}

const placeOf = (key: string): { kind: PartKind; id: string } => {
  const [, kind, id = ''] = KEY.exec(key) ?? [];
  return { kind: kind as PartKind, id };
};

/** A volume that Cinder deletes. What it is made of cannot be deleted before it is gone. */
export interface PartWork extends WorkHandle {
  work: 'part';
  key: string;
}

/** Deletes a part, and sees to it that it is gone. */
export async function removePart(wire: Wire, { key }: Pick<PartWork, 'key'>, context: CallContext): Promise<Outcome> {
  const { kind, id } = placeOf(key);
  const part = UUID.test(id) ? await wire.oneIfThere(kind, id, context) : undefined;
  if (!part || !isPart(part)) return;
  if (part.status !== 'deleting') await remove(wire, kind, part, context);
  return { ongoing: { work: 'part', key }, message: `Cinder deletes the ${kind} that the copy was made by` };
}

/** Deletes the parts one after the other. @returns what is waited for; undefined where nothing is left */
export async function removeParts(wire: Wire, { volumes, snapshots }: CopyParts, context: CallContext): Promise<string | undefined> {
  const kind: PartKind = volumes.length > 0 ? 'volume' : 'snapshot';
  const left: readonly (Volume | Snapshot)[] = volumes.length > 0 ? volumes : snapshots;
  if (left.length === 0) return undefined;
  for (const part of left) if (!isWorking(part.status)) await remove(wire, kind, part, context);
  return `Cinder deletes the ${kind} that the copy was made by`;
}

async function remove(wire: Wire, kind: PartKind, { id, status }: Volume | Snapshot, context: CallContext): Promise<void> {
  if (status === 'error_deleting')
    throw new ProviderError('unavailable', `Cinder could not delete the ${kind} ${id}, which a copy was made by`, {
      maybeDone: false,
      lasting: true,
    });
  await (kind === 'volume' ? removeVolume(wire, id, context) : removeSnapshot(wire, id, context));
}
