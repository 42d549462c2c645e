import type { Item } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Wire } from './client';
import type { Seen } from './collector';

/**
 * One object as items. Where it cannot be read as what it is, it is shown in ERROR, and a warning says why: one wrong
 * answer hides nothing else.
 */
export function readEach(seen: Seen, read: (seen: Seen) => Item | readonly Item[], wire: Wire, type: string): Item[] {
  try {
    return [read(seen)].flat();
  } catch (error) {
    if (error instanceof ProviderError) throw error;
    const words = error instanceof Error ? error.message : String(error);
    wire.warn('vCenter’s answer about one object cannot be read; it is shown in ERROR', { key: seen.ref.value, type, error: words });
    const reason = `vCenter’s answer about it cannot be read (${words})`;
    return [{ key: seen.ref.value, values: { state: 'ERROR' }, reason, refuses: { edit: reason, delete: reason } }];
  }
}
