import type { ResourcePath, ResourceRow } from '../store/store';
import type { Collector } from './collector';
import { LookedAt, type LookedAtOptions } from './looked-at';

/** Makes what brings samples and events up to date before somebody reads them, where a cloud tells them only when asked. */
export function freshening({ collector, ...options }: LookedAtOptions & { collector: Collector }): {
  samples(meter: ResourceRow): Promise<void>;
  events(resource: ResourcePath, tenant: string): Promise<void>;
} {
  const lookedAt = new LookedAt(options);
  return {
    samples: (meter) => collector.fill(meter),
    events: (resource, tenant) => lookedAt.freshen(resource, tenant),
  };
}
