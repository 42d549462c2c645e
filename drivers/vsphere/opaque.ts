import type { CallContext } from '../../src/clouds/driver';
import type { Wire } from './client';
import { objects, type Seen } from './collector';
import { refsOf } from './places';
import { isA, type Ref } from './types';

/** Key, not vCenter's own, of NSX's network ids among a machine's properties. */
export const OPAQUE_IDS = 'opaqueNetworkIds';

/** NSX's networks that a machine has. */
export const opaqueOf = (seen: Seen): Ref[] => refsOf(seen.properties.get('network')).filter(({ type }) => type === 'OpaqueNetwork');

/**
 * Machines with what is needed to tell which of several networks of NSX's a card is in: a call more, and none where no
 * machine has several.
 */
export async function withOpaque(wire: Wire, machines: readonly Seen[], context: CallContext): Promise<readonly Seen[]> {
  const open = machines.filter((seen) => opaqueOf(seen).length > 1);
  if (open.length === 0) return machines;
  const refs = [...new Map(open.flatMap(opaqueOf).map((ref) => [ref.value, ref])).values()];
  const ids = new Map<string, string>();
  for (const { ref, properties } of await objects(wire, refs, { OpaqueNetwork: ['summary'] }, context)) {
    const summary = properties.get('summary');
    if (isA(summary, 'OpaqueNetworkSummary') && summary.opaqueNetworkId !== undefined) ids.set(summary.opaqueNetworkId, ref.value);
  }
  return machines.map((seen) => ({ ...seen, properties: new Map([...seen.properties, [OPAQUE_IDS, ids] as const]) }));
}
