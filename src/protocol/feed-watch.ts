import type { FeedPlace } from '../store/audit-store';
import type { Store } from '../store/store';

/** Time for which one look for news serves all who ask, in ms. */
const LOOK_MS = 250;

interface Seen {
  /** Looks that found something. */
  count: number;
  place: FeedPlace;
}

interface Watched {
  at: number;
  look: Promise<Seen>;
  /** True until the look is over: none begins beside it, for it would not know what that one has seen. */
  pending: boolean;
  seen: Seen | undefined;
}

/** Tells those who wait for a tenant's events whether there are any: looked up once for all of them, however many they are. */
export class FeedWatch {
  private readonly tenants = new Map<string, Watched>();

  constructor(private readonly store: Pick<Store, 'feedEnd' | 'readNews'>) {}

  /**
   * Counts how often something new was seen. Who asked before, has read since, and gets the same number again need not read again.
   * @throws StoreUnavailable
   */
  async count(tenant: string): Promise<number> {
    const known = this.tenants.get(tenant);
    if (known && (known.pending || performance.now() - known.at < LOOK_MS)) return (await known.look).count;
    const look = this.look(tenant, known?.seen);
    const watched: Watched = { at: performance.now(), look, pending: true, seen: known?.seen };
    this.tenants.set(tenant, watched);
    try {
      watched.seen = await look;
      return watched.seen.count;
    } finally {
      watched.pending = false;
    }
  }

  private async look(tenant: string, before: Seen | undefined): Promise<Seen> {
    if (!before) return { count: 0, place: await this.store.feedEnd(tenant) };
    const { events } = await this.store.readNews({ view: { tenant } }, before.place, 1);
    return events.length === 0 ? before : { count: before.count + 1, place: await this.store.feedEnd(tenant) };
  }
}
