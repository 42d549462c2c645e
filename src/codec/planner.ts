import { CIMI, map, uri } from '../model/define';
import type { ActionDeclaration, Attribute, Attributes, ItemType, Resource } from '../model/define';
import type { Catalogue } from '../model/catalogue';
import type { CollectionContent, Content, Envelope, MapNode, MemberPlan, Node, CodecPlan, RefNode, Scalar, StructNode } from './plan';
import { lengthsOf, type Lengths } from '../model/lengths';

/**
 * Resolves the catalogue's names into a plan.
 * @throws Error where the catalogue names a type that it does not declare.
 */
export function codecPlanOf(catalogue: Catalogue): CodecPlan {
  return new Planner(catalogue).plan();
}

const PROPERTIES = map({ provider: 'mandatory mutable', consumer: 'optional read-write' });
const ACTION_URI = uri({ provider: 'mandatory mutable', consumer: 'mandatory read-write' });

class Planner {
  private readonly contents = new Map<string, Content>();
  private readonly collections = new Map<string, CollectionContent>();

  constructor(private readonly catalogue: Catalogue) {}

  plan(): CodecPlan {
    const types = this.catalogue.resources;
    const resources = new Map(types.map((type) => [type.name, this.resource(type.name)]));
    const lists = this.catalogue.collections.map(({ name, typeURI }) => [typeURI, this.collection(name)] as const);
    return {
      resources,
      byTypeURI: new Map(types.map((type) => [type.typeURI, this.resource(type.name)])),
      collections: this.collections,
      collectionsByTypeURI: new Map(lists),
      envelopes: new Map(types.flatMap((type) => this.envelope(type))),
      extensions: this.anonymous('Collection', this.catalogue.collectionAttributes, CIMI),
      actions: new Map([...types, ...this.catalogue.collections].map(({ name, actions }) => [name, this.actionsOf(actions ?? {})])),
      bareAction: this.actionBody({}),
    };
  }

  private resource(type: string): Content {
    return this.content(type, this.catalogue.attributesOf(type), type, this.catalogue.resource(type).typeURI);
  }

  /** A content by its key, in order and namespace that of the first of its types, made once; it is known before its members are, since types refer to each other in circles. */
  private content(key: string, attributes: Attributes, first: string, typeURI?: string): Content {
    const known = this.contents.get(key);
    if (known) return known;
    const content = emptyContent(key, this.catalogue.resource(first).namespace, typeURI);
    this.contents.set(key, content);
    fill(content, this.membersOf(attributes, content.namespace), this.catalogue.xmlOrderOf(first));
    return content;
  }

  private membersOf(attributes: Attributes, namespace: string): MemberPlan[] {
    return Object.entries(attributes).map(([name, attribute]) => this.member(name, attribute, attribute.namespace ?? namespace));
  }

  private anonymous(name: string, attributes: Attributes, namespace: string): Content {
    const content = emptyContent(name, namespace, undefined);
    fill(content, this.membersOf(attributes, namespace), []);
    return content;
  }

  private member(key: string, attribute: Attribute, namespace: string): MemberPlan {
    const name = attribute.jsonName ?? key;
    const item = attribute.kind === 'array' || attribute.kind === 'map' ? attribute.itemName : undefined;
    return {
      name,
      xml: item ?? attribute.xmlName ?? attribute.xmlSharedWith ?? name,
      form: attribute.xml ?? 'element',
      parent: attribute.xmlParent,
      namespace,
      attribute,
      node: this.node(attribute, name, namespace),
    };
  }

  private node(attribute: Attribute, name: string, namespace: string): Node {
    switch (attribute.kind) {
      case 'array':
        return {
          kind: 'array',
          item: this.item(attribute.item, attribute.itemName, namespace),
          itemName: attribute.itemName,
          most: limit(attribute, 'maxItems'),
        };
      case 'struct':
        return this.struct(attribute.fields, name, namespace);
      case 'map':
        return mapNode(attribute);
      case 'ref':
        return this.ref(attribute, attribute.bare ?? false);
      case 'collection':
        return { kind: 'collection', of: this.collection(attribute.of) };
      case 'any': {
        const { typedBy } = attribute;
        const typed = typedBy === undefined ? {} : { typed: { sibling: typedBy, nodes: this.eventContents() } };
        return { kind: 'any', longest: limit(attribute, 'maxLength'), ...typed };
      }
      default:
        return scalar(attribute);
    }
  }

  private eventContents(): ReadonlyMap<string, StructNode> {
    const types = this.catalogue.eventTypes;
    return new Map(types.map(({ uri: type, name, namespace, content }) => [type, this.struct(content, name, namespace)]));
  }

  private item(item: ItemType, name: string, namespace: string): Node {
    if (item.kind === 'struct') return this.struct(item.fields, name, namespace, item.flattened);
    if (item.kind === 'ref') return this.ref(item, false);
    if (item.kind === 'any') return { kind: 'any', longest: limit(item, 'maxLength') };
    return { ...emptyScalar, type: item.kind, href: item.kind === 'uri' && (item.href ?? false), longest: lengthsOf(item).maxLength };
  }

  private struct(fields: Attributes, name: string, namespace: string, flattened?: string): StructNode {
    const content = this.anonymous(name, fields, namespace);
    const member = flattened === undefined ? undefined : content.byName.get(flattened);
    const describes = content.members.some(({ node }) => node.kind === 'ref' && node.open && node.inline !== undefined);
    return { kind: 'struct', content, flattened: member?.node.kind === 'ref' ? { member, ref: member.node } : undefined, describes };
  }

