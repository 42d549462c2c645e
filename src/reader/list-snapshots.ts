import type { Cloud, SeenList } from '../clouds/cloud';
import type { Item } from '../clouds/driver';
import type { HeldResource, ResourceRow } from '../store/store';
import { itemRefsOf } from './merge';
import type { CloudListAsked, ReadableFound, Reading, Snapshots } from './reading';
import { isBehind } from './retirement';
import { mayBeReadable } from './row-item';
import { steadyTime } from '../model/steady-time';

/** List as it was put together, of one tenant, type and cloud. Nothing in it is ever changed. */
interface Snapshot {
  /** Type and cloud that it is a list of. */
  place: string;
  /** Mark of the store's changes that was set before it was read. */
  mark: number;
  cloud: Cloud;
  seen: SeenList;
  founds: readonly ReadableFound[];
  /** Places among these, by path and by the key of the item. */
  byPath: ReadonlyMap<string, number>;
  byKey: ReadonlyMap<string, number>;
  /** Time of the last use, in ms since the epoch. */
  used: number;
}

/** Lists of a type and cloud that are kept: all are of one answer of the provider, since by none before it can a list be followed. */
interface Generation {
  at: number;
  names: Set<string>;
}

/** Found things of all snapshots together, and snapshots, at most; the longest unused give way. */
const MOST_FOUNDS = 50_000;
/** Time for which nobody has asked for a snapshot that gives way to others, in ms: lists read in turn would else push each other out. */
const UNUSED_MS = 5_000;
/** Items, and rows, of which each is looked at by itself; where more have changed all is read. */
const FEW = 16;

/**
 * Lists as they were last put together: where the store tells what has changed since, and the provider's answer is the same but for some
 * items, no more than these are read, permitted and merged anew (docs/decisions/0051). Kept is only what came of rows and
 * items that belong together without doubt; whatever may come or go with a change has the list put together from the beginning.
 */
export class ListSnapshots implements Snapshots {
  private readonly kept = new Map<string, Snapshot>();
  private readonly generations = new Map<string, Generation>();
  private founds = 0;

  async current(reading: Reading, asked: CloudListAsked): Promise<readonly ReadableFound[] | undefined> {
    const { recent } = reading.context.store;
    const name = nameOf(reading, asked);
    this.leaveEarlier(asked);
    const known = this.kept.get(name);
    if (!recent || !known || hides(reading) || known.cloud !== asked.cloud || !isAlike(known.seen, asked.seen)) return undefined;
    const mark = recent.mark();
    const written = recent.changed(known.mark, asked.type);
    const changes = written && (await changesOf(reading, asked, known, written));
    if (!changes) return undefined;
    const founds = known.founds.slice();
    for (const [place, { row, held, item }] of changes) {
      const { path, tenant } = known.founds[place] as ReadableFound;
      const found = reading.show(
        { path, type: asked.type, tenant, cloud: asked.cloud, row, item, held, at: asked.seen.at },
        () => undefined,
      );
      if (!found) return undefined;
      founds[place] = found;
    }
    this.keep(name, asked, { ...known, mark, founds });
    return founds;
  }

  add(reading: Reading, asked: CloudListAsked, mark: number, founds: readonly ReadableFound[]): void {
    if (hides(reading)) return;
    const name = nameOf(reading, asked);
    this.drop(name);
    if (!this.makeRoom(founds)) return;
    const byPath = new Map<string, number>();
    const byKey = new Map<string, number>();
    for (const [place, { path, item }] of founds.entries()) {
      if (item && refers(item)) return;
      byPath.set(path, place);
      if (item) byKey.set(item.key, place);
    }
    this.keep(name, asked, { mark, founds, byPath, byKey });
  }

  /** Lets go of what is of another answer than this, whoever it was put together for: nobody else has that any more. */
  private leaveEarlier(asked: CloudListAsked): void {
    const place = placeOf(asked);
    const { at } = asked.seen;
    const known = this.generations.get(place);
    if (known?.at === at) return;
    for (const name of known?.names ?? []) this.drop(name);
    this.generations.set(place, { at, names: new Set() });
  }

  private keep(name: string, asked: CloudListAsked, list: Omit<Snapshot, 'place' | 'cloud' | 'seen' | 'used'>): void {
    this.drop(name);
    const { cloud, seen } = asked;
    const place = placeOf(asked);
    const generation = this.generations.get(place);
    // Another answer may have come meanwhile.
    if (generation?.at !== seen.at || !this.makeRoom(list.founds)) return;
    generation.names.add(name);
    this.kept.set(name, { ...list, place, cloud, seen, used: steadyTime() });
    this.founds += weightOf(list.founds);
  }

