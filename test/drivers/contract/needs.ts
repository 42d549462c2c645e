import { type Driver, type GroupName, GROUPS, METHOD_KINDS, type Offered } from '../../../src/clouds/driver';
import type { Updating } from '../../../src/clouds/contract';

type MethodOf<G extends GroupName> = {
  [M in keyof Offered<G>]-?: NonNullable<Offered<G>[M]> extends (...args: never[]) => unknown ? M : never;
}[keyof Offered<G>];
type Methods = { [G in GroupName]: `${G}.${MethodOf<G> & string}` }[GroupName];

/**
 * One thing that a test needs of a driver: a group (`volumes`), a method (`machines.create`), an attribute that `update` takes
 * (`networks.update mtu`), a capability of Table 7 that is true (`Machine: MachineStopForce`), addresses that `machines.create` takes, or `quotas`.
 */
export type Need = GroupName | Methods | `${GroupName}.update ${string}` | `${string}: ${string}` | 'addressesAtCreate' | 'quotas';

/** The part of a driver that says what it offers. */
export type Shape = Pick<Driver, GroupName | 'capabilities' | 'quotas'>;

/** Tells whether a driver offers what a test needs. */
export function offers(shape: Shape, need: Need): boolean {
  if (need === 'addressesAtCreate') return (shape.capabilities.addressesAtCreate ?? 0) > 0;
  if (need === 'quotas') return shape.quotas !== undefined;
  const [type, capability] = need.split(': ');
  if (capability !== undefined) return shape.capabilities.types[String(type)]?.capabilities?.[capability] === true;
  const [path = '', attribute] = need.split(' ');
  const [group = '', method] = path.split('.');
  const owner: object | undefined = shape[group as GroupName];
  if (!owner) return false;
  if (method !== undefined && typeof Reflect.get(owner, method) !== 'function') return false;
  if (attribute === undefined) return true;
  const changes = Reflect.get(owner, 'changes') as Updating['changes'];
  return changes === undefined || changes[attribute] !== undefined;
}

/** Needs of a test that a driver does not offer, in their order. */
export const missing = (shape: Shape, needs: readonly Need[]): Need[] => needs.filter((need) => !offers(shape, need));

/** Every group and method of the contract that a driver offers, by name. */
export function offered(shape: Shape): Need[] {
  const groups = [...Object.keys(GROUPS), 'credentials', 'meters', 'events'] as GroupName[];
  const methods = [...Object.keys(METHOD_KINDS), 'holds', 'sized', 'keyOf', 'offers'];
  const names = groups.flatMap((group) => [group, ...methods.map((method) => `${group}.${method}`)]) as Need[];
  return names.filter((need) => offers(shape, need));
}
