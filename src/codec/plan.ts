import type { Attribute, Collection, XmlForm } from '../model/define';

/**
 * The catalogue with its names resolved: what readers and writers are compiled from. Types that refer to each other share
 * one content, so a plan is a graph and not a tree.
 */
export interface Plan {
  /** Every resource type, by name. */
  resources: ReadonlyMap<string, Content>;
  /** Every resource type, by type URI: an inlined resource may carry it. */
  byTypeURI: ReadonlyMap<string, Content>;
  collections: ReadonlyMap<string, CollectionContent>;
  /** What any collection may carry of ours. */
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
  /** For words in errors. */
  name: string;
  typeURI: string | undefined;
  /** In JSON order; the standard's before the extensions. */
  members: Member[];
  /** In XML order; `operations` marks where the operations stand. */
  xmlMembers: (Member | 'operations')[];
  byName: Map<string, Member>;
  /** By element name (extensions too; they are told by namespace). */
  byElement: Map<string, Member>;
  /** By XML attribute name. */
  byAttribute: Map<string, Member>;
  /** The member that is the element's text. */
  text: Member | undefined;
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

export interface Member {
  /** Name in values and in JSON. */
  name: string;
  /** Element or attribute name in XML. */
  xml: string;
  form: XmlForm;
  /** Element that carries it in attribute form (D004). */
  parent: string | undefined;
  extension: boolean;
  attribute: Attribute;
  node: Node;
}

export type ScalarType = 'string' | 'integer' | 'boolean' | 'dateTime' | 'duration' | 'uri' | 'bytes';

export interface Scalar {
  kind: 'scalar';
  type: ScalarType;
  /** Allowed values of a closed list. */
  values: ReadonlySet<string> | undefined;
  minimum: number | undefined;
  maximum: number | undefined;
  synonyms: Readonly<Record<string, string>> | undefined;
  /** Written as `{ href }` though no reference (D055). */
  href: boolean;
}

export interface RefNode {
  kind: 'ref';
  /** Any resource may be referred to. */
  open: boolean;
  /** Its JSON form is the URI itself (D083). */
  bare: boolean;
  /** What `$expand` may show. */
  target: Content | undefined;
  /** What a request may give by value. */
  inline: Content | undefined;
}

export interface StructNode {
  kind: 'struct';
  content: Content;
  /** The ref member whose href and attributes stand in the structure itself (D005). */
  flattened: { member: Member; ref: RefNode } | undefined;
  /** It describes a component of something: references inside it may name other components (`#name`, 5.13.3). */
  describes: boolean;
}

export type Node =
  | Scalar
  | { kind: 'any' }
  | RefNode
  | { kind: 'collection'; of: CollectionContent }
  | { kind: 'array'; item: Node; itemName: string }
  | StructNode
  | { kind: 'map'; itemName: string; keyName: string };

/** Whether consumers never see it (5.4). */
export function isWriteOnly(member: Member): boolean {
  return member.attribute.consumer.endsWith('write-only');
}

/** Whether a request's value of it is left out unread (4.2.1.3). */
export function isIgnored(member: Member, creating: boolean): boolean {
  const { attribute } = member;
  return attribute.consumer.endsWith('read-only') && !(creating ? attribute.onCreate : attribute.onUpdate);
}