  /** Drops those that nobody has asked for in a while, as far as needed. @returns whether there is room for a list then */
  private makeRoom(founds: readonly ReadableFound[]): boolean {
    if (founds.length > MOST_FOUNDS / 2) return false;
    const most = MOST_FOUNDS - weightOf(founds);
    const before = steadyTime() - UNUSED_MS;
    for (const [eldest, { used }] of this.kept) {
      if (this.founds <= most || used > before) break;
      this.drop(eldest);
    }
    return this.founds <= most;
  }

  private drop(name: string): void {
    const known = this.kept.get(name);
    if (!known) return;
    this.founds -= weightOf(known.founds);
    this.kept.delete(name);
    this.generations.get(known.place)?.names.delete(name);
  }
}

/** An empty list is one of many, too. */
const weightOf = (founds: readonly ReadableFound[]): number => founds.length + 1;

/** Tells whether declared rules hide something from who asks: then nothing is shared with others of the tenant. */
const hides = ({ context }: Reading): boolean => context.policy.rights?.hides === true;

const placeOf = ({ type, cloud }: CloudListAsked): string => `${type} ${cloud.key}`;

const nameOf = ({ tenant }: Reading, { type, cloud }: CloudListAsked): string => JSON.stringify([tenant, type, cloud.key]);

/** Tells whether two answers may be the same list but for single items. */
function isAlike(before: SeenList, now: SeenList): boolean {
  return before.at === now.at && before.value.length === now.value.length;
}

/** Tells whether an item leads to others, whose paths are to be looked up. */
const refers = (item: Item): boolean => itemRefsOf(item).length > 0;

type Change = Pick<ReadableFound, 'row' | 'held' | 'item'>;

/** Finds what is different from a snapshot, by place; undefined where more than single resources may be. */
async function changesOf(
  reading: Reading,
  { type, cloud, seen }: CloudListAsked,
  known: Snapshot,
  written: ReadonlySet<string>,
): Promise<Map<number, Change> | undefined> {
  const items = changedItems(known.seen.value, seen.value);
  const start = `${reading.context.catalogue.pathOf(type) ?? ''}/`;
  const paths = [...written].filter((path) => path.startsWith(start) && !path.includes('/', start.length));
  if (!items || paths.length > FEW) return undefined;
  const changes = new Map<number, Change>();
  for (const item of items) {
    const place = known.byKey.get(item.key);
    const before = place === undefined ? undefined : known.founds[place];
    if (place === undefined || !before || refers(item)) return undefined;
    // By its tag, what has no row could be another.
    if (!before.row && item.tag !== before.item?.tag) return undefined;
    changes.set(place, { row: before.row, held: before.held, item });
  }
  const rows = await Promise.all(paths.map((path) => reading.context.store.heldResource(path)));
  for (const [index, path] of paths.entries()) {
    const now = rows[index];
    const place = known.byPath.get(path);
    const before = place === undefined ? undefined : known.founds[place];
    if (place === undefined || !before) {
      if (!now || mayConcern(reading, cloud, known, now.row)) return undefined;
      continue;
    }
    // What is being made, or never was, may have become an item's.
    const at = seen.later?.get(before.key ?? '') ?? seen.at;
    if (!before.item || !isOf(before, now) || isBehind(reading.context, now.row, at)) return undefined;
    changes.set(place, { item: before.item, ...changes.get(place), ...now });
  }
  return changes;
}

/** Items in the place of others; undefined where there are more than a few, or of other keys. */
function changedItems(before: readonly Item[], now: readonly Item[]): Item[] | undefined {
  const changed: Item[] = [];
  if (before === now) return changed;
  for (let index = 0; index < now.length; index += 1) {
    const [one, other] = [before[index], now[index]];
    if (one === other) continue;
    if (!one || other?.key !== one.key || changed.length === FEW) return undefined;
    changed.push(other);
  }
  return changed;
}

/** Tells whether a row is still that of what was found. */
function isOf({ row, tenant }: ReadableFound, now: HeldResource | undefined): now is HeldResource {
  if (!row || !now) return false;
  const { providerKey, cloud, created, tenant: its } = now.row;
  return providerKey === row.providerKey && cloud === row.cloud && created === row.created && its === tenant;
}

/** Tells whether a row that is not among what was found could belong there now. */
function mayConcern(reading: Reading, cloud: Cloud, { byKey }: Snapshot, row: ResourceRow): boolean {
  if (row.cloud !== cloud.key) return false;
  return mayBeReadable(reading, row) || (row.providerKey !== null && byKey.has(row.providerKey));
}
