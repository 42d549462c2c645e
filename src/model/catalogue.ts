import { collectionExtensions, commonAttributes, extensionAttributes } from './common';
import type { ExtensionAttribute } from './common';
import { CIMI, collection as collectionAttribute, EXTENSION, ref } from './define';
import type { ActionDeclaration, Attribute, Attributes, Collection, Resource } from './define';
import { catalogueProblems } from './catalogue-check';
import { standardEventTypes, type EventType } from './event-types';
import { ownCollections, ownResources, standardCollections, standardResources } from './standard';

/** The collection (or the one item in it) that a path leads to. */
export interface Location {
  /** `singleton`: a resource that is in no collection (the Cloud Entry Point). */
  kind: 'collection' | 'item' | 'singleton';
  /** The path itself, relative to the base URI. */
  path: string;
  /** Resource type of the item, or of the collection's items. */
  type: string;
  /** The collection asked for, or the one the item is in; absent for singletons. */
  collection?: Collection;
  /** Path of the collection asked for or the one the item is in; absent for singletons. */
  collectionPath?: string;
  /** Last segment of an item's path. */
  id?: string;
  /** Location of the owner of a nested collection; absent for top-level collections. */
  owner?: Location;
}

/** An action with its short name. */
export interface NamedAction extends ActionDeclaration {
  name: string;
}

/** Parts of a catalogue beside resources and collections. */
export interface CatalogueExtensions {
  attributes?: readonly ExtensionAttribute[];
  ofCollections?: Attributes;
  eventTypes?: readonly EventType[];
}

/** Types that are not of the standard. */
export interface OwnTypes {
  resources: readonly Resource[];
  collections: readonly Collection[];
  eventTypes?: readonly EventType[];
}

const byName = <T extends { name: string }>(items: readonly T[]) => new Map(items.map((item) => [item.name, item]));
/** Makes an object without prototype, so that a consumer's word like `constructor` names no attribute. */
const blank = () => Object.create(null) as Record<string, Attribute>;
const camel = (name: string) => name.charAt(0).toLowerCase() + name.slice(1);

/**
 * The declared resource types and collections, indexed. Immutable; everything derived from the standard takes one.
 */
export class Catalogue {
  private readonly types: ReadonlyMap<string, Resource>;
  private readonly collectionTypes: ReadonlyMap<string, Collection>;
  private readonly typesByURI: ReadonlyMap<string, Resource>;
  private readonly collectionsByURI: ReadonlyMap<string, Collection>;
  private readonly segments: ReadonlyMap<string, Collection>;
  /** Top-level path by type; the first collection of a type leads to it. */
  private readonly paths: ReadonlyMap<string, string>;
  private readonly singletons: ReadonlyMap<string, string>;
  private readonly nestedCollections = new Map<string, Map<string, Collection>>();
  private readonly attributes = new Map<string, Attributes>();
  private readonly xmlOrders = new Map<string, readonly string[]>();
  /** Extension attributes that any collection may carry. */
  readonly collectionAttributes: Attributes;
  /** Event types whose content is declared: those of the standard, and own ones. */
  readonly eventTypes: readonly EventType[];

  /** @throws Error naming every slip: unknown names, duplicates, identifiers against 5.3. */
  constructor(
    readonly resources: readonly Resource[],
    readonly collections: readonly Collection[],
    extensions: CatalogueExtensions = {},
  ) {
    this.types = byName(resources);
    this.collectionTypes = byName(collections);
    this.typesByURI = new Map(resources.map((resource) => [resource.typeURI, resource]));
    this.collectionsByURI = new Map(collections.map((collection) => [collection.typeURI, collection]));
    this.segments = new Map(collections.flatMap((c) => (c.entryPoint === undefined ? [] : [[c.entryPoint, c] as const])));
    this.paths = new Map([...this.segments].reverse().map(([segment, { item }]) => [item, segment]));
    this.singletons = new Map(resources.flatMap(({ singleton, name }) => (singleton === undefined ? [] : [[singleton, name] as const])));
    this.collectionAttributes = extensions.ofCollections ?? {};
    this.eventTypes = [...standardEventTypes, ...(extensions.eventTypes ?? [])];
    for (const collection of collections) this.nest(collection);
    for (const resource of resources) {
      const merged = this.merge(resource, extensions.attributes ?? []);
      this.attributes.set(resource.name, merged);
      this.xmlOrders.set(resource.name, xmlOrder(resource, merged));
    }
    const problems = catalogueProblems(this);
    if (problems.length > 0) throw new Error(`the catalogue contradicts itself: ${problems.join('; ')}`);
  }

