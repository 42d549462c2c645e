import type { CallContext } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Wire } from './client';
import { everything, present, type Seen } from './collector';
import { DATASTORE_PATHS, freeOf, isShared, isUsable } from './datastore-choice';
import { isKey, vm } from './keys';
import { refOf, text } from './machine-item';
import { unescapeName } from './naming';
import { refsOf } from './places';
import type { Ref } from './types';

const WANTED = { Datastore: DATASTORE_PATHS, StoragePod: ['name'] };

/**
 * Chooses the datastore of a volume: the named one, or one of the named datastore cluster; else that of the machine it is made for;
 * else, of those that can be used, one that several hosts reach before one that belongs to a single host, and the one with the most
 * free space.
 * @throws ProviderError `invalid` naming the candidates, `unavailable` where there is none
 */
export async function datastoreFor(
  wire: Wire,
  wish: { named: string | undefined; machine: string | undefined },
  context: CallContext,
): Promise<Ref> {
  const all: Seen[] = [];
  for await (const page of everything(wire, WANTED, context)) all.push(...page);
  const usable = all.filter(({ ref }) => ref.type === 'Datastore').filter(isUsable);
  const pods = all.filter(({ ref }) => ref.type === 'StoragePod');
  if (wish.named !== undefined) return namedOne(usable, pods, wish.named);
  const near = wish.machine === undefined ? [] : await datastoresOf(wire, wish.machine, context);
  const best = bestFor(usable, near);
  if (!best) throw new ProviderError('unavailable', 'there is no usable datastore', { maybeDone: false, lasting: true });
  return best.ref;
}

function bestFor(usable: readonly Seen[], near: readonly Ref[]): Seen | undefined {
  const rank = (seen: Seen) => (near.some(({ value }) => value === seen.ref.value) ? 2 : isShared(seen) ? 1 : 0);
  return [...usable].sort((a, b) => rank(b) - rank(a) || freeOf(b) - freeOf(a) || (a.ref.value < b.ref.value ? -1 : 1))[0];
}

function namedOne(usable: readonly Seen[], pods: readonly Seen[], name: string): Ref {
  const nameOf = (seen: Seen): string => unescapeName(text(seen, 'name') ?? seen.ref.value);
  const isNamed = (seen: Seen): boolean => nameOf(seen) === name || seen.ref.value === name;
  const found = usable.filter(isNamed);
  const [one, ...others] = found;
  if (one && others.length === 0) return one.ref;
  const named = pods.filter(isNamed).map(({ ref }) => ref.value);
  const member = one
    ? undefined
    : bestFor(
        usable.filter(({ properties }) => named.includes(refOf(properties.get('parent'))?.value ?? '')),
        [],
      );
  if (member) return member.ref;
  const candidates = one ? found.map(({ ref }) => ref.value) : [...usable, ...pods].map((seen) => `'${nameOf(seen)}'`).sort();
  const message = one ? `several are called datastore '${name}': name one by its key` : `there is no usable datastore '${name}'`;
  throw new ProviderError('invalid', `${message}: candidates are ${candidates.slice(0, 20).join(', ') || 'none'}`, { maybeDone: false });
}

async function datastoresOf(wire: Wire, machine: string, context: CallContext): Promise<Ref[]> {
  if (!isKey(machine)) return [];
  return refsOf((await present(wire, vm(machine), ['datastore'], context)).properties.get('datastore'));
}
