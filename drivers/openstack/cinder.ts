import type { Item } from '../../src/clouds/driver';
import { amount, type Doc, flag, isDoc, text, textMap, told, whole } from './documents';
import { type Metadata, propertiesOf, TAG } from './naming';

/** A volume, as far as it is of use here. */
export interface Volume {
  id: string;
  name?: string;
  description?: string;
  /** UNKNOWN where Cinder does not tell it. */
  status: string;
  /** GiB. */
  size?: number;
  bootable: boolean;
  volume_type?: string;
  availability_zone?: string;
  created_at?: string;
  metadata: Metadata;
  encrypted?: boolean;
  /** Properties of the image that it was made of, and others that were given to it as such. */
  image?: Metadata;
  /** Attachments; absent where Cinder does not tell them. */
  attachments?: readonly Attached[];
}

/** Attachment of a volume. */
export interface Attached {
  server_id: string;
  device?: string;
  attached_at?: string;
}

/** A snapshot of a volume. */
export interface Snapshot {
  id: string;
  name?: string;
  description?: string;
  status: string;
  size?: number;
  volume_id?: string;
  created_at?: string;
  metadata: Metadata;
}

export function volumeFrom(given: Doc): Volume | undefined {
  const id = text(given.id);
  if (id === undefined) return undefined;
  return told<Volume>({
    ...common(given, id),
    bootable: given.bootable === 'true' || given.bootable === true,
    encrypted: flag(given.encrypted),
    image: isDoc(given.volume_image_metadata) ? textMap(given.volume_image_metadata) : undefined,
    volume_type: text(given.volume_type),
    availability_zone: text(given.availability_zone),
    attachments: whole(given.attachments, (each) => {
      const server = text(each.server_id);
      return server === undefined
        ? undefined
        : told<Attached>({ server_id: server, device: text(each.device), attached_at: moment(each.attached_at) });
    }),
  });
}

export function snapshotFrom(given: Doc): Snapshot | undefined {
  const id = text(given.id);
  return id === undefined ? undefined : told<Snapshot>({ ...common(given, id), volume_id: text(given.volume_id) });
}

function common(given: Doc, id: string) {
  return {
    id,
    name: text(given.name),
    description: text(given.description),
    status: text(given.status) ?? 'UNKNOWN',
    size: amount(given.size),
    created_at: moment(given.created_at),
    metadata: textMap(given.metadata),
  };
}

/** Cinder's times are UTC and do not say so. */
function moment(given: unknown): string | undefined {
  const at = text(given);
  if (at === undefined) return undefined;
  const full = /Z|[+-]\d\d:?\d\d$/.test(at) ? at : `${at}Z`;
  return Number.isNaN(Date.parse(full)) ? undefined : full;
}

/** Metadata that Cinder writes itself beside that of users. */
const CINDER_OWN: readonly string[] = ['readonly', 'attached_mode'];

/** Metadata without Cinder's own, which it refuses to be given. */
export const usersOwn = (metadata: Metadata = {}): Metadata =>
  Object.fromEntries(Object.entries(metadata).filter(([key]) => !CINDER_OWN.includes(key)));

/** Marks, names and age, as both volumes and snapshots carry them. */
export function described(thing: Pick<Volume, 'name' | 'description' | 'metadata' | 'created_at'>): {
  values: Item['values'];
  marks: Pick<Item, 'tag' | 'token' | 'created'>;
} {
  const metadata = usersOwn(thing.metadata);
  const properties = propertiesOf(metadata);
  return {
    values: {
      ...(thing.name ? { name: thing.name } : {}),
      ...(thing.description ? { description: thing.description } : {}),
      ...(properties ? { properties } : {}),
    },
    marks: {
      ...(metadata[TAG.id] === undefined ? {} : { tag: metadata[TAG.id] }),
      ...(metadata[TAG.token] === undefined ? {} : { token: metadata[TAG.token] }),
      ...(thing.created_at === undefined ? {} : { created: thing.created_at }),
    },
  };
}
