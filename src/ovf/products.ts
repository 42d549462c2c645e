import { isIP } from 'node:net';
import { quoted } from './error';
import type { Product, Property } from './package';
import { attribute, childText, flag, neededAttribute, once } from './values';
import type { Messages } from './values';
import { childrenOf, isOvf, refuse } from './xml';
import type { Element } from './xml';

/** Context in which product sections are read. */
export interface ProductContext {
  readonly messages: Messages;
  readonly configuration: string | undefined;
  readonly given: ReadonlyMap<string, string>;
}

/** Types of DSP0243 table 7, those of OVF 0.9, and VMware's. */
const TYPES = /^(?:u?int|[us]int(?:8|16|32|64)|real|real32|real64|string|boolean|password|ip|ip:.{1,200}|expression)$/;
const MAX_PROPERTIES = 2_000;

/** Reads the product sections of a content. @throws OvfError */
export function readProducts(sections: readonly Element[], context: ProductContext): Product[] {
  const products = new Set<string>();
  return sections.map((section) => {
    const product = readProduct(section, context);
    once(products, section, `${product.class} ${product.instance}`, 'the product of class and instance');
    return product;
  });
}

function readProduct(section: Element, context: ProductContext): Product {
  const text = (name: string): string | undefined => childText(section, name, context.messages);
  const kind = attribute(section, 'class') ?? '';
  const instance = attribute(section, 'instance') ?? '';
  const properties: Property[] = [];
  const keys = new Set<string>();
  let category: string | undefined;
  // A category counts for the properties after it (DSP0243 9.5.1).
  for (const child of section.children.filter(isOvf))
    if (child.name === 'Category') category = child.text.trim() || undefined;
    else if (child.name === 'Property' && holdsFor(child, context.configuration)) {
      const property = readProperty(child, kind, instance, category, context);
      once(keys, child, property.key, 'the property');
      properties.push(property);
      if (properties.length > MAX_PROPERTIES) refuse(section, `has more than ${MAX_PROPERTIES} properties`);
    }
  return {
    class: kind,
    instance,
    product: text('Product'),
    vendor: text('Vendor'),
    version: text('Version'),
    fullVersion: text('FullVersion'),
    productUrl: text('ProductUrl'),
    vendorUrl: text('VendorUrl'),
    appUrl: text('AppUrl'),
    properties,
  };
}

function holdsFor(element: Element, configuration: string | undefined): boolean {
  const named = attribute(element, 'configuration');
  return named === undefined || (configuration !== undefined && named.split(/\s+/).includes(configuration));
}

function readProperty(element: Element, kind: string, instance: string, category: string | undefined, context: ProductContext): Property {
  const name = neededAttribute(element, 'key');
  const key = [kind, name, instance].filter((part) => part !== '').join('.');
  const type = neededAttribute(element, 'type').toLowerCase();
  if (!TYPES.test(type)) refuse(element, `the property ${quoted(key)} is of the type ${quoted(type)}, which OVF does not have`);
  const { configuration, given, messages } = context;
  const values = childrenOf(element, 'Value');
  const special = values.find((each) => configuration !== undefined && each.attributes.get('configuration')?.trim() === configuration);
  const general = values.find((each) => !each.attributes.has('configuration'));
  const property: Property = {
    key,
    name,
    type,
    value: special?.attributes.get('value') ?? element.attributes.get('value') ?? general?.attributes.get('value') ?? '',
    userConfigurable: flag(element, 'userConfigurable', false),
    password: flag(element, 'password', type === 'password'),
    qualifiers: attribute(element, 'qualifiers'),
    category,
    label: childText(element, 'Label', messages),
    description: childText(element, 'Description', messages),
  };
  const value = given.get(key);
  if (value === undefined) return property;
  if (!property.userConfigurable) refuse(element, `the property ${quoted(key)} is not for its user to give`);
  const fault = faultOf(property, value);
  if (fault !== undefined) refuse(element, `the property ${quoted(key)} ${fault}`);
  return { ...property, value };
}

/** Words for what is wrong with a value for a property, by its type and qualifiers; the value is not repeated. */
function faultOf({ type, qualifiers = '' }: Property, value: string): string | undefined {
  const whole = /^([us])?int(\d*)$/.exec(type);
  if (whole) {
    if (!/^[+-]?\d{1,20}$/.test(value)) return 'needs a whole number';
    const bits = BigInt(whole[2] || '64');
    const [least, most] = whole[1] === 'u' ? [0n, (1n << bits) - 1n] : [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n];
    const number = BigInt(value.replace('+', ''));
    if (number < least || number > most) return `needs a whole number from ${least} to ${most}`;
    return isListed(qualifiers, number.toString()) ? undefined : UNLISTED;
  }
  if (type.startsWith('real')) return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?$/i.test(value) ? undefined : 'needs a number';
  if (type === 'boolean') return /^(?:true|false)$/i.test(value) ? undefined : 'needs true or false';
  // The rest of the type says which network the address is to be of.
  if (type === 'ip' || type.startsWith('ip:')) return value === '' || isIP(value) > 0 ? undefined : 'needs an IP address';
  const least = /MinLen\((\d{1,9})\)/i.exec(qualifiers)?.[1];
  const most = /MaxLen\((\d{1,9})\)/i.exec(qualifiers)?.[1];
  if (least !== undefined && value.length < Number(least)) return `needs at least ${least} characters`;
  if (most !== undefined && value.length > Number(most)) return `takes at most ${most} characters`;
  return isListed(qualifiers, value) ? undefined : UNLISTED;
}

const UNLISTED = 'takes one of the values that its ValueMap lists';

/** Tells whether a value is among those of a ValueMap, where there is one. */
function isListed(qualifiers: string, value: string): boolean {
  const start = qualifiers.search(/ValueMap\{/i);
  const end = qualifiers.indexOf('}', start);
  const allowed = start < 0 || end < 0 ? [] : textsIn(qualifiers.slice(start, end));
  return allowed.length === 0 || allowed.includes(value);
}

/** Texts in double quotes, a backslash before what stands for itself. One pass: lists of time zones are long, and others may be longer. */
function textsIn(list: string): string[] {
  const texts: string[] = [];
  let open: string | undefined;
  for (let at = 0; at < list.length; at++) {
    const character = list.charAt(at);
    if (open === undefined) open = character === '"' ? '' : undefined;
    else if (character === '"') {
      texts.push(open);
      open = undefined;
    } else open += character === '\\' ? list.charAt(++at) : character;
  }
  return texts;
}
