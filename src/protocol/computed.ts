import type { Cloud } from '../clouds/cloud';
import type { TypeCapabilities } from '../clouds/driver';
import type { Attribute, ItemType } from '../model/define';
import { entryPath } from '../model/cloud-path';
import { describeType } from '../model/describe';
import { EVENT_LOG } from '../operations/event-log';
import { ENTRY_POINT, entryPointValues, METADATA } from '../operations/gateway-resources';
import type { ResourceHandler } from '../operations/resource-handler';
import { JOB } from '../operations/job';
import { extensionNames, ofClouds } from '../operations/extensions';
import { supportedBy } from '../operations/supported';
import { collectionOf } from '../reader/narrowed';
import { actionsOfAll } from './can-add';
import type { Scope } from './context';
import type { View } from './view';

/** Resources that are computed when they are read: the entry points and the metadata of each type. */

/** Cloud Entry Point of the root (every cloud the caller may use) or of one cloud (5.12). */
export function entryPointView(scope: Scope): View {
  const { protocol, cloudKey, principal } = scope;
  const { catalogue, clouds } = protocol;
  const cloud = cloudKey === undefined ? undefined : clouds.byKey(cloudKey);
  const path = entryPath(cloudKey, catalogue.pathOf(ENTRY_POINT) ?? '');
  const collections = collectionsOf(scope);
  const values = entryPointValues({
    id: path,
    name: cloud?.name ?? 'CIMI gateway',
    description: cloud ? `The cloud '${cloud.key}'` : `Every cloud of tenant '${principal.tenant}'`,
    base: protocol.base,
    collections,
  });
  return { type: ENTRY_POINT, path, values, operations: [], core: () => String([...collections.keys()].length), created: '' };
}

/** Paths of the collections on offer, by the attribute of the entry point. */
function collectionsOf(scope: Scope): Map<string, string> {
  const collections = new Map<string, string>();
  for (const [attribute, { item }] of scope.protocol.catalogue.entryPoints()) {
    if (scope.protocol.isServed(item) && offeredIn(scope, item)) collections.set(attribute, entryPath(scope.cloudKey, attribute));
  }
  return collections;
}

/** Types that live in clouds only are not led to where no cloud has them. */
function offeredIn(scope: Scope, type: string): boolean {
  const { protocol, cloudKey, principal } = scope;
  const handler = protocol.handlerOf(type);
  const group = handler?.group;
  if (handler?.derived && !handler.stored) return offeredIn(scope, handler.derived.from);
  if (!handler || group === undefined || handler.stored) return true;
  return protocol.policy.cloudsOf(principal.tenant, type).some((cloud) => (cloudKey ?? cloud.key) === cloud.key && cloud.has(group));
}

export function metadataViews(scope: Scope): View[] {
  const { protocol } = scope;
  return protocol.catalogue.resources
    .filter(({ name }) => protocol.isServed(name) && offeredIn(scope, name))
    .map(({ name }) => metadataOf(scope, name));
}

export function metadataView(scope: Scope, type: string): View | undefined {
  const { protocol } = scope;
  if (!protocol.catalogue.has(type) || !protocol.isServed(type) || !offeredIn(scope, type)) return undefined;
  return metadataOf(scope, type);
}

/** Builds the metadata of a type: on the one cloud, or on every cloud of the caller that has it (5.11). */
function metadataOf(scope: Scope, type: string): View {
  const { protocol, cloudKey } = scope;
  const clouds = cloudsWith(scope, type);
  const own: TypeCapabilities = protocol.ownCapabilities(type);
  const shared = common(clouds.map((cloud) => cloud.capabilities.types[type] ?? {}));
  const path = entryPath(cloudKey, `${protocol.catalogue.pathOf(METADATA) ?? ''}/${type}`);
  const values = {
    id: path,
    ...describeType(protocol.catalogue, type, {
      capabilities: { ...shared.capabilities, ...own.capabilities },
      constraints: { ...shared.constraints, ...protocol.handlerOf(type)?.constraints?.(clouds) },
      attributes: attributesOf(scope, type, clouds),
      actions: ofRights(scope, type, actionsOf(scope, type, clouds)),
    }),
  };
  return { type: METADATA, path, values, operations: [], core: () => String(JSON.stringify(values).length), created: '' };
}

/** The clouds here in which resources of the type can be at all; those that have a say in it where the gateway alone keeps it. */
function cloudsWith({ protocol, cloudKey, principal }: Scope, type: string): Cloud[] {
  const handler = protocol.handlerOf(type);
  const group = handler?.group;
  const here = protocol.policy.cloudsOf(principal.tenant, type).filter((cloud) => (cloudKey ?? cloud.key) === cloud.key);
  if (group === undefined) return here;
  const having = here.filter((cloud) => cloud.has(group));
  return having.length > 0 || !handler?.stored ? having : here.filter((cloud) => cloud.capabilities.types[type] !== undefined);
}

