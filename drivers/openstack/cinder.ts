import type { Item } from '../../src/clouds/driver';
import { type Metadata, propertiesOf, TAG } from './naming';

/** A volume as `GET /volumes/detail` tells it, as far as it is of use here. */
export interface Volume {
  id: string;
  name?: string | null;
  description?: string | null;
  status: string;
  /** GiB. */
  size: number;
  /** "true" or "false". */
  bootable: string;
  volume_type?: string | null;
  availability_zone?: string | null;
  created_at?: string;
  metadata?: Metadata;
  attachments?: readonly Attached[];
}

/** One attachment of a volume. */
export interface Attached {
  server_id: string;
  device?: string | null;
  attached_at?: string | null;
}

/** A snapshot of a volume. */
export interface Snapshot {
  id: string;
  name?: string | null;
  description?: string | null;
  status: string;
  size: number;
  volume_id: string;
  created_at?: string;
  metadata?: Metadata;
}

/** Metadata that Cinder writes itself beside that of users. */
const CINDERS: readonly string[] = ['readonly', 'attached_mode'];

/** Metadata without Cinder's own, which it refuses to be given. */
export const usersOwn = (metadata: Metadata = {}): Metadata =>
  Object.fromEntries(Object.entries(metadata).filter(([key]) => !CINDERS.includes(key)));

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
      ...(thing.created_at === undefined ? {} : { created: utc(thing.created_at) }),
    },
  };
}

/** Cinder's times are UTC and do not say so. */
export const utc = (time: string): string => (/Z|[+-]\d\d:?\d\d$/.test(time) ? time : `${time}Z`);