  private ref(declared: { kind: 'ref'; to: string; inline?: readonly string[] }, bare: boolean): RefNode {
    const { to, inline } = declared;
    const byValue = inline && this.union(inline);
    const target = to === '*' ? byValue : this.union([...(inline ?? []), to]);
    return { kind: 'ref', open: to === '*', bare, longest: limit(declared, 'maxLength'), target, inline: byValue };
  }

  /** The attributes of several types (D020); of one type, that type itself. */
  private union(types: readonly string[]): Content | undefined {
    const [first, ...others] = [...new Set(types)];
    if (first === undefined) return undefined;
    if (others.length === 0) return this.resource(first);
    const all: Record<string, Attribute> = {};
    for (const type of [first, ...others])
      for (const [name, attribute] of Object.entries(this.catalogue.attributesOf(type))) all[name] ??= attribute;
    return this.content([first, ...others].join(' or '), all, first);
  }

  private collection(type: string): CollectionContent {
    const known = this.collections.get(type);
    if (known) return known;
    const declaration = this.catalogue.collection(type);
    // Known before its item is, for the same reason as contents.
    const made: CollectionContent = { declaration, item: emptyContent(declaration.item, declaration.namespace, undefined) };
    this.collections.set(type, made);
    made.item = this.resource(declaration.item);
    return made;
  }

  private envelope({ name: type, namespace }: Resource): [string, Envelope][] {
    const template = this.catalogue.templateAttribute(type);
    if (template === undefined) return [];
    const name = this.catalogue.createWrapper(type);
    const content = this.anonymous(name, { ...this.readOnlyOf(type), ...this.catalogue.envelopeOf(type) }, namespace);
    return [[type, { name, typeURI: `${namespace}/${name}`, template, content }]];
  }

  /** Members that an envelope takes without reading them: the new resource's read-only attributes are ignored (5.4). */
  private readOnlyOf(type: string): Attributes {
    const all = Object.entries(this.catalogue.attributesOf(type));
    return Object.fromEntries(all.filter(([, { consumer, onCreate }]) => consumer.endsWith('read-only') && onCreate !== true));
  }

  private actionsOf(actions: Readonly<Record<string, ActionDeclaration>>): Map<string, Content> {
    return new Map(Object.values(actions).map((action) => [action.uri, this.actionBody(action.input ?? {})]));
  }

  private actionBody(input: Attributes): Content {
    const all: Attributes = { action: ACTION_URI, ...input, properties: PROPERTIES };
    return this.anonymous('Action', all, CIMI);
  }
}

const emptyScalar: Scalar = {
  kind: 'scalar',
  type: 'string',
  values: undefined,
  minimum: undefined,
  maximum: undefined,
  longest: undefined,
  plain: false,
  synonyms: undefined,
  free: false,
  href: false,
};

function scalar(attribute: Exclude<Attribute, { kind: 'array' | 'struct' | 'map' | 'ref' | 'collection' | 'any' }>): Scalar {
  const made: Scalar = { ...emptyScalar, type: attribute.kind as Scalar['type'], longest: lengthsOf(attribute).maxLength };
  if (attribute.kind === 'string') made.plain = attribute.plain ?? false;
  if ((attribute.kind === 'string' || attribute.kind === 'uri') && attribute.values && !attribute.valuesOpen)
    made.values = new Set(attribute.values);
  made.free = attribute.kind === 'string' && attribute.values === undefined;
  if (attribute.kind === 'integer') Object.assign(made, { minimum: attribute.minimum, maximum: attribute.maximum });
  if (attribute.kind === 'duration') made.synonyms = attribute.synonyms;
  return made;
}

function mapNode(attribute: Extract<Attribute, { kind: 'map' }>): MapNode {
  const { itemName, keyName } = attribute;
  const lengths = {
    key: limit(attribute, 'maxKeyLength'),
    value: limit(attribute, 'maxLength'),
    most: limit(attribute, 'maxItems'),
  };
  return { kind: 'map', itemName, keyName, lengths };
}

const limit = (declared: Attribute | ItemType, which: keyof Lengths): number => lengthsOf(declared)[which] ?? Number.POSITIVE_INFINITY;

function emptyContent(name: string, namespace: string, typeURI: string | undefined): Content {
  return {
    name,
    namespace,
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

function fill(content: Content, members: readonly MemberPlan[], xmlOrder: readonly string[]): void {
  content.members = [...ownOf(content, members), ...addedTo(content, members)];
  for (const member of content.members) {
    content.byName.set(member.name, member);
    if (member.parent !== undefined) content.parents.add(member.parent);
    if (member.form === 'content') content.text = member;
    else if (member.form === 'attribute') content.byAttribute.set(member.xml, member);
    else if (member.attribute.xmlSharedWith === undefined) content.byElement.set(member.xml, member);
  }
  content.xmlMembers = inXmlOrder(content, xmlOrder);
}

const ownOf = (content: Content, members: readonly MemberPlan[]) => members.filter(({ namespace }) => namespace === content.namespace);
const addedTo = (content: Content, members: readonly MemberPlan[]) => members.filter(({ namespace }) => namespace !== content.namespace);

/** The operations follow the content's own members, unless the order says where they stand; what it does not name comes last. */
function inXmlOrder(content: Content, order: readonly string[]): (MemberPlan | 'operations')[] {
  const rank = ({ name }: MemberPlan) => (order.includes(name) ? order.indexOf(name) : order.length);
  const own = ownOf(content, content.members).sort((a, b) => rank(a) - rank(b));
  const operations = order.indexOf('operations');
  const place = operations < 0 ? own.length : own.filter((member) => rank(member) < operations).length;
  return [...own.slice(0, place), 'operations', ...own.slice(place), ...addedTo(content, content.members)];
}
