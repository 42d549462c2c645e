import type { Store } from '../store/store';
import type { Readiness } from './probes';

interface Parts {
  store: Pick<Store, 'now'>;
  queue: { trouble(): string | undefined };
  clouds: { all(): readonly { key: string; tenants: readonly string[]; health(): { state: string } }[] };
}

/**
 * Tells whether requests can be served: when the store answers. A queue in trouble makes Jobs slower, a cloud in trouble its own
 * answers; neither is helped by a restart.
 */
export async function readiness({ store, queue, clouds }: Parts): Promise<Readiness> {
  const found = clouds.all().map((cloud) => [cloud.key, { state: cloud.health().state, tenants: cloud.tenants }] as const);
  const trouble = queue.trouble();
  const problems = trouble === undefined ? [] : [`${trouble}; Jobs go on by the sweep, slower`];
  try {
    await store.now();
  } catch (error) {
    problems.unshift(`the store does not answer: ${error instanceof Error ? error.message : String(error)}`);
    return { ok: false, problems, clouds: Object.fromEntries(found) };
  }
  return { ok: true, problems, clouds: Object.fromEntries(found) };
}
