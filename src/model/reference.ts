import type { Catalogue } from './catalogue';
import { commonAttributes } from './common';
import { NO_CLAUSE, type ActionDeclaration, type Attribute, type Collection, type ItemType, type Resource } from './define';
import { chaptersOf, chapterOf } from './chapters';
import type { EventType } from './event-types';
import { isTaken, namespaceOf, sourceOf, specialOf } from './openapi-attributes';
import { toldLengths } from './lengths';

/**
 * The reference pages of a catalogue, in Markdown, by file name: one for each chapter, and `README.md` that
 * leads to them.
 */
export function referencePages(catalogue: Catalogue): ReadonlyMap<string, string> {
  const handlers = chaptersOf(catalogue);
  const pages = handlers.map(({ chapter, types }): [string, string] => [
    `${chapter.name}.md`,
    text([
      `# ${chapter.title}`,
      NOTE,
      chapter.clause === undefined
        ? 'Not of the standard.'
        : `DSP0263 1.1, clause ${chapter.clause}. Common attributes: [README](README.md).`,
      ...types.flatMap((type) => pageOf(catalogue, type)),
    ]),
  ]);
  const index = handlers.flatMap(({ chapter, types }) => types.map(({ name, clause }) => [linkTo(catalogue, name), chapter.title, clause]));
  const common = Object.entries(commonAttributes(true)).map(([name, attribute]) => row(name, attribute, '5.10.1'));
  return new Map([
    [
      'README.md',
      text([
        '# Reference',
        NOTE,
        INTRODUCTION,
        ...table(['type', 'family', 'clause'], index),
        '## Common attributes',
        COMMON,
        ...table(ATTRIBUTE_HEAD, common),
      ]),
    ],
    ...pages,
  ]);
}

const NOTE = '<!-- Made from src/model by scripts/make-reference.cjs; do not edit. -->';
const INTRODUCTION =
  'Every resource type that the catalogue declares. Whether a type, an attribute or an operation is offered depends on the gateway and ' +
  'the clouds behind it: the ResourceMetadata of a running gateway and `/openapi.json` tell. Lengths are of what a request says, in bytes of UTF-8 (of byte[]: in bytes); a reference has at most 2048. What is longer is refused with 400, unless a PUT sends back unchanged what was there before.';
const COMMON =
  'Of every type but ResourceMetadata; secondary types (items of nested collections) need not support name, description and properties.';
const ATTRIBUTE_HEAD = ['JSON', 'XML', 'type', 'unit', 'values', 'provider', 'consumer', 'clause'];

function pageOf(catalogue: Catalogue, resource: Resource): string[] {
  const own = Object.entries(catalogue.attributesOf(resource.name)).filter(
    ([name, { namespace }]) => namespace !== undefined || Object.hasOwn(resource.attributes, name),
  );
  const rows = own.flatMap(([name, attribute]) => rowsOf(name, attribute, sourceWord(resource, name, attribute)));
  return [
    `## ${resource.name}`,
    `\`${resource.typeURI}\` (${resource.clause}). ${resource.primary ? 'Primary' : 'Secondary'}. ${creationOf(catalogue, resource)}`,
    ...section('Attributes', rows.length, () => table(ATTRIBUTE_HEAD, rows)),
    ...statesOf(resource),
    ...operationsOf(catalogue, resource),
    ...capabilitiesOf(resource),
    ...collectionsOf(catalogue, resource),
    ...parametersOf(catalogue, resource),
    ...eventTypesOf(catalogue, resource),
  ];
}

/** Types whose URI decides what an attribute of the resource holds (5.17.13). */
function eventTypesOf(catalogue: Catalogue, { name, attributes }: Resource): string[] {
  if (!Object.values(attributes).some((attribute) => attribute.kind === 'any' && attribute.typedBy !== undefined)) return [];
  return catalogue.eventTypes.flatMap((type) => [
    `### ${name} of type ${type.name}`,
    `\`${type.uri}\`. ${type.description}`,
    ...table(CONTENT_HEAD, contentRows(type)),
  ]);
}

const CONTENT_HEAD = ['content', 'type', 'values', 'there'];

/** Rows about the content of an event type, as `content`, type, values and whether it is always there. */
export function contentRows({ content }: EventType): string[][] {
  const rows = Object.entries(content).flatMap(([name, attribute]) => nestedRows(name, attribute));
  return rows.map(([path, attribute]) => [
    code(path),
    typeWord(attribute),
    valuesWord(attribute),
    attribute.provider.startsWith('mandatory') ? 'always' : 'where it is known',
  ]);
}

