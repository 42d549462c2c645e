import type { CallContext } from '../../src/clouds/driver';
import { Gone, ProviderError } from '../../src/clouds/errors';
import type { Wire } from './client';
import { FCD, type Fcd, fcdsById, fcdsWith } from './fcd';
import { type Kind, kindOfFcd, META } from './fcd-item';

/** Finds the disks of a kind that carry this identity tag. */
export async function markedFcds(wire: Wire, tag: string, kind: Kind, context: CallContext): Promise<Fcd[]> {
  return (await fcdsWith(wire, tag, context)).filter((fcd) => fcd.metadata.get(META.id) === tag && kindOfFcd(fcd) === kind);
}

/** Proves that a disk of another kind is none of this one. */
export function otherKind(fcds: readonly Fcd[], key: string, kind: Kind): Gone | undefined {
  const other = fcds.find((fcd) => fcd.id === key && kindOfFcd(fcd) !== kind);
  return other && Gone.shown({ type: FCD, key }, `the first-class disk ${key} is no ${kind}`);
}

/**
 * Reads one disk of this kind.
 * @throws Gone where it is proven not to be there, ProviderError where vCenter does not say
 */
export async function fcdOfKind(wire: Wire, key: string, kind: Kind, context: CallContext): Promise<Fcd> {
  const { fcds, gone } = await fcdsById(wire, [key], context);
  const [fcd] = fcds.filter((each) => each.id === key && kindOfFcd(each) === kind);
  if (fcd) return fcd;
  const proof = gone.get(key) ?? otherKind(fcds, key, kind);
  throw proof ?? new ProviderError('unavailable', `vCenter says nothing of the first-class disk ${key}`, { maybeDone: false });
}
