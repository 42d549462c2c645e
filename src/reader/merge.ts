import type { Cloud } from '../clouds/cloud';
import type { Item, ItemRef } from '../clouds/driver';
import { encodeId } from '../clouds/identity';
import type { Catalogue } from '../model/catalogue';
import type { Value, Values } from '../model/values';
import type { Found } from '../operations/resource-handler';
import type { ResourceRow } from '../store/store';
import type { Readable } from './policy';

/** Knowledge that provider, row and unfinished Job each have of a resource. */
export interface Parts {
  path: string;
  type: string;
  tenant: string;
  cloud: Cloud | null;
  row: ResourceRow | undefined;
  item: Item | undefined;
  held: { job: string; shows: string | null } | undefined;
  at: number;
}

/** Path segment for references that the driver made (`ItemRef`), by the paths of rows where there are any. */
export type PathOfItem = (cloud: Cloud, type: string, key: string) => string | undefined;

/**
 * Merges these into the resource as it stands now. Truth is per attribute: the provider's where it can hold the value, else what the
 * gateway keeps; while a Job holds the resource its state is the Job's.
 */
export function merge(
  catalogue: Catalogue,
  parts: Readable<Parts>,
  pathOfItem: PathOfItem,
  offered: (type: string) => boolean,
): Readable<Found> {
  const { cloud, row, item } = parts;
  const values: Values = provided(item?.values ?? row?.values ?? {}, cloud, pathOfItem);
  if (!item && row) Object.assign(values, readableSecrets(catalogue, row));
  if (item && row) Object.assign(values, keptValues(values, row));
  const state = shownState(values, parts);
  if (state !== undefined) values.state = state;
  else delete values.state;
  const created = createdOf(row, item);
  if (created !== undefined) values.created = created;
  if (row?.updated) values.updated = row.updated;
  if (row?.eventLog !== undefined) values.eventLog = { href: row.eventLog };
  if (cloud && catalogue.attributesOf(parts.type).cloud) values.cloud = cloud.key;
  for (const [attribute, nested] of catalogue.nestedOf(parts.type)) {
    if (offered(nested.item)) values[attribute] = { href: `${parts.path}/${attribute}` };
  }
  return { ...parts, key: item?.key ?? row?.providerKey ?? undefined, values };
}

/** Attributes that are encrypted at rest although they may be read (userData); write-only ones stay hidden. */
function readableSecrets(catalogue: Catalogue, row: ResourceRow): Values {
  const declared = catalogue.attributesOf(row.type);
  return Object.fromEntries(
    Object.entries(row.secrets ?? {}).filter(([name]) => declared[name]?.confidential && !declared[name].consumer.endsWith('write-only')),
  );
}

function provided(shown: Values, cloud: Cloud | null, pathOfItem: PathOfItem): Values {
  const values: Values = {};
  for (const name in shown) {
    const value = shown[name];
    const reference = cloud ? itemRef(value) : undefined;
    if (!reference || !cloud) values[name] = value;
    else {
      const path = pathOfItem(cloud, reference.item.type, reference.item.key);
      if (path !== undefined) values[name] = { href: path };
    }
  }
  return values;
}

/** Lists the references in an item's values, in their order. */
export function itemRefsOf(item: Item): ItemRef[] {
  const refs: ItemRef[] = [];
  for (const name in item.values) {
    const reference = itemRef(item.values[name]);
    if (reference) refs.push(reference);
  }
  return refs;
}

function itemRef(value: Value | undefined): ItemRef | undefined {
  return typeof value === 'object' && value !== null && 'item' in value ? (value as unknown as ItemRef) : undefined;
}

/** Returns the values shown: attributes kept by the gateway override the provider's; properties are merged per key. */
function keptValues(shown: Values, row: ResourceRow): Values {
  const kept = row.internal.kept;
  if (typeof kept !== 'object' || kept === null || Array.isArray(kept)) return {};
  const over: Values = {};
  for (const [name, value] of Object.entries(kept as Values)) {
    if (value === undefined || value === null) continue;
    over[name] = name === 'properties' ? { ...(shown.properties as Values | undefined), ...(value as Values) } : value;
  }
  return over;
}

/** Omits the state of what was made at a provider and cannot be read now: its row knows only how it began. */
function shownState(values: Values, { row, item, held }: Pick<Parts, 'row' | 'item' | 'held'>): string | undefined {
  const marked = row?.internal.shows;
  if (typeof marked === 'string') return marked;
  if (held?.shows) return held.shows;
  // What was left under way and shows by its tag is as it shows.
  const landed = item !== undefined && row?.internal.underWay !== undefined;
  if (row?.state && row.providerKey === null && !landed) return row.state;
  if (row && !item && row.providerKey !== null) return undefined;
  return typeof values.state === 'string' ? values.state : undefined;
}

/**
 * Returns when it was created: as the gateway made it, or as the provider says. Undefined where the provider gives no date, also
 * once there is a row: the time of its first change is not that of its creation.
 */
function createdOf(row: ResourceRow | undefined, item: Item | undefined): string | undefined {
  if (row?.internal.undated === true || (row?.internal.discovered === true && item)) return item?.created;
  return row?.created ?? item?.created;
}

/** Path of what was discovered and has no row: an id that any replica resolves (Identity). */
export function derivedPath(catalogue: Catalogue, cloud: Cloud, type: string, key: string): string | undefined {
  const segment = catalogue.pathOf(type);
  return segment === undefined ? undefined : `${segment}/${encodeId(cloud.key, key)}`;
}
