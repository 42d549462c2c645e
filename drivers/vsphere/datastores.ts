import type { CallContext } from '../../src/clouds/driver';
import { ProviderError } from '../../src/clouds/errors';
import type { Wire } from './client';
import { everything, objects, type Seen } from './collector';
import { isKey } from './images';
import { text } from './machine-item';
import { unescapeName } from './naming';
import { freeOf, isUsable, refsOf } from './places';
import type { Ref } from './types';

const PATHS = ['name', 'summary.accessible', 'summary.freeSpace', 'summary.maintenanceMode', 'summary.multipleHostAccess'];

/**
 * Where a volume goes: the named datastore; else that of the machine it is made for; else, of those that can be used, one
 * that several hosts reach before one that belongs to a single host, and the one with the most free space.
 * @throws ProviderError `invalid` naming the candidates, `unavailable` where there is none
 */
export async function datastoreFor(
  wire: Wire,
  wish: { named: string | undefined; machine: string | undefined },
  context: CallContext,
): Promise<Ref> {
  const all: Seen[] = [];
  for await (const page of everything(wire, { Datastore: PATHS }, context)) all.push(...page);
  const usable = all.filter(isUsable);
  if (wish.named !== undefined) return namedOne(usable, wish.named);
  const near = wish.machine === undefined ? [] : await datastoresOf(wire, wish.machine, context);
  const [best] = [...usable].sort((a, b) => rank(b, near) - rank(a, near) || freeOf(b) - freeOf(a) || (a.ref.value < b.ref.value ? -1 : 1));
  if (!best) throw new ProviderError('unavailable', 'there is no usable datastore', { maybeDone: false, lasting: true });
  return best.ref;
}

function rank({ ref, properties }: Seen, near: readonly Ref[]): number {
  if (near.some(({ value }) => value === ref.value)) return 2;
  return properties.get('summary.multipleHostAccess') === true ? 1 : 0;
}

function namedOne(usable: readonly Seen[], name: string): Ref {
  const nameOf = (seen: Seen): string => unescapeName(text(seen, 'name') ?? seen.ref.value);
  const found = usable.filter((seen) => nameOf(seen) === name || seen.ref.value === name);
  const [one, ...others] = found;
  if (one && others.length === 0) return one.ref;
  const candidates = one ? found.map(({ ref }) => ref.value) : usable.map((seen) => `'${nameOf(seen)}'`).sort();
  const words = one ? `several are called datastore '${name}': name one by its key` : `there is no usable datastore '${name}'`;
  throw new ProviderError('invalid', `${words}: candidates are ${candidates.slice(0, 20).join(', ') || 'none'}`, { maybeDone: false });
}

async function datastoresOf(wire: Wire, machine: string, context: CallContext): Promise<Ref[]> {
  if (!isKey(machine)) return [];
  const [seen] = await objects(wire, [{ type: 'VirtualMachine', value: machine }], { VirtualMachine: ['datastore'] }, context);
  return refsOf(seen?.properties.get('datastore'));
}
