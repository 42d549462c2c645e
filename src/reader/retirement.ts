import type { Cloud } from '../clouds/cloud';
import type { Item } from '../clouds/driver';
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
/** Tolerance for a provider's clock, in ms. */
const SKEW_MS = 2_000;

/** Rows of what a reading found gone: they are taken away, and come back under their own ids should the thing turn up. */
export class Retirement {
  constructor(private readonly context: Pick<ReaderContext, 'catalogue' | 'store' | 'tagKey' | 'log'>) {}

  /**
   * Takes away the row of what the provider has proven gone, with its associations and one event, if it is older than
   * the time a write may stay invisible.
   * @returns whether it is gone.
   */
  async retire(row: ResourceRow, cloud: Cloud): Promise<boolean> {
    const { store } = this.context;
    const youngest = Math.max(Date.parse(row.created), settledAt(row));
    if ((await store.now()) - youngest < cloud.capabilities.settleMs) return false;
    try {
      await store.transaction(async (unit) => {
        const current = await unit.resource(row.path);
        const holds = await unit.holds([row.path]);
        if (!current || current.version !== row.version || holds.size > 0) throw new StaleError(row.path);
        await takeAwayWithAssociations(unit, row.path);
        await unit.recordEvent(modelEvent(subjectOf(row), 'delete', { detail: 'the cloud has it no more' }));
      });
    } catch (error) {
      if (error instanceof StaleError) return false;
      throw error;
    }
    return true;
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

/** Returns the time until which the provider's answers may be older than the last finished Job, in ms since the epoch. */
export function settledAt(row: ResourceRow): number {
  return typeof row.internal.settledAt === 'number' ? row.internal.settledAt : 0;
}
