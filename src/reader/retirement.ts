import type { Cloud } from '../clouds/cloud';
import type { Item, ReadableGroup } from '../clouds/driver';
import { readTag } from '../clouds/identity';
import { takeAwayWithAssociations } from '../operations/associations';
import { modelEvent, subjectOf } from '../operations/events';
import { resumeMeters } from '../operations/meter-templates';
import { StaleError, type ResourceRow } from '../store/store';
import type { ReaderContext } from './context';

/** Ids that the gateway itself makes. */
export const OWN_ID = /^[0-9a-z]{26}$/;
/** Above so many keys, all that was taken away of the type is read at once. */
const MANY = 1_000;
/** Rows of which a list waits until they are taken away. */
const AT_ONCE = 100;
/** Tolerance for a provider's clock, in ms. */
const SKEW_MS = 2_000;

/** Row that is to be taken away, and where its thing was. */
interface Leaving {
  row: ResourceRow;
  cloud: Cloud;
  group: ReadableGroup;
}

/** Rows of what a reading found gone: they are taken away, and come back under their own ids should the thing turn up. */
export class Retirement {
  /** Rows that are to be taken away, by path: what several readings found gone is in it once. */
  private readonly leaving = new Map<string, Leaving>();
  private working: Promise<void> | undefined;

  constructor(private readonly context: Pick<ReaderContext, 'catalogue' | 'store' | 'tagKey' | 'log'>) {}

  /**
   * Takes away the row of what the provider has proven gone, with its associations and one event, if it is older than
   * the time a write may stay invisible.
   * @returns whether it is gone: false where it is too young, held, or another by now
   */
  async retire(row: ResourceRow, cloud: Cloud): Promise<boolean> {
    const { store } = this.context;
    if (!isSettled(row, cloud, await store.now())) return false;
    try {
      await store.transaction(async (unit) => {
        const current = await unit.resource(row.path);
        // Another reading that found it gone was quicker.
        if (!current) return;
        const holds = await unit.holds([row.path]);
        if (current.version !== row.version || holds.size > 0) throw new StaleError(row.path);
        if (await takeAwayWithAssociations(unit, row.path, row.version))
          await unit.recordEvent(modelEvent(subjectOf(row), 'delete', { detail: 'the cloud has it no more' }));
        else if (await unit.resource(row.path)) throw new StaleError(row.path);
      });
    } catch (error) {
      if (error instanceof StaleError) return false;
      throw error;
    }
    return true;
  }

  /**
   * Takes rows away of what the provider has proven gone. A list that finds thousands gone does not wait for all of them: they leave
   * after each other while others go on.
   * @returns those that stay, since they are too young, held or others by now
   */
  async retireAll(rows: readonly ResourceRow[], cloud: Cloud, group: ReadableGroup): Promise<ResourceRow[]> {
    const staying: ResourceRow[] = [];
    for (const row of rows.slice(0, AT_ONCE)) if (!(await this.retire(row, cloud))) staying.push(row);
    const others = rows.slice(AT_ONCE);
    const now = others.length > 0 ? await this.context.store.now() : 0;
    for (const row of others) {
      if (isSettled(row, cloud, now)) this.leaving.set(row.path, { row, cloud, group });
      else staying.push(row);
    }
    if (this.leaving.size > 0) this.working ??= this.work().finally(() => (this.working = undefined));
    return staying;
  }

  private async work(): Promise<void> {
    try {
      for (let [first] = this.leaving.values(); first; [first] = this.leaving.values()) await this.retireSome(first);
    } catch (error) {
      // The next reading finds them again.
      this.leaving.clear();
      this.context.log.warn('what clouds have no more was not taken away', {
        error: error instanceof Error ? error.message : String(error),
      });
    }
  }

  /** Takes some rows of a group away. The provider is asked again: what was gone then may have turned up. */
  private async retireSome({ cloud, group }: Leaving): Promise<void> {
    const some = [...this.leaving.values()].filter((each) => each.cloud === cloud && each.group === group).slice(0, AT_ONCE);
    for (const { row } of some) this.leaving.delete(row.path);
    const keys = some.flatMap(({ row }) => row.providerKey ?? []);
    const { value } = await cloud.getMany(group, keys, { maxAgeMs: 0 });
    for (const { row } of some) {
      const key = row.providerKey ?? '';
      if (!value.has(key) && !value.unknown.has(key)) await this.retire(row, cloud);
    }
  }