function nestedRows(path: string, attribute: Attribute): [string, Attribute][] {
  return [[path, attribute], ...fieldsOf(attribute).flatMap(([field, inner]) => nestedRows(`${path}.${field}`, inner))];
}

function sourceWord(resource: Resource, name: string, attribute: Attribute): string {
  return namespaceOf(resource, name, attribute) === undefined ? sourceOf(resource, name, attribute) : NO_CLAUSE;
}

function rowsOf(name: string, attribute: Attribute, source: string): string[][] {
  return [row(name, attribute, source), ...fieldsOf(attribute).flatMap(([field, inner]) => rowsOf(`${name}.${field}`, inner, source))];
}

/** Fields of a structure, or of the structures in an array; a reference that the item is flattened around is its href. */
function fieldsOf(attribute: Attribute): [string, Attribute][] {
  if (attribute.kind === 'struct') return Object.entries(attribute.fields);
  if (attribute.kind !== 'array' || attribute.item.kind !== 'struct') return [];
  const { fields, flattened } = attribute.item;
  return Object.entries(fields).map(([name, field]) => (name === flattened ? ['href', { ...field, xml: 'attribute' }] : [name, field]));
}

function row(path: string, attribute: Attribute, source: string): string[] {
  const above = path.split('.').slice(0, -1);
  const last = path.split('.').at(-1) ?? '';
  const json = attribute.jsonName ?? last;
  return [
    code([...above, json].join('.')),
    xmlName(json, attribute),
    typeWord(attribute),
    attribute.kind === 'integer' ? (attribute.unit ?? '') : '',
    valuesWord(attribute),
    attribute.provider,
    [attribute.consumer, ...specialOf(attribute).map((message) => message.replace(/\.$/, '').toLowerCase())].join('; '),
    source,
  ];
}

function xmlName(json: string, attribute: Attribute): string {
  const element = attribute.kind === 'array' || attribute.kind === 'map' ? attribute.itemName : undefined;
  const name = element ?? attribute.xmlName ?? attribute.xmlSharedWith ?? json;
  if (attribute.xml === 'content') return 'text of the element';
  if (attribute.xml === 'attribute') return code(`${attribute.xmlParent === undefined ? '' : `${attribute.xmlParent}/`}@${name}`);
  return code(attribute.kind === 'map' ? `${name}[@${attribute.keyName}]` : name);
}

function typeWord(declared: Attribute | ItemType): string {
  switch (declared.kind) {
    case 'ref':
      return declared.to === '*' ? 'ref' : `ref to ${declared.to}${inlineWord(declared.inline)}`;
    case 'collection':
      return `collection ${declared.of}`;
    case 'array':
      return `${typeWord(declared.item)}[]`;
    case 'struct':
      return 'structure';
    case 'uri':
      return 'URI';
    case 'bytes':
      return 'byte[]';
    default:
      return declared.kind;
  }
}

const inlineWord = (inline: readonly string[] | undefined) => (inline === undefined ? '' : `, or ${inline.join(' or ')} by value`);

function valuesWord(attribute: Attribute): string {
  return [listedWord(attribute), ...(isTaken(attribute) ? [lengthWord(attribute)] : [])].filter(Boolean).join('; ');
}

/** Bounds of what a request may say of it. */
function lengthWord(attribute: Attribute): string {
  const { maxLength, maxKeyLength, maxItems } = toldLengths(attribute);
  const words = [
    ...(maxItems === undefined ? [] : [`${maxItems} ${attribute.kind === 'map' ? 'entries' : 'items'}`]),
    ...(maxKeyLength === undefined ? [] : [`${maxKeyLength} bytes a key`]),
    ...(maxLength === undefined ? [] : [`${maxLength} bytes${maxItems === undefined ? '' : ' each'}`]),
  ];
  return words.length === 0 ? '' : `at most ${words.join(', ')}`;
}

function listedWord(attribute: Attribute): string {
  if ((attribute.kind === 'string' || attribute.kind === 'uri') && attribute.values)
    return attribute.values.map(code).join(', ') + (attribute.valuesOpen ? ', …' : '');
  if (attribute.kind === 'duration' && attribute.synonyms) return `also ${Object.keys(attribute.synonyms).map(code).join(', ')}`;
  if (attribute.kind !== 'integer' || (attribute.minimum === undefined && attribute.maximum === undefined)) return '';
  return `${attribute.minimum ?? ''} … ${attribute.maximum ?? ''}`.trim();
}

function creationOf(catalogue: Catalogue, { name, create }: Resource): string {
  if (!create) return 'Not created by consumers.';
  const by =
    create.template === undefined
      ? 'its own representation'
      : `\`${catalogue.createWrapper(name)}\` with a ${linkTo(catalogue, create.template)}`;
  return `Created by ${by}, in ${create.collection}.`;
}

