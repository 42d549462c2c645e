import type { Cloud } from '../clouds/cloud';
import type { GroupName, TypeCapabilities } from '../clouds/driver';
import { describeType } from '../model/describe';
import { ENTRY_POINT, entryPointValues, METADATA } from '../operations/computed';
import type { Protocol, Scope } from './context';
import { entryPath } from './router';
import type { View } from './views';

/** Resources that are computed when they are read: the entry points and the metadata of each type. */

/** Cloud Entry Point of the root (every cloud the caller may use) or of one cloud (5.12). */
export function entryPointView(scope: Scope): View {
  const { protocol, cloudKey, principal } = scope;
  const { catalogue, clouds } = protocol;
  const cloud = cloudKey === undefined ? undefined : clouds.byKey(cloudKey);
  const path = entryPath(cloudKey, catalogue.pathOf(ENTRY_POINT) ?? '');
  const collections = new Map<string, string>();
  for (const [attribute, collection] of catalogue.entryPoints()) {
    if (protocol.isServed(collection.item) && offeredIn(scope, collection.item)) collections.set(attribute, entryPath(cloudKey, attribute));
  }
  const values = entryPointValues({
    id: path,
    name: cloud?.name ?? 'CIMI gateway',
    description: cloud ? `The cloud '${cloud.key}'` : `Every cloud of tenant '${principal.tenant}'`,
    base: protocol.base,
    collections,
  });
  return { type: ENTRY_POINT, path, values, operations: [], core: String([...collections.keys()].length), created: '' };
}

/** Types that live in clouds only are not led to where no cloud has them. */
function offeredIn({ protocol, cloudKey, principal }: Scope, type: string): boolean {
  const family = protocol.familyOf(type);
  const group: GroupName | undefined = family?.group;
  if (!family || group === undefined || family.stored) return true;
  return protocol.clouds.forTenant(principal.tenant).some((cloud) => (cloudKey ?? cloud.key) === cloud.key && cloud.has(group));
}

export function metadataViews(scope: Scope): View[] {
  const { protocol } = scope;
  return protocol.catalogue.resources.filter(({ name }) => protocol.isServed(name) && offeredIn(scope, name)).map(({ name }) => metadataOf(scope, name));
}

export function metadataView(scope: Scope, type: string): View | undefined {
  const { protocol } = scope;
  if (!protocol.catalogue.has(type) || !protocol.isServed(type) || !offeredIn(scope, type)) return undefined;
  return metadataOf(scope, type);
}

/** What is true of a type: on the one cloud, or on every cloud of the caller (5.11). */
function metadataOf(scope: Scope, type: string): View {
  const { protocol, cloudKey, principal } = scope;
  const clouds = protocol.clouds.forTenant(principal.tenant).filter((cloud) => (cloudKey ?? cloud.key) === cloud.key);
  const own: TypeCapabilities = protocol.ownCapabilities(type);
  const shared = common(clouds.map((cloud) => cloud.capabilities.types[type] ?? {}));
  const path = entryPath(cloudKey, `${protocol.catalogue.pathOf(METADATA) ?? ''}/${type}`);
  const values = {
    id: path,
    ...describeType(protocol.catalogue, type, {
      capabilities: { ...shared.capabilities, ...own.capabilities },
      ...(shared.constraints ? { constraints: shared.constraints } : {}),
      actions: actionsOf(scope, type, clouds),
    }),
  };
  return { type: METADATA, path, values, operations: [], core: String(JSON.stringify(values).length), created: '' };
}

/** Short names of operations that at least one cloud here would ever offer; an instance's own list decides. */
function actionsOf({ protocol }: Scope, type: string, clouds: readonly Cloud[]): string[] {
  const family = protocol.familyOf(type);
  const names = Object.entries(protocol.catalogue.resource(type).actions ?? {}).flatMap(([name, action]) => {
    if (!family) return [name];
    if (action.kind === 'link') return family.linkQuery?.[name] ? [name] : [];
    const group = family.group;
    return family.act?.[name] && (!group || clouds.some((cloud) => cloud.offers(group, name))) ? [name] : [];
  });
  const needs = family?.createNeeds;
  const creatable = family?.create && (!needs || clouds.some((cloud) => cloud.offers(needs[0], needs[1])));
  return creatable ? ['add', ...names] : names;
}

/** What holds on every cloud: booleans by and, sets by intersection, differing scalars absent. */
export function common(all: readonly TypeCapabilities[]): TypeCapabilities {
  const [first, ...rest] = all;
  if (!first) return {};
  const capabilities: Record<string, boolean | number | string | readonly string[]> = {};
  for (const [name, value] of Object.entries(first.capabilities ?? {})) {
    const others = rest.map((one) => one.capabilities?.[name]);
    if (typeof value === 'boolean') capabilities[name] = value && others.every((other) => other === true);
    else if (Array.isArray(value)) {
      const set = (value as readonly string[]).filter((entry) => others.every((other) => Array.isArray(other) && (other as readonly string[]).includes(entry)));
      if (set.length > 0) capabilities[name] = set;
    } else if (others.every((other) => other === value)) capabilities[name] = value;
  }
  return { capabilities, ...(rest.length === 0 && first.constraints ? { constraints: first.constraints } : {}) };
}
