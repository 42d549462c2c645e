import { GROUPS, METHOD_KINDS, type Driver, type GroupName, type ListedGroup } from './driver';

/** Methods that ask the provider nothing, and so have no kind. */
const PURE: readonly string[] = ['holds', 'keyOf', 'offers', 'sized'];
/** Methods after which an answer that was lost has to be looked for. */
const MAKING: readonly string[] = ['create', 'capture', 'upload'];

/** Groups without items of their own, and the methods that each has to have. */
const UNLISTED: Readonly<Record<Exclude<GroupName, ListedGroup>, readonly string[]>> = {
  credentials: [],
  meters: ['offers', 'sample'],
  events: ['since'],
};

/**
 * Compares a connected driver with the contract, as far as that can be seen without calling it: groups and methods are known by
 * name only, so a slip would be an operation that is never offered.
 * @returns what is wrong, in words that name group and method; empty where nothing is
 */
export function driverProblems(driver: Driver): string[] {
  if (typeof driver !== 'object' || driver === null) return ['connect() must answer with a driver'];
  const { capabilities } = driver as Partial<Driver>;
  return [
    ...(typeof capabilities === 'object' && typeof capabilities.settleMs === 'number' && typeof capabilities.types === 'object'
      ? []
      : ['capabilities must say settleMs (ms) and types']),
    ...['check', 'close'].flatMap((name) => (typeof Reflect.get(driver, name) === 'function' ? [] : [`${name}() is missing`])),
    ...Object.keys(GROUPS).flatMap((group) => groupProblems(group, driver[group as GroupName])),
    ...Object.entries(UNLISTED).flatMap(([group, needed]) => unlistedProblems(group, driver[group as GroupName], needed)),
  ];
}

function groupProblems(name: string, group: object | undefined): string[] {
  if (!group) return [];
  const methods = methodsOf(group);
  const missing = (method: string) => (methods.includes(method) ? [] : [`${name}.${method}() is missing`]);
  const making = methods.find((method) => MAKING.includes(method));
  return [
    ...missing('list'),
    ...missing('getMany'),
    ...(making === undefined
      ? []
      : missing('find').map((words) => `${words}: it tells whether ${making} took effect where its answer was lost`)),
    ...methods.flatMap((method) => unknownMethod(name, method)),
  ];
}

function unlistedProblems(name: string, group: object | undefined, needed: readonly string[]): string[] {
  const methods = group ? methodsOf(group) : [];
  const missing = group ? needed.filter((method) => !methods.includes(method)) : [];
  return [...missing.map((method) => `${name}.${method}() is missing`), ...methods.flatMap((method) => unknownMethod(name, method))];
}

function unknownMethod(group: string, method: string): string[] {
  if (Object.hasOwn(METHOD_KINDS, method) || PURE.includes(method)) return [];
  return [`${group}.${method}() is no method of the contract; what a group needs for itself is kept outside of it`];
}

/** Names of the functions of an object and of the classes that it is made of, without those that every object has. */
function methodsOf(group: object): string[] {
  const names = new Set<string>();
  for (let part: object | null = group; part && !Object.hasOwn(part, 'hasOwnProperty'); part = Object.getPrototypeOf(part) as object | null)
    for (const name of Object.getOwnPropertyNames(part))
      if (name !== 'constructor' && typeof Reflect.get(group, name) === 'function') names.add(name);
  return [...names];
}