function statesOf({ states }: Resource): string[] {
  if (!states) return [];
  const { transitional, initial } = states;
  const stable = states.states.filter((state) => !transitional.includes(state));
  return [
    '### States',
    [
      `- stable: ${stable.map(code).join(', ')}`,
      ...(transitional.length > 0 ? [`- while something goes on: ${transitional.map(code).join(', ')}`] : []),
      ...(initial === undefined ? [] : [`- after creation, unless something else decides: ${code(initial)}`]),
    ].join('\n'),
  ];
}

function operationsOf(catalogue: Catalogue, { name, operations, actions = {} }: Resource): string[] {
  const methods = { edit: 'PUT', delete: 'DELETE' } as const;
  const plain = operations.map((rel) => [code(rel), methods[rel], '', '', '', '', '4.2.1']);
  const own = Object.entries(actions).map(([short, action]) => actionRow(short, action));
  const ofCollections = catalogue.collections
    .filter(({ item }) => item === name)
    .flatMap((collection) =>
      Object.entries(collection.actions ?? {}).map(([short, action]) => actionRow(`${short} (of ${collection.name})`, action)),
    );
  const rows = [...plain, ...own, ...ofCollections];
  const head = ['operation', 'by', 'possible in', 'passes through', 'ends in', 'parameters', 'clause'];
  return section('Operations', rows.length, () => table(head, rows));
}

function actionRow(name: string, action: ActionDeclaration): string[] {
  const { kind, from = [], via = [], to = '', input = {}, performedOn, clause } = action;
  const parameters = Object.entries(input).map(
    ([key, attribute]) => `${code(key)}: ${typeWord(attribute)}, ${attribute.consumer.split(' ')[0] ?? ''}`,
  );
  const by = kind === 'link' ? `POST to ${performedOn ?? ''}` : 'POST of an Action';
  return [code(name), by, from.join(', '), via.join(', '), to, parameters.join('; '), clause];
}

function capabilitiesOf({ name, capabilities = {} }: Resource): string[] {
  const rows = Object.entries(capabilities).map(([key, { type, unit = '', values = [], implies = '', description }]) => [
    code(`${name}/${key}`),
    type,
    unit,
    values.map(code).join(', '),
    implies === '' ? '' : code(implies),
    description,
  ]);
  return section('Capabilities', rows.length, () => table(['capability', 'type', 'unit', 'values', 'implies', 'meaning'], rows));
}

function collectionsOf(catalogue: Catalogue, { name }: Resource): string[] {
  const rows = catalogue.collections.filter(({ item }) => item === name).map((collection) => collectionRow(catalogue, collection));
  return section('Collections', rows.length, () => table(['collection', 'path', 'JSON', 'XML', 'add', 'clause'], rows));
}

function collectionRow(catalogue: Catalogue, collection: Collection): string[] {
  const { name, json, xml, add, addRequires, clause } = collection;
  const how = add ? (addRequires === undefined ? 'yes' : `with a ${linkTo(catalogue, addRequires)}`) : 'no';
  return [name, code(pathOf(catalogue, collection)), code(json), code(xml), how, clause];
}

function parametersOf(catalogue: Catalogue, { name }: Resource): string[] {
  const rows = catalogue.collections
    .filter(({ item }) => item === name)
    .flatMap(({ name: collection, parameters = {} }) =>
      Object.entries(parameters).map(([parameter, { unit, minimum, maximum, description }]) => [
        code(parameter),
        collection,
        unit,
        `${minimum} to ${maximum}`,
        description,
      ]),
    );
  return section('Query parameters of our own', rows.length, () => table(['parameter', 'of', 'unit', 'values', 'meaning'], rows));
}

/** Path with the owners' ids left open. */
function pathOf(catalogue: Catalogue, { entryPoint, owner, ownerAttribute }: Collection): string {
  if (entryPoint !== undefined || owner === undefined) return entryPoint ?? '';
  const above = catalogue.collections.find(({ item }) => item === owner);
  return `${above ? pathOf(catalogue, above) : ''}/{${owner}}/${ownerAttribute ?? ''}`;
}

function linkTo(catalogue: Catalogue, type: string): string {
  return `[${type}](${chapterOf(catalogue.resource(type)).name}.md#${type.toLowerCase()})`;
}

const code = (message: string) => `\`${message}\``;

function section(title: string, size: number, content: () => string[]): string[] {
  return size === 0 ? [] : [`### ${title}`, ...content()];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [[line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')];
}

const text = (blocks: readonly string[]) => `${blocks.join('\n\n')}\n`;
