import { CIMI, map, uri } from '../model/define';
import type { ActionDeclaration, Attribute, Attributes, ItemType, Resource } from '../model/define';
import type { Catalogue } from '../model/catalogue';
import type { CollectionContent, Content, Envelope, Member, Node, Plan, RefNode, Scalar, StructNode } from './plan';

/**
 * Resolves the catalogue's names into a plan.
 * @throws Error where the catalogue names a type that it does not declare.
 */
export function planOf(catalogue: Catalogue): Plan {
  return new Planner(catalogue).plan();
}

const PROPERTIES = map({ provider: 'mandatory mutable', consumer: 'optional read-write' });
const ACTION_URI = uri({ provider: 'mandatory mutable', consumer: 'mandatory read-write' });

class Planner {
  private readonly contents = new Map<string, Content>();
  private readonly collections = new Map<string, CollectionContent>();

  constructor(private readonly catalogue: Catalogue) {}

  plan(): Plan {
    const types = this.catalogue.resources;
    const resources = new Map(types.map((type) => [type.name, this.resource(type.name)]));
    for (const { name } of this.catalogue.collections) this.collection(name);
    return {
      resources,
      byTypeURI: new Map(types.map((type) => [type.typeURI, this.resource(type.name)])),
      collections: this.collections,
      envelopes: new Map(types.flatMap((type) => this.envelope(type))),
      extensions: this.anonymous('Collection', this.membersOf(this.catalogue.collectionAttributes)),
      actions: new Map([...types, ...this.catalogue.collections].map(({ name, actions }) => [name, this.actionsOf(actions ?? {})])),
      bareAction: this.actionBody({}),
    };
  }

  private resource(type: string): Content {
    const { typeURI } = this.catalogue.resource(type);
    return this.content(type, this.catalogue.attributesOf(type), this.catalogue.xmlOrderOf(type), typeURI);
  }

  /** A content by its key, made once; it is known before its members are, since types refer to each other in circles. */
  private content(key: string, attributes: Attributes, xmlOrder: readonly string[], typeURI?: string): Content {
    const known = this.contents.get(key);
    if (known) return known;
    const content = emptyContent(key, typeURI);
    this.contents.set(key, content);
    fill(content, this.membersOf(attributes), xmlOrder);
    return content;
  }

  private membersOf(attributes: Attributes): Member[] {
    return Object.entries(attributes).map(([name, attribute]) => this.member(name, attribute));
  }

  private anonymous(name: string, members: readonly Member[]): Content {
    const content = emptyContent(name, undefined);
    fill(content, members, []);
    return content;
  }

  private member(key: string, attribute: Attribute): Member {
    const name = attribute.jsonName ?? key;
    const item = attribute.kind === 'array' || attribute.kind === 'map' ? attribute.itemName : undefined;
    return {
      name,
      xml: item ?? attribute.xmlName ?? attribute.xmlSharedWith ?? name,
      form: attribute.xml ?? 'element',
      parent: attribute.xmlParent,
      extension: attribute.extension ?? false,
      attribute,
      node: this.node(attribute, name),
    };
  }

  private node(attribute: Attribute, name: string): Node {
    switch (attribute.kind) {
      case 'array':
        return { kind: 'array', item: this.item(attribute.item, attribute.itemName), itemName: attribute.itemName };
      case 'struct':
        return this.struct(attribute.fields, name);
      case 'map':
        return { kind: 'map', itemName: attribute.itemName, keyName: attribute.keyName };
      case 'ref':
        return this.ref(attribute.to, attribute.inline, attribute.bare ?? false);
      case 'collection':
        return { kind: 'collection', of: this.collection(attribute.of) };
      case 'any':
        return { kind: 'any' };
      default:
        return scalar(attribute);
    }
  }

  private item(item: ItemType, name: string): Node {
    if (item.kind === 'struct') return this.struct(item.fields, name, item.flattened);
    if (item.kind === 'ref') return this.ref(item.to, item.inline, false);
    if (item.kind === 'any') return { kind: 'any' };
    return { ...emptyScalar, type: item.kind, href: item.kind === 'uri' && (item.href ?? false) };
  }

  private struct(fields: Attributes, name: string, flattened?: string): StructNode {
    const content = this.anonymous(name, this.membersOf(fields));
    const member = flattened === undefined ? undefined : content.byName.get(flattened);
    const describes = content.members.some(({ node }) => node.kind === 'ref' && node.open && node.inline !== undefined);
    return { kind: 'struct', content, flattened: member?.node.kind === 'ref' ? { member, ref: member.node } : undefined, describes };
  }

