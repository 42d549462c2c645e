import type { Clouds } from '../clouds/cloud';
import type { Catalogue } from '../model/catalogue';
import type { ResourceHandler } from '../operations/resource-handler';
import type { ResourcePath, ResourceRow, Store } from '../store/store';
import type { StoreClock } from '../store/store-clock';
import type { Policy } from './policy';

/** Brings up to date, before it is read, what a cloud tells only when asked. Never rejects, and does not wait for a slow cloud. */
export interface Freshening {
  /** The samples of a Meter, where the cloud has newer ones. */
  samples(meter: ResourceRow): Promise<void>;
  /** The events of one resource, for who reads those of this tenant. */
  events(resource: ResourcePath, tenant: string): Promise<void>;
}

/** Everything that reading resources needs, the same for all requests. */
export interface ReaderContext {
  catalogue: Catalogue;
  clouds: Clouds;
  store: Store;
  /** Clock of the store. */
  clock: Pick<StoreClock, 'here'>;
  policy: Policy;
  handlerOf(type: string): ResourceHandler | undefined;
  /** Absolute base URI with a trailing slash. */
  base: string;
  /** Key of the MAC on identity tags. */
  tagKey: Uint8Array;
  /** A list above this many items is refused rather than cut. */
  maxItems: number;
  freshen?: Freshening | undefined;
  log: { warn(message: string, details?: object): void };
}
