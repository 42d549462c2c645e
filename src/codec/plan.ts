import type { Attribute, Collection, XmlForm } from '../model/define';

/**
 * The catalogue with its names resolved: what readers and writers are compiled from. Types that refer to each other share
 * one content, so a plan is a graph and not a tree.
 */
export interface CodecPlan {
  /** Every resource type, by name. */
  resources: ReadonlyMap<string, Content>;
  /** Every resource type, by type URI: an inlined resource may carry it. */
  byTypeURI: ReadonlyMap<string, Content>;
  collections: ReadonlyMap<string, CollectionContent>;
  /** Every collection type, by type URI. */
  collectionsByTypeURI: ReadonlyMap<string, CollectionContent>;
  /** Content of ours that any collection may carry. */
  extensions: Content;
  /** `<Type>Create` envelopes (4.2.1.1) by resource type. */
  envelopes: ReadonlyMap<string, Envelope>;
  /** Action bodies by resource or collection type and then by action URI. */
  actions: ReadonlyMap<string, ReadonlyMap<string, Content>>;
  /** The Action body of an action that is not declared: no parameter but `properties`. */
  bareAction: Content;
}

/** Attributes that stand together: of a resource, a structure, an envelope, an Action body. */
export interface Content {
  /** Name for error words. */
  name: string;
  /** Namespace of its elements in XML, but for members that were added to it. */
  namespace: string;
  typeURI: string | undefined;
  /** Members in JSON order; the standard's before the extensions. */
  members: MemberPlan[];
  /** Members in XML order; `operations` marks where the operations stand. */
  xmlMembers: (MemberPlan | 'operations')[];
  byName: Map<string, MemberPlan>;
  /** Members by element name (extensions too; they are told by namespace). */
  byElement: Map<string, MemberPlan>;
  /** Members by XML attribute name. */
  byAttribute: Map<string, MemberPlan>;
  /** The member that is the element's text. */
  text: MemberPlan | undefined;
  /** Elements that carry members as their attributes (D004). */
  parents: Set<string>;
}

export interface CollectionContent {
  declaration: Collection;
  item: Content;
}

export interface Envelope {
  /** `MachineCreate`. */
  name: string;
  typeURI: string;
  /** `machineTemplate`. */
  template: string;
  content: Content;
}

export interface MemberPlan {
  /** Name in values and in JSON. */
  name: string;
  /** Element or attribute name in XML. */
  xml: string;
  form: XmlForm;
  /** Element that carries it in attribute form (D004). */
  parent: string | undefined;
  /** Namespace of its element in XML. */
  namespace: string;
  attribute: Attribute;
  node: Node;
}

/** Content of an attribute of any type by the value of a sibling; where that names nothing known it may hold anything. */
export interface TypedBy {
  sibling: string;
  nodes: ReadonlyMap<string, StructNode>;
}

export type ScalarType = 'string' | 'integer' | 'boolean' | 'dateTime' | 'duration' | 'uri' | 'bytes';

export interface Scalar {
  kind: 'scalar';
  type: ScalarType;
  /** Allowed values of a closed list. */
  values: ReadonlySet<string> | undefined;
  minimum: number | undefined;
  maximum: number | undefined;
  /** Longest text, bytes in UTF-8 (of byte[]: bytes); none for what has no length. */
  longest: number | undefined;
  /** True where it may have no controls, and nothing that turns the direction of what follows. */
  plain: boolean;
  synonyms: Readonly<Record<string, string>> | undefined;
  /** Free text, in which blanks count (xs:string); all else is trimmed. */
  free: boolean;
  /** Written as `{ href }` though no reference (D055). */
  href: boolean;
}

export interface RefNode {
  kind: 'ref';
  /** Any resource may be referred to. */
  open: boolean;
  /** True where its JSON form is the URI itself (D083). */
  bare: boolean;
  /** Longest href, bytes. */
  longest: number;
  /** Content that `$expand` may show. */
  target: Content | undefined;
  /** Content that a request may give by value. */
  inline: Content | undefined;
}

export interface StructNode {
  kind: 'struct';
  content: Content;
  /** The ref member whose href and attributes stand in the structure itself (D005). */
  flattened: { member: MemberPlan; ref: RefNode } | undefined;
  /** True where it describes a component of something: references inside it may name other components (`#name`, 5.13.3). */
  describes: boolean;
}

export interface MapNode {
  kind: 'map';
  itemName: string;
  keyName: string;
  /** Longest key and value, bytes; most entries. */
  lengths: { key: number; value: number; most: number };
}

export type Node =
  | Scalar
  | { kind: 'any'; longest: number; typed?: TypedBy }
  | RefNode
  | { kind: 'collection'; of: CollectionContent }
  | { kind: 'array'; item: Node; itemName: string; most: number }
  | StructNode
  | MapNode;

/** Tells whether consumers never see it (5.4). */
export function isWriteOnly(member: MemberPlan): boolean {
  return member.attribute.consumer.endsWith('write-only');
}

/** Tells whether it may be given by value. */
export function isByValue(node: Node): boolean {
  return node.kind === 'ref' && node.inline !== undefined;
}

/** Tells whether a request's value of it is skipped unread (4.2.1.3). */
export function isIgnored(member: MemberPlan, creating: boolean): boolean {
  const { attribute } = member;
  return attribute.consumer.endsWith('read-only') && !(creating ? attribute.onCreate : attribute.onUpdate);
}