  private ref(to: string, inline: readonly string[] | undefined, bare: boolean): RefNode {
    const byValue = inline && this.union(inline);
    const target = to === '*' ? byValue : this.union([...(inline ?? []), to]);
    return { kind: 'ref', open: to === '*', bare, target, inline: byValue };
  }

  /** The attributes of several types (D020); of one type, that type itself. */
  private union(types: readonly string[]): Content | undefined {
    const [first, ...others] = [...new Set(types)];
    if (first === undefined) return undefined;
    if (others.length === 0) return this.resource(first);
    const all: Record<string, Attribute> = {};
    for (const type of [first, ...others])
      for (const [name, attribute] of Object.entries(this.catalogue.attributesOf(type))) all[name] ??= attribute;
    return this.content([first, ...others].join(' or '), all, this.catalogue.xmlOrderOf(first));
  }

  private collection(type: string): CollectionContent {
    const known = this.collections.get(type);
    if (known) return known;
    const declaration = this.catalogue.collection(type);
    // Known before its item is, for the same reason as contents.
    const made: CollectionContent = { declaration, item: emptyContent(declaration.item, undefined) };
    this.collections.set(type, made);
    made.item = this.resource(declaration.item);
    return made;
  }

  private envelope({ name: type }: Resource): [string, Envelope][] {
    const template = this.catalogue.templateAttribute(type);
    if (template === undefined) return [];
    const name = this.catalogue.createWrapper(type);
    const content = this.anonymous(name, this.membersOf(this.catalogue.envelopeOf(type)));
    return [[type, { name, typeURI: `${CIMI}/${name}`, template, content }]];
  }

  private actionsOf(actions: Readonly<Record<string, ActionDeclaration>>): Map<string, Content> {
    return new Map(Object.values(actions).map((action) => [action.uri, this.actionBody(action.input ?? {})]));
  }

  private actionBody(input: Attributes): Content {
    const all: Attributes = { action: ACTION_URI, ...input, properties: PROPERTIES };
    return this.anonymous('Action', this.membersOf(all));
  }
}

const emptyScalar: Scalar = {
  kind: 'scalar',
  type: 'string',
  values: undefined,
  minimum: undefined,
  maximum: undefined,
  synonyms: undefined,
  href: false,
};

function scalar(attribute: Exclude<Attribute, { kind: 'array' | 'struct' | 'map' | 'ref' | 'collection' | 'any' }>): Scalar {
  const made: Scalar = { ...emptyScalar, type: attribute.kind as Scalar['type'] };
  if ((attribute.kind === 'string' || attribute.kind === 'uri') && attribute.values && !attribute.valuesOpen)
    made.values = new Set(attribute.values);
  if (attribute.kind === 'integer') Object.assign(made, { minimum: attribute.minimum, maximum: attribute.maximum });
  if (attribute.kind === 'duration') made.synonyms = attribute.synonyms;
  return made;
}

function emptyContent(name: string, typeURI: string | undefined): Content {
  return {
    name,
    typeURI,
    members: [],
    xmlMembers: [],
    byName: new Map(),
    byElement: new Map(),
    byAttribute: new Map(),
    text: undefined,
    parents: new Set(),
  };
}

function fill(content: Content, members: readonly Member[], xmlOrder: readonly string[]): void {
  content.members = [...members.filter(({ extension }) => !extension), ...members.filter(({ extension }) => extension)];
  for (const member of content.members) {
    content.byName.set(member.name, member);
    if (member.parent !== undefined) content.parents.add(member.parent);
    if (member.form === 'content') content.text = member;
    else if (member.form === 'attribute') content.byAttribute.set(member.xml, member);
    else if (member.attribute.xmlSharedWith === undefined) content.byElement.set(member.xml, member);
  }
  content.xmlMembers = inXmlOrder(content.members, xmlOrder);
}

/** The operations follow the standard's attributes, unless the order says where they stand; what it does not name comes last. */
function inXmlOrder(members: readonly Member[], order: readonly string[]): (Member | 'operations')[] {
  const rank = ({ name }: Member) => (order.includes(name) ? order.indexOf(name) : order.length);
  const standard = members.filter(({ extension }) => !extension).sort((a, b) => rank(a) - rank(b));
  const operations = order.indexOf('operations');
  const place = operations < 0 ? standard.length : standard.filter((member) => rank(member) < operations).length;
  return [...standard.slice(0, place), 'operations', ...standard.slice(place), ...members.filter(({ extension }) => extension)];
}