  private nest(collection: Collection): void {
    if (collection.owner === undefined || collection.ownerAttribute === undefined) return;
    const nested = this.nestedCollections.get(collection.owner) ?? new Map<string, Collection>();
    nested.set(collection.ownerAttribute, collection);
    this.nestedCollections.set(collection.owner, nested);
  }

  /** Common, own and extension attributes, in this order; a collection that its owner does not declare becomes an extension of it. */
  private merge(resource: Resource, extensions: readonly ExtensionAttribute[]): Attributes {
    const merged = blank();
    Object.assign(merged, resource.common === false ? {} : commonAttributes(resource.primary), resource.attributes);
    const led = resource.singleton === undefined ? (this.nestedCollections.get(resource.name) ?? []) : this.segments;
    for (const [name, collection] of led)
      merged[name] ??= collectionAttribute(collection.name, {
        provider: 'optional mutable',
        consumer: 'optional read-only',
        namespace: collection.namespace === CIMI ? EXTENSION : collection.namespace,
      });
    for (const extension of extensions) if (extension.types.includes(resource.name)) merged[extension.name] = extension.attribute;
    return merged;
  }

  /** Tells whether a resource type of this name is declared. */
  has(type: string): boolean {
    return this.types.has(type);
  }

  /** @throws Error when no such resource type is declared. */
  resource(type: string): Resource {
    return found(this.types.get(type), type);
  }

  hasCollection(name: string): boolean {
    return this.collectionTypes.has(name);
  }

  /** The collection type by its name (`MachineCollection`). @throws Error when none is declared. */
  collection(name: string): Collection {
    return found(this.collectionTypes.get(name), name);
  }

  byTypeURI(typeURI: string): Resource | undefined {
    return this.typesByURI.get(typeURI);
  }

  collectionByTypeURI(typeURI: string): Collection | undefined {
    return this.collectionsByURI.get(typeURI);
  }

  /** Returns the event type of a URI; undefined where its content is not declared. */
  eventType(uri: string): EventType | undefined {
    return this.eventTypes.find((type) => type.uri === uri);
  }

  /** All attributes of a type by name, in JSON order: common, own, extensions. Values use `jsonName ?? name`. */
  attributesOf(type: string): Attributes {
    return found(this.attributes.get(type), type);
  }

  /** Names of all attributes of a type in XML order, extensions last; `operations` among them marks where the operations stand. */
  xmlOrderOf(type: string): readonly string[] {
    return found(this.xmlOrders.get(type), type);
  }

  /** Attributes of the `<Type>Create` envelope (4.2.1.1): naming, extensions accepted on create, and the template. */
  envelopeOf(type: string): Attributes {
    const all = this.attributesOf(type);
    const { create } = this.resource(type);
    const envelope = blank();
    for (const name of ['name', 'description', 'properties']) if (all[name]) envelope[name] = all[name];
    if (create?.template !== undefined)
      envelope[camel(create.template)] = ref(create.template, {
        provider: 'mandatory mutable',
        consumer: 'mandatory write-only',
        inline: [create.template],
      });
    for (const [name, attribute] of Object.entries(all))
      if (attribute.namespace !== undefined && attribute.onCreate) envelope[name] = attribute;
    return envelope;
  }

  /** `MachineCreate` for Machine. */
  createWrapper(type: string): string {
    return `${this.resource(type).name}Create`;
  }

  /** Machine for `MachineCreate`; undefined for anything else. */
  typeOfWrapper(wrapper: string): string | undefined {
    const type = wrapper.endsWith('Create') ? wrapper.slice(0, -'Create'.length) : '';
    return this.types.get(type)?.create === undefined ? undefined : type;
  }

  /** `machineTemplate` for Machine; undefined for what is created by its own representation. */
  templateAttribute(type: string): string | undefined {
    const template = this.resource(type).create?.template;
    return template === undefined ? undefined : camel(template);
  }

  /** Collections of the Cloud Entry Point by the attribute that leads to them, which is also their path. */
  entryPoints(): ReadonlyMap<string, Collection> {
    return this.segments;
  }

  /** The collection in an owner's attribute (`Machine`, `disks`). */
  nested(ownerType: string, attribute: string): Collection | undefined {
    return this.nestedCollections.get(ownerType)?.get(attribute);
  }

  /** All collections that instances of a type own, by attribute. */
  nestedOf(ownerType: string): ReadonlyMap<string, Collection> {
    return this.nestedCollections.get(ownerType) ?? new Map<string, Collection>();
  }

