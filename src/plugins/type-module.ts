import { configFolder, type Config } from '../config/config';
import { configError } from '../config/load';
import type { Problem } from '../config/problems';
import { schemaProblems } from '../config/problem-messages';
import { collectionExtensions, commonAttributes, extensionAttributes, type ExtensionAttribute } from '../model/common';
import { standardCatalogue, type OwnTypes } from '../model/catalogue';
import { CIMI, EXTENSION, type Attribute, type Attributes } from '../model/define';
import { ownContent } from '../model/event-types';
import { standardCollections, standardResources } from '../model/standard';
import { resourceHandlers } from '../operations/handlers';
import type { ResourceHandler } from '../operations/resource-handler';
import { importModule, ImportError, type Exports } from './import-module';
import { ownEventType, tellerOf } from './own-event';
import { collectionOf, ownType, statesOf } from './own-type';
import { typeModuleSchema, TYPES_VERSION, type TypeModule } from './type-schema';
import { versionProblem } from './version';

/** Additions to the standard by the modules of a configuration. */
export interface TypeExtensions extends OwnTypes {
  handlers: readonly ResourceHandler[];
  /** Attributes of types that the standard declares. */
  attributes: readonly ExtensionAttribute[];
}

/**
 * Loads the modules of the configuration's `extensions`.
 * @throws ConfigError naming everything that is wrong with any of them, with path and line
 */
export async function typeExtensionsOf(config: Config): Promise<TypeExtensions> {
  const problems: Problem[] = [];
  const known = new Names();
  const modules: TypeModule[] = [];
  for (const [index, name] of config.extensions.entries()) {
    const wrong = (message: string): void => {
      problems.push({ path: `extensions[${index}]`, message: `the module ${JSON.stringify(name)} ${message}` });
    };
    try {
      const read = typeModuleIn(await importModule(name, configFolder(config)), known);
      if ('wrong' in read) read.wrong.forEach(wrong);
      else modules.push(read.module);
    } catch (error) {
      if (!(error instanceof ImportError)) throw error;
      wrong(error.message);
    }
  }
  const extensions = combined(modules);
  problems.push(...contradictions(extensions));
  if (problems.length > 0) throw configError(config, problems);
  return extensions;
}

/** Combines what modules add to the standard. */
export function combined(modules: readonly TypeModule[]): TypeExtensions {
  const types = modules.flatMap(({ namespace, types: all, events }) => {
    const teller = tellerOf({ namespace, events });
    return Object.entries(all).map(([name, declared]) => ownType(namespace, name, declared, teller));
  });
  return {
    resources: types.map(({ resource }) => resource),
    collections: types.map(({ collection }) => collection),
    eventTypes: modules.flatMap(({ namespace, events }) =>
      Object.entries(events).map(([name, declared]) => ownEventType(namespace, name, declared)),
    ),
    handlers: types.map(({ handler }) => handler),
    attributes: modules.flatMap(({ namespace, attributes }) => attributesIn(namespace, attributes)),
  };
}

/** Lists the faults that no module shows by itself: references to types that none declares. */
function contradictions(extensions: TypeExtensions): Problem[] {
  try {
    standardCatalogue(extensions.attributes, 'singular', extensions);
    return [];
  } catch (error) {
    return [{ path: 'extensions', message: error instanceof Error ? error.message : String(error) }];
  }
}

function attributesIn(namespace: string, attributes: TypeModule['attributes']): ExtensionAttribute[] {
  return Object.entries(attributes).flatMap(([type, declared]) =>
    Object.entries(declared).map(([name, attribute]) => ({ name, attribute: { ...attribute, namespace }, types: [type] })),
  );
}

/**
 * Reads what a module of types exports.
 * @param known names that are taken; those of the module are added
 * @returns the module, or everything that is wrong with it, in words that go after its name
 */
export function typeModuleIn(exports: Exports, known: Names): { module: TypeModule } | { wrong: string[] } {
  const { contractVersion, ...declared } = Object.fromEntries(Object.entries(exports).filter(([name]) => !OF_NODE.includes(name)));
  const version = versionProblem(contractVersion, TYPES_VERSION);
  if (version !== undefined) return { wrong: [version] };
  const parsed = typeModuleSchema.safeParse(declared);
  if (!parsed.success) {
    const found = schemaProblems(parsed.error.issues, typeModuleSchema, declared, new Map());
    return { wrong: found.map(({ path, message }) => `is not what it should be: ${path}: ${message}`) };
  }
  const wrong = [...namespaceProblems(parsed.data.namespace), ...known.add(parsed.data)];
  return wrong.length > 0 ? { wrong } : { module: parsed.data };
}