/** Optional attributes that every cloud here supports, and nested collections that are served. */
function attributesOf(scope: Scope, type: string, clouds: readonly Cloud[]): string[] {
  const { catalogue, handlerOf } = scope.protocol;
  if (type === ENTRY_POINT) return [...collectionsOf(scope).keys()];
  const declared = Object.entries(catalogue.resource(type).attributes).filter(([, attribute]) => leadsSomewhere(scope, attribute));
  const lists = clouds.map((cloud) => supportedBy(cloud, type) ?? (handlerOf(type)?.group ? [] : undefined));
  const all = lists.includes(undefined) || lists.length === 0;
  const brought = clouds.length === 0 ? [] : ofClouds(catalogue, type);
  return [
    ...declared.flatMap(([name, attribute]) => (all || isOurs(attribute) || lists.every((list) => list?.includes(name)) ? [name] : [])),
    ...brought.filter((name) => clouds.every((cloud) => extensionNames(catalogue, cloud, type).includes(name))),
  ];
}

/** Tells whether the gateway has the attribute on every cloud: collections, and the log. */
function isOurs(attribute: Attribute): boolean {
  return attribute.kind === 'collection' || (attribute.kind === 'ref' && attribute.to === EVENT_LOG);
}

/** Tells whether what an attribute leads to, if it leads anywhere, is of a type that is here. */
function leadsSomewhere(scope: Scope, attribute: Attribute | ItemType): boolean {
  const here = (type: string) => type === '*' || (scope.protocol.isServed(type) && offeredIn(scope, type));
  if (attribute.kind === 'collection') return here(scope.protocol.catalogue.collection(attribute.of).item);
  if (attribute.kind === 'array') return leadsSomewhere(scope, attribute.item);
  return attribute.kind !== 'ref' || here(attribute.to);
}

/** Those of these actions that the caller may ask for anywhere. */
function ofRights({ protocol }: Scope, type: string, actions: string[]): string[] {
  const { rights } = protocol.policy;
  if (!rights) return actions;
  const collection = collectionOf(protocol.catalogue, type);
  const isNested = protocol.catalogue.pathOf(type) === undefined;
  const places = [null, ...protocol.clouds.all().map(({ key }) => key)];
  return actions.filter((action) => places.some((cloud) => rights.may(isNested ? 'edit' : action, collection, cloud)));
}

/** Short names of operations that at least one cloud here would ever offer; an instance's own list decides. */
function actionsOf({ protocol }: Scope, type: string, clouds: readonly Cloud[]): string[] {
  const { catalogue } = protocol;
  const actions = Object.entries(catalogue.resource(type).actions ?? {});
  const handler = protocol.handlerOf(type);
  if (!handler) return type === JOB ? ['edit', 'delete', ...actions.map(([name]) => name)] : [];
  const { group } = handler;
  const can = (...methods: string[]) => !group || clouds.some((cloud) => methods.some((method) => cloud.offers(group, method)));
  const canCreate = (other: ResourceHandler | undefined) => {
    const needs = other?.createNeeds;
    return other?.create !== undefined && (!needs || clouds.some((cloud) => cloud.offers(needs[0], needs[1])));
  };
  const canRelease = ({ createNeeds }: ResourceHandler) =>
    createNeeds !== undefined && clouds.some((cloud) => cloud.offers(createNeeds[0], 'release'));
  const names = actions.flatMap(([name, action]) => {
    const performer = action.performedOn === undefined ? undefined : protocol.handlerOf(catalogue.collection(action.performedOn).item);
    if (action.kind === 'link') return handler.linkQuery?.[name] && canCreate(performer) ? [name] : [];
    const { actThrough } = handler;
    const needs = handler.actNeeds?.[name];
    if (needs) return clouds.some((cloud) => needs.every(([of, method]) => cloud.offers(of, method))) ? [name] : [];
    const works = actThrough ? clouds.some((cloud) => cloud.offers(actThrough, name)) : can(name);
    return handler.act?.[name] && works ? [name] : [];
  });
  return [
    ...(canCreate(handler) ? ['add'] : []),
    ...(handler.update && (handler.stored || can('rename', 'resize', 'update')) ? ['edit'] : []),
    ...(handler.remove && (handler.stored || (handler.derived ? canRelease(handler) : can('delete'))) ? ['delete'] : []),
    ...names,
    ...actionsOfAll(handler, clouds),
  ];
}

/** Returns the capabilities that hold on every cloud: booleans by and, sets by intersection, differing scalars absent. */
export function common(all: readonly TypeCapabilities[]): TypeCapabilities {
  const [first, ...rest] = all;
  if (!first) return {};
  const capabilities: Record<string, boolean | number | string | readonly string[]> = {};
  for (const [name, value] of Object.entries(first.capabilities ?? {})) {
    const others = rest.map((one) => one.capabilities?.[name]);
    if (typeof value === 'boolean') capabilities[name] = value && others.every((other) => other === true);
    else if (Array.isArray(value)) {
      const set = (value as readonly string[]).filter((entry) =>
        others.every((other) => Array.isArray(other) && (other as readonly string[]).includes(entry)),
      );
      if (set.length > 0) capabilities[name] = set;
    } else if (others.every((other) => other === value)) capabilities[name] = value;
  }
  return { capabilities, ...(rest.length === 0 && first.constraints ? { constraints: first.constraints } : {}) };
}
