import type { Catalogue } from '../model/catalogue';
import type { Value, Values } from '../model/values';
import { Refusal } from '../operations/family';
import { asRef } from '../operations/merge';
import { kindsOf, type Kind } from './kinds';

/** A System of more components than this is refused: all of them are planned within one request. */
const MOST = 1_000;
const NAMING = ['name', 'description', 'properties', 'type', 'quantity'];
/** Name of the template's attribute whatever the type (D036). */
const ANY_TEMPLATE = 'componentTemplate';

/** One component to be made. */
export interface Component {
  kind: Kind;
  /** Where it was described, for words. */
  at: string;
  /** Instance attributes: name, description, properties. */
  values: Values;
  /** The template by value or by reference. */
  template: Values;
}

/**
 * Components that descriptors ask for (5.13.3, Table 18): as many as `quantity` says, their names numbered from 1.
 * @throws Refusal 400 for a type that is no component's, for none or several templates, and for a name given twice to
 * components of one type.
 */
export function componentsOf(catalogue: Catalogue, given: Value | undefined): Component[] {
  if (given === undefined || given === null) return [];
  if (!Array.isArray(given)) throw new Refusal(400, 'componentDescriptors: a list is needed');
  const kinds = kindsOf(catalogue);
  const components: Component[] = [];
  for (const [index, descriptor] of (given as Values[]).entries()) {
    const at = `componentDescriptors[${index}]`;
    const { kind, template } = templateOf(catalogue, kinds, descriptor, at);
    const quantity = descriptor.quantity ?? 1;
    if (typeof quantity !== 'number' || quantity < 1) throw new Refusal(400, `${at}.quantity: at least 1 is needed`);
    if (components.length + quantity > MOST)
      throw new Refusal(400, `${at}: a System of more than ${MOST} components cannot be made at once`);
    for (let number = 1; number <= quantity; number += 1) {
      const values: Values = {};
      if (typeof descriptor.name === 'string') values.name = quantity > 1 ? `${descriptor.name}${number}` : descriptor.name;
      for (const name of ['description', 'properties'] as const) if (descriptor[name] != null) values[name] = descriptor[name];
      components.push({ kind, at, values, template });
    }
  }
  refuseDoubles(components);
  return components;
}

function templateOf(catalogue: Catalogue, kinds: readonly Kind[], descriptor: Values, at: string): { kind: Kind; template: Values } {
  const type = catalogue.byTypeURI(String(descriptor.type))?.name;
  const kind = kinds.find((one) => one.type === type);
  if (!kind) throw new Refusal(400, `${at}.type: ${String(descriptor.type)} is no type that a System consists of`);
  const own = catalogue.templateAttribute(kind.type);
  const given = Object.keys(descriptor).filter((name) => !NAMING.includes(name) && descriptor[name] != null);
  const [attribute, more] = given;
  if (attribute === undefined || more !== undefined)
    throw new Refusal(400, `${at}: exactly one template is needed, in ${own ?? ANY_TEMPLATE}`);
  if (attribute !== own && attribute !== ANY_TEMPLATE)
    throw new Refusal(400, `${at}.${attribute}: a ${kind.type} is made from ${own ?? ANY_TEMPLATE}`);
  const template = asRef(descriptor[attribute]);
  if (!template) throw new Refusal(400, `${at}.${attribute}: a template is needed, by reference or by value`);
  return { kind, template };
}

function refuseDoubles(components: readonly Component[]): void {
  const seen = new Set<string>();
  for (const { kind, at, values } of components) {
    if (values.name === undefined) continue;
    const name = `${kind.type} ${String(values.name)}`;
    if (seen.has(name))
      throw new Refusal(400, `${at}.name: two components of type ${kind.type} would be named '${String(values.name)}' (5.13.3)`);
    seen.add(name);
  }
}