/** Names that Node itself adds to the exports of a module. */
const OF_NODE: readonly string[] = ['default', 'module.exports', '__esModule'];

/** Namespaces that are not for others to name things in: of the DMTF, of the W3C, and the gateway's own. */
const TAKEN_NAMESPACES: readonly string[] = [new URL(CIMI).origin, 'http://www.w3.org', new URL(EXTENSION).origin];

function namespaceProblems(namespace: string): string[] {
  const at = `has the namespace ${JSON.stringify(namespace)}`;
  if (!URL.canParse(namespace)) return [`${at}: it must be an absolute URI, such as http://example.com/types/1`];
  const { origin, hash, search } = new URL(namespace);
  if (TAKEN_NAMESPACES.includes(origin)) return [`${at}, which is not its own: ${origin} names things of others`];
  const extra = hash !== '' || search !== '' || /[/#?]$/.test(namespace) || /[\s<>"]/.test(namespace);
  return extra ? [`${at}: names follow it after a slash, so it must end in none, and have no query and no fragment`] : [];
}

/** Attributes of every resource, and what stands beside attributes in JSON or XML. */
const RESERVED_ATTRIBUTES: readonly string[] = [
  ...Object.keys(commonAttributes(true)),
  ...Object.keys(collectionExtensions),
  ...['resourceURI', 'operations', 'operation', 'property', 'count', 'href', 'action', 'cloud'],
];
/** Paths below the base URI that lead elsewhere, and names that a list in JSON or the entry point has for something else. */
const RESERVED_PATHS: readonly string[] = [
  'clouds',
  ...RESERVED_ATTRIBUTES,
  ...standardResources.filter(({ singleton }) => singleton !== undefined).flatMap(({ attributes }) => Object.keys(attributes)),
];
/** Names that are made of those of types: in requests (4.2.1), of lists, and of schemas in the OpenAPI document. */
const RESERVED_TYPES = /^Operation$|(Action|Collection|Create|Input|Reference)$/;
const RESERVED_ACTIONS: readonly string[] = ['add', 'edit', 'delete'];

/** The names that are taken: by the standard, and by the modules that were read before. */
export class Names {
  private readonly types = new Map<string, string>();
  private readonly paths = new Map<string, string>();
  private readonly kept: ReadonlySet<string>;
  /** Attributes that were added to types of the standard, by type. */
  private readonly added = new Map<string, Attributes>();

  constructor(handlers: readonly ResourceHandler[] = resourceHandlers()) {
    for (const path of RESERVED_PATHS) this.paths.set(path, 'the gateway');
    const standard = 'the standard';
    for (const { name, singleton } of standardResources) {
      this.types.set(name, standard);
      if (singleton !== undefined) this.paths.set(singleton, standard);
    }
    for (const { name, entryPoint } of standardCollections) {
      this.types.set(name, standard);
      if (entryPoint !== undefined) this.paths.set(entryPoint, standard);
    }
    this.kept = new Set(handlers.filter(isKept).map(({ type }) => type));
  }

  /** Takes the names of a module. @returns what is wrong with them */
  add({ namespace, types, attributes, events }: TypeModule): string[] {
    return [
      ...Object.entries(types).flatMap(([name, declared]) => [
        ...this.takeType(namespace, name),
        ...this.take(this.paths, namespace, declared.collection, `gives ${name} the collection ${declared.collection}`),
        ...typeProblems(name, declared),
      ]),
      ...Object.entries(attributes).flatMap(([type, declared]) => this.addAttributes(type, declared)),
      ...Object.entries(events).flatMap(([name, declared]) => eventProblems(name, declared)),
    ];
  }

  private takeType(namespace: string, name: string): string[] {
    if (RESERVED_TYPES.test(name)) return [`declares the type ${name}, a name that is made of those of types`];
    const problems = this.take(this.types, namespace, name, `declares the type ${name}`);
    const collection = collectionOf(name);
    return problems.length > 0
      ? problems
      : this.take(this.types, namespace, collection, `declares the type ${name}, whose collection is ${collection}`);
  }

  private take(names: Map<string, string>, namespace: string, name: string, words: string): string[] {
    const owner = names.get(name);
    if (owner !== undefined) return [`${words}, a name that ${owner} has already`];
    names.set(name, namespace);
    return [];
  }

  private addAttributes(type: string, declared: Attributes): string[] {
    const resource = standardResources.find(({ name }) => name === type);
    if (!resource) return [`gives attributes to ${type}, which is no type of the standard`];
    if (!this.kept.has(type))
      return [
        `gives attributes to ${type}, whose resources the gateway does not keep itself; it takes those of ${[...this.kept].join(', ')}. ` +
          'On what lives in a cloud its driver brings them',
      ];
    const ours = extensionAttributes.filter(({ types }) => types.includes(type)).map(({ name, attribute }) => [name, attribute] as const);
    const before = { ...resource.attributes, ...Object.fromEntries(ours), ...this.added.get(type) };
    this.added.set(type, { ...this.added.get(type), ...declared });
    return [
      ...attributeProblems(type, declared, before),
      ...Object.entries(declared).flatMap(([name, { provider, consumer }]) =>
        [provider, consumer].some((constraint) => constraint.startsWith('mandatory'))
          ? [`makes ${type}.${name} mandatory: clients of the standard do not know it, so it must be optional`]
          : [],
      ),
    ];
  }
}

/** Tells whether all that there is of a type is what clients say of it. */
function isKept({ type, stored, group, create }: ResourceHandler): boolean {
  const resource = standardResources.find(({ name }) => name === type);
  return stored === true && group === undefined && create !== undefined && resource?.create?.template === undefined;
}

function typeProblems(name: string, declared: TypeModule['types'][string]): string[] {
  const states = statesOf(declared);
  const actions = Object.entries(declared.actions ?? {}).flatMap(([action, { from = [], to, perform }]) => [
    ...(RESERVED_ACTIONS.includes(action) ? [`declares the action ${name}/${action}, which every type has`] : []),
    ...(to === undefined && !perform
      ? [`declares the action ${name}/${action}, which neither leads to a state nor performs anything`]
      : []),
    ...[...from, ...(to === undefined ? [] : [to])]
      .filter((state) => !states.includes(state))
      .map((state) => `declares the action ${name}/${action} with ${state}, which is no value of the attribute state`),
  ]);
  return [...attributeProblems(name, declared.attributes, {}), ...actions];
}

/** @param before attributes that the type has besides */
function attributeProblems(type: string, declared: Attributes, before: Attributes): string[] {
  const taken = new Set([...RESERVED_ATTRIBUTES, ...Object.keys(before), ...Object.entries(before).map(elementOf)]);
  return Object.entries(declared).flatMap(([name, attribute]) => {
    const names = [...new Set([name, elementOf([name, attribute])])];
    const clashes = names.filter((one) => taken.has(one)).map((one) => `declares ${type}.${name}, but resources have ${one} already`);
    for (const one of names) taken.add(one);
    return [...clashes, ...initialProblems(`${type}.${name}`, attribute)];
  });
}

/** Lists the faults of an event type: its content is shown to whoever may read the resource, beside the resource itself. */
function eventProblems(name: string, { content = {} }: TypeModule['events'][string]): string[] {
  return [
    ...attributeProblems(`the event ${name}`, content, ownContent({})),
    ...Object.entries(content).flatMap(([key, { consumer, confidential }]) =>
      consumer.endsWith('read-only') && confidential !== true
        ? []
        : [
            `declares ${key} of the event ${name} as ${confidential ? 'confidential' : consumer}: what an event holds is read-only and shown`,
          ],
    ),
  ];
}

/** Name of an attribute's element in XML. */
function elementOf([name, attribute]: readonly [string, Attribute]): string {
  return attribute.kind === 'array' || attribute.kind === 'map' ? attribute.itemName : (attribute.xmlName ?? name);
}

function initialProblems(at: string, attribute: Attribute): string[] {
  if (attribute.initial === undefined) return [];
  if (attribute.kind !== 'string') return [`gives ${at} an initial value, which only text has`];
  return attribute.values && !attribute.values.includes(attribute.initial)
    ? [`gives ${at} the initial value ${attribute.initial}, which is none of its values`]
    : [];
}
