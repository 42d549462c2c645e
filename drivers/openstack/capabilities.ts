import type { Capabilities } from '../../src/clouds/driver';

/** What is true of this cloud. Storage and networks add their types here. */
export function capabilities(settleMs: number): Capabilities {
  return {
    settleMs,
    types: {},
  };
}
