import { assert } from './assert';
import { CIMI } from './body';
import type { Context } from './context';
import { collectionFacts, type Fact, fieldOf, jsonNames, typeFacts, type TypeFacts } from './facts';
import { JsonValue } from './json';
import { jsonProblems } from './shape-json';
import { elementName, orderProblems, xmlProblems } from './shape-xml';
import type { Value } from './value';
import { XmlValue } from './xml';

/**
 * Names of an attribute that the provider has of its own (5.2): it has to say so, where it has ResourceMetadata. The items of an
 * array stand in XML by themselves, each named in the singular (5.5.11).
 */
function announced(c: Context, type: string, format: 'json' | 'xml'): (name: string) => boolean {
  const metadata = c.session.metadataOf(type);
  if (metadata === undefined) return () => true;
  const attributes = metadata.list('attributes', 'attribute').map((each) => ({ name: each.text('name'), type: each.text('type') }));
  const named = attributes.map((each) =>
    format === 'xml' && each.type?.endsWith('[]') === true ? each.name?.replace(/s$/, '') : each.name,
  );
  return (name) => named.includes(name);
}

function jsonShape(c: Context, value: JsonValue, { name: type, attributes }: TypeFacts): string[] {
  const extra = announced(c, type, 'json');
  return value.names().flatMap((name) => {
    if (name === 'resourceURI' || name === 'operations') return [];
    const fact = fieldOf(attributes, name, jsonNames);
    if (fact) return jsonProblems((value.raw as Record<string, unknown>)[name], fact, name);
    return extra(name) ? [] : [`${name} is neither in the standard nor in the ResourceMetadata`];
  });
}

/**
 * Orders the attributes as the pseudo-schema does: what a provider adds to a Credential stands where it has xs:any, after the
 * operations (5.14.9).
 */
function inOrder({ name: type, attributes }: TypeFacts): Fact[] {
  if (!type.startsWith('Credential')) return attributes;
  return attributes.filter(({ name }) => !['userName', 'password', 'key'].includes(name));
}

/** Type whose own attributes are XML attributes of one element inside it (D004). */
const WITHIN: Readonly<Record<string, string>> = { Sample: 'sample' };

function asInXml(facts: TypeFacts): TypeFacts {
  const name = WITHIN[facts.name];
  const fields = facts.attributes.filter(({ xmlForm }) => xmlForm === 'attribute');
  if (name === undefined) return facts;
  const others = facts.attributes.filter((each) => !fields.includes(each));
  return { ...facts, attributes: [...others, { name, type: 'structure', xmlForm: 'element', fields }] };
}

function xmlShape(c: Context, { element }: XmlValue, published: TypeFacts): string[] {
  const facts = asInXml(published);
  const { name: type, attributes } = facts;
  const extra = announced(c, type, 'xml');
  const members = element.children.flatMap((child) => {
    if (child.name === 'operation') return [];
    const fact = fieldOf(attributes, child.name, (each) => [elementName(each)]);
    if (fact) return xmlProblems(child, fact, child.name);
    return extra(child.name) ? [] : [`${child.name} is neither in the standard nor in the ResourceMetadata`];
  });
  const order = orderProblems(
    element.children.map(({ name }) => name),
    inOrder(facts),
    ['operation'],
  );
  return [...members, ...order];
}

/** Returns what is wrong with the operations shown: not published for this type and not the provider's own (an absolute URI elsewhere). */
function operationProblems(value: Value, published: string[]): string[] {
  const problems = value.operations().flatMap(({ rel, href }) => {
    const own = URL.canParse(rel) && !rel.startsWith(CIMI);
    return [
      ...(published.includes(rel) || own ? [] : [`operation ${rel} is not in the standard`]),
      ...(href === '' ? [`operation ${rel} has no href`] : []),
    ];
  });
  return value.has('operations') && value.operations().length === 0 ? ['operations is there and empty', ...problems] : problems;
}

/**
 * Asserts that a representation is what its table and pseudo-schema say: type, names, forms, values, in XML the order, and
 * operations. `always`: attributes that no instance may lack.
 */
export function assertShape(c: Context, value: Value, type: string, always: string[] = []): void {
  const facts = typeFacts(type);
  assert.equal(value.resourceURI, facts.typeURI);
  const inside = value instanceof XmlValue ? xmlShape(c, value, facts) : value instanceof JsonValue ? jsonShape(c, value, facts) : [];
  const absent = ['id', ...always].filter((name) => !value.has(name)).map((name) => `${name} is absent`);
  const problems = [...absent, ...inside, ...operationProblems(value, facts.operations)];
  assert.deepEqual(problems, [], `${type} ${value.text('id') ?? ''}: ${problems.join('; ')}`);
}

function groupProblems(value: Value, json: string, xml: string): string[] {
  const count = Number(value.text('count'));
  const wrongCount = count === value.items().length ? [] : [`count is ${count} of ${value.items().length} items`];
  if (value instanceof XmlValue) {
    const names = value.element.children.map(({ name }) => name);
    const items = names.filter((name) => /^[A-Z]/.test(name) && name !== xml);
    const sequence = ['id', 'count', xml, 'operation'].map((name): Fact => ({ name, type: 'array', xmlForm: 'element' }));
    return [...wrongCount, ...items.map((name) => `there is an element ${name} among ${xml}`), ...orderProblems(names, sequence, [])];
  }
  const grouping = value.grouping();
  const empty = value.has(json) && count === 0 ? [`${json} is there and empty`] : [];
  return [...wrongCount, ...empty, ...(grouping === undefined || grouping === json ? [] : [`items are in ${grouping}, not in ${json}`])];
}

/** States in which mandatory attributes may be missing: it was never made, is not yet made, or is being deleted. */
const UNMADE = ['CREATING', 'DELETING', 'ERROR'];

/**
 * Asserts that a Collection is as published (5.5.12 and its own clause): type, count, the name of its group, operations, and
 * each item the whole representation of its type. `always`: attributes that no item may lack which exists.
 */
export function assertCollection(c: Context, value: Value, name: string, always: string[] = []): void {
  const facts = collectionFacts(name);
  assert.equal(value.resourceURI, facts.typeURI);
  if (value instanceof XmlValue) assert.equal(value.element.name, 'Collection');
  assert.ok(value.text('id'), `${name} has no id`);
  const problems = [...groupProblems(value, facts.jsonGroupName, facts.xmlItemName), ...operationProblems(value, facts.operations)];
  assert.deepEqual(problems, [], `${name}: ${problems.join('; ')}`);
  for (const item of value.items()) assertShape(c, item, facts.itemType, UNMADE.includes(item.text('state') ?? '') ? [] : always);
}
