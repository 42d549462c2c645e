import type { Item } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Wire } from './client';
import type { Seen } from './collector';

/** Converts one object to items. One that cannot be read is shown in ERROR, with a warning that says why: it hides nothing else. */
export function readEach(seen: Seen, read: (seen: Seen) => Item | readonly Item[], wire: Wire, type: string): Item[] {
  try {
    return [read(seen)].flat();
  } catch (error) {
    if (error instanceof ProviderError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    wire.warn('vCenter’s answer about one object cannot be read; it is shown in ERROR', { key: seen.ref.value, type, error: message });
    const reason = `vCenter’s answer about it cannot be read (${message})`;
    return [{ key: seen.ref.value, values: { state: 'ERROR' }, reason, refuses: { edit: reason, delete: reason } }];
  }
}
