import type { Attribute, Attributes, ItemType } from '../../src/model/define';
import type { Catalogue } from '../../src/model/catalogue';

/** An attribute as facts.json has it. */
export interface Fact {
  name: string;
  type: string;
  itemType?: string;
  refType?: string;
  inlineType?: string;
  itemName?: string;
  xmlForm: string;
  jsonName?: string | string[];
  unit?: string;
  values?: string[];
  valuesOpen?: boolean;
  minimum?: number;
  maximum?: number;
  provider: string;
  providerSecondary?: string;
  consumer: string;
  fields?: Fact[];
}

/** Form that facts and declarations have in common; absent members are undefined. */
export interface Comparable {
  name: string;
  kind: string;
  provider: string;
  consumer: string;
  xml: string;
  unit?: string | undefined;
  values?: string | undefined;
  open?: boolean | undefined;
  range?: string | undefined;
  to?: string | undefined;
  inline?: string | undefined;
  itemName?: string | undefined;
  item?: string | undefined;
  flattened?: string | undefined;
  fields?: Comparable[] | undefined;
}

const KINDS: Readonly<Record<string, string>> = { URI: 'uri', 'byte[]': 'bytes', structure: 'struct' };
const kindOf = (type: string) => KINDS[type] ?? type;
const range = (minimum: number | undefined, maximum: number | undefined) => (minimum === undefined ? undefined : `${minimum}..${maximum}`);

/** A fact, brought to the common form. */
export function fromFact(fact: Fact): Comparable {
  const flattened = fact.fields?.find(({ jsonName }) => jsonName === 'href')?.name;
  const items = fact.type === 'array';
  return {
    name: fact.name,
    kind: kindOf(fact.type),
    provider: fact.provider,
    consumer: fact.consumer,
    xml: ['attribute', 'content'].includes(fact.xmlForm) && fact.jsonName !== 'href' ? fact.xmlForm : 'element',
    unit: fact.unit,
    values: fact.values?.join(),
    open: fact.values && (fact.valuesOpen ?? false),
    range: range(fact.minimum, fact.maximum),
    to: fact.type === 'collection' ? fact.itemType : fact.refType,
    inline: fact.inlineType,
    itemName: items ? fact.itemName : undefined,
    item: items ? kindOf(fact.itemType ?? '') : undefined,
    flattened,
    fields: fact.type === 'map' ? undefined : fact.fields?.map(fromFact),
  };
}

/** A declared attribute, brought to the common form. */
export function fromDeclaration(catalogue: Catalogue, name: string, attribute: Attribute): Comparable {
  const values = 'values' in attribute ? attribute.values : undefined;
  return {
    name,
    kind: attribute.kind,
    provider: attribute.provider,
    consumer: attribute.consumer,
    xml: attribute.xml ?? 'element',
    unit: 'unit' in attribute ? attribute.unit : undefined,
    values: values?.join(),
    open: values && ('valuesOpen' in attribute ? (attribute.valuesOpen ?? false) : false),
    range: attribute.kind === 'integer' ? range(attribute.minimum, attribute.maximum) : undefined,
    ...shape(catalogue, attribute),
  };
}

/** Declared attributes in order, without extensions. */
export function fromDeclarations(catalogue: Catalogue, attributes: Attributes): Comparable[] {
  return Object.entries(attributes)
    .filter(([, attribute]) => attribute.namespace === undefined)
    .map(([name, attribute]) => fromDeclaration(catalogue, name, attribute));
}

function shape(catalogue: Catalogue, declared: Attribute | ItemType): Partial<Comparable> {
  switch (declared.kind) {
    case 'ref':
      return { to: declared.to, inline: declared.inline?.join() };
    case 'collection':
      return { to: catalogue.collection(declared.of).item };
    case 'array':
      return { itemName: declared.itemName, item: declared.item.kind, ...shape(catalogue, declared.item) };
    case 'struct':
      return {
        fields: fromDeclarations(catalogue, declared.fields),
        ...('flattened' in declared ? { flattened: declared.flattened } : {}),
      };
    default:
      return {};
  }
}