  /** Path of the top-level collection of a type (`machineConfigs`), or of a singleton; undefined for nested types. */
  pathOf(type: string): string | undefined {
    return this.resource(type).singleton ?? this.paths.get(type);
  }

  /**
   * Finds out what a path relative to the base URI names, by the catalogue alone: `machines`, `machines/abc`,
   * `machines/abc/disks/1`, `cloudEntryPoint`. Ids are opaque. @returns undefined where no such path can exist.
   */
  locate(path: string): Location | undefined {
    const segments = path.split('/');
    if (segments.includes('')) return undefined;
    const [first = '', ...rest] = segments;
    const singleton = rest.length === 0 ? this.singletons.get(first) : undefined;
    if (singleton !== undefined) return { kind: 'singleton', path, type: singleton };
    let at = locationOf(this.segments.get(first), first);
    for (const segment of rest) {
      if (at === undefined) return undefined;
      const next = `${at.path}/${segment}`;
      at =
        at.kind === 'collection' ? { ...at, kind: 'item', path: next, id: segment } : locationOf(this.nested(at.type, segment), next, at);
    }
    return at;
  }

  /** An action of a resource type, by its URI or its short name. */
  action(type: string, uriOrName: string): NamedAction | undefined {
    return pick(this.resource(type).actions, uriOrName);
  }

  /** An action of a collection type (import), by its URI or its short name. */
  collectionAction(name: string, uriOrName: string): NamedAction | undefined {
    return pick(this.collection(name).actions, uriOrName);
  }
}

function locationOf(collection: Collection | undefined, path: string, owner?: Location): Location | undefined {
  if (!collection) return undefined;
  return { kind: 'collection', path, type: collection.item, collection, collectionPath: path, ...(owner ? { owner } : {}) };
}

function pick(actions: Readonly<Record<string, ActionDeclaration>> | undefined, uriOrName: string): NamedAction | undefined {
  const found = Object.entries(actions ?? {}).find(([name, { uri }]) => name === uriOrName || uri === uriOrName);
  return found && { name: found[0], ...found[1] };
}

function xmlOrder(resource: Resource, merged: Attributes): readonly string[] {
  const declared = resource.xmlOrder;
  const names = Object.keys(merged);
  if (!declared) return names;
  // Only own attributes are listed in xmlOrder: common ones come before them, extensions after.
  const own = new Set(Object.keys(resource.attributes));
  const firstOwn = names.findIndex((name) => own.has(name));
  return [...names.slice(0, firstOwn), ...declared, ...names.slice(firstOwn).filter((name) => !own.has(name))];
}

function found<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`the catalogue has no ${name}`);
  return value;
}

/**
 * A catalogue of the types given, with the gateway's own extension attributes.
 * @throws Error naming every contradiction among the declarations.
 */
export function createCatalogue(
  resources: readonly Resource[],
  collections: readonly Collection[],
  more: readonly ExtensionAttribute[] = [],
  eventTypes: readonly EventType[] = [],
): Catalogue {
  const attributes = [...extensionAttributes, ...more];
  return new Catalogue(resources, collections, { attributes, ofCollections: collectionExtensions, eventTypes });
}

/**
 * A new catalogue of the whole standard, with what the configured clouds' drivers bring of their own.
 * @param groups `plural`: collections are grouped as clients in the field read them, not as published (D002)
 * @param own types of the configuration's own modules, each with its collection, and their event types
 */
export function standardCatalogue(
  more: readonly ExtensionAttribute[] = [],
  groups: 'singular' | 'plural' = 'singular',
  own: OwnTypes = { resources: [], collections: [] },
): Catalogue {
  const collections = groups === 'singular' ? standardCollections : standardCollections.map(asInField);
  return createCatalogue([...standardResources, ...own.resources], [...collections, ...own.collections], more, own.eventTypes);
}

/** A new catalogue of all that the gateway serves: the whole standard, and its own types; as standardCatalogue otherwise. */
export function gatewayCatalogue(
  more: readonly ExtensionAttribute[] = [],
  groups: 'singular' | 'plural' = 'singular',
  own: OwnTypes = { resources: [], collections: [] },
): Catalogue {
  const resources = [...ownResources, ...own.resources];
  return standardCatalogue(more, groups, { ...own, resources, collections: [...ownCollections, ...own.collections] });
}

function asInField({ jsonInField, ...declared }: Collection): Collection {
  return jsonInField === undefined ? declared : { ...declared, json: jsonInField, jsonInField: declared.json };
}
