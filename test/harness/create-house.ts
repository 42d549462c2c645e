import { guardCloud } from '../../src/clouds/guard';
import type { Clouds } from '../../src/clouds/cloud';
import type { Fetcher } from '../../src/fetch/fetcher';
import type { BoundaryPoint } from '../../src/jobs/engine-context';
import type { Workflow } from '../../src/jobs/workflow';
import type { Value } from '../../src/model/values';
import { workflows } from '../../src/operations/handlers';
import { house, type House } from '../jobs/harness';
import type { FakeCloud } from './fake-cloud';

/** A fetcher of which every URI gives the same few bytes. */
export const someBytes: Fetcher = {
  check: () => undefined,
  busy: () => false,
  open: () =>
    Promise.resolve({
      ...{ size: 3, withinMs: 1_000, version: {}, sections: false },
      async *bytes() {
        yield await Promise.resolve(Uint8Array.of(1, 2, 3));
      },
      close: () => undefined,
    }),
};

/** The gateway's own workflows over one cloud, without anything in front of them. */
export async function createHouse(
  fake: FakeCloud,
  settings: { waitAtMostMs?: number } = {},
): Promise<{
  house: House;
  clouds: Clouds;
  start(onBoundary?: (point: BoundaryPoint) => Promise<void>): Promise<void>;
}> {
  const about = { key: 'fake', name: 'fake', driver: 'fake', tenants: ['acme'], discoveredTenant: 'acme', mode: 'manage' as const };
  const log = { warn: () => undefined, error: () => undefined };
  const cloud = guardCloud({ ...about, ...settings }, fake.driver(), { cacheMs: 0, retries: 0 }, { log });
  const clouds: Clouds = { all: () => [cloud], byKey: (key) => (key === 'fake' ? cloud : undefined), forTenant: () => [cloud] };
  const opened = await house();
  return {
    house: opened,
    clouds,
    async start(onBoundary) {
      const all = workflows(someBytes) as readonly Workflow<Value>[];
      await opened.process(all, { clouds, ...(onBoundary ? { onBoundary } : {}) });
    },
  };
}