  /** Rows that were taken away of things that had these items' keys; usually there are none. */
  async formersOf(items: readonly Pick<Item, 'key'>[], cloud: Cloud, type: string): Promise<ResourceRow[]> {
    if (items.length === 0) return [];
    const asked = { type, cloud: cloud.key };
    return this.context.store.takenAway(items.length > MANY ? asked : { ...asked, providerKeys: items.map(({ key }) => key) });
  }

  /**
   * The row that was taken away of the very thing that this item is, by its key or else its tag.
   * @param known the former rows of its key (formersOf), where they have been read
   */
  async formerOf(item: Item, cloud: Cloud, type: string, known?: readonly ResourceRow[]): Promise<ResourceRow | undefined> {
    const { store, catalogue } = this.context;
    const keyed = known ?? (await this.formersOf([item], cloud, type));
    const former = keyed.find((row) => this.isItself(row, item, cloud));
    const tag = former || item.tag === undefined ? undefined : this.tagOf(item, cloud);
    if (!tag) return former;
    const [tagged] = await store.takenAway({ paths: [`${catalogue.pathOf(type) ?? ''}/${tag.id}`], type, cloud: cloud.key });
    return tagged && this.isItself(tagged, item, cloud) ? tagged : undefined;
  }

  /**
   * Tells whether an item is the very thing whose row was taken away: the provider's key says so, or our tag on something that is
   * as old as the thing itself. A younger thing that carries the tag is somebody's clone.
   */
  isItself(row: ResourceRow, item: Item, cloud: Cloud): boolean {
    if (item.gone) return false;
    const id = row.path.split('/').at(-1) ?? '';
    const tag = this.tagOf(item, cloud);
    if (row.providerKey === item.key) return tag === undefined || tag.id === id || !OWN_ID.test(id);
    if (tag?.id !== id || tag.tenant !== row.tenant || item.created === undefined) return false;
    const madeAt = typeof row.internal.madeAt === 'number' ? row.internal.madeAt : Date.parse(row.created);
    return Date.parse(item.created) <= madeAt + SKEW_MS;
  }

  /** Gives the thing its row back. @returns undefined where another row has it meanwhile */
  async bringBack(row: ResourceRow, item: Item): Promise<ResourceRow | undefined> {
    const { store, log } = this.context;
    const back = await store.transaction(async (unit) => {
      const present = await unit.resource(row.path);
      if (present) return present;
      const brought = await unit.bringBack(row.path, item.key);
      if (!brought) return undefined;
      await resumeMeters(unit, row.path);
      await unit.recordEvent(modelEvent(subjectOf(row), 'create', { detail: 'the cloud shows it again' }));
      return brought;
    });
    if (back) log.warn('what the provider had told to be gone is there again', { resource: row.path, cloud: row.cloud, key: item.key });
    return back;
  }

  private tagOf(item: Item, cloud: Cloud): ReturnType<typeof readTag> {
    return item.tag === undefined ? undefined : readTag(this.context.tagKey, item.tag, cloud.tenants);
  }
}

/** Tells whether the provider shows by now whatever was done with it. @param now by the database's clock, in ms since the epoch */
export function isSettled(row: ResourceRow, { capabilities }: Cloud, now: number): boolean {
  return now - Math.max(Date.parse(row.created), settledAt(row)) >= capabilities.settleMs;
}

/** Tells whether an answer of the provider may be older than the last finished Job of the row. @param at time of asking, by `steadyTime` */
export function isBehind({ clock }: Pick<ReaderContext, 'clock'>, row: ResourceRow, at: number): boolean {
  return clock.here(settledAt(row)) > at;
}

/**
 * Tells whether the Job that makes the resource goes on. What else carries its tag is the Job's then: begun by an attempt that broke off, or
 * made twice by a provider that forgets tokens; it is deleted, or taken, by the Job.
 */
export const isBeingMade = ({ internal }: ResourceRow, held: boolean): boolean => held && internal.settledAt === undefined;

/** Returns the end of the last finished Job by the store's clock, in ms since the epoch. */
function settledAt(row: ResourceRow): number {
  return typeof row.internal.settledAt === 'number' ? row.internal.settledAt : 0;
}
