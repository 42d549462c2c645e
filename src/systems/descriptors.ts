import type { Catalogue } from '../model/catalogue';
import { placeIn } from '../model/place';
import type { Value, Values } from '../model/values';
import { Refusal } from '../operations/resource-handler';
import { asRef } from '../operations/template-merge';
import { kindsOf, type ComponentKind } from './component-kinds';
import { shown } from '../model/shown';

/** A System of more components than this is refused: all of them are planned within one request. */
const MOST = 1_000;
/** Place of the descriptors in the create of a System. */
const DESCRIPTORS = 'systemTemplate.componentDescriptors';
const NAMING = ['name', 'description', 'properties', 'type', 'quantity'];
/** Name of the template's attribute whatever the type (D036). */
const ANY_TEMPLATE = 'componentTemplate';

/** Component to be made. */
export interface Component {
  kind: ComponentKind;
  /** Place of its description, for error words. */
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
  if (!Array.isArray(given)) throw new Refusal(400, 'a list is needed', { at: DESCRIPTORS });
  const kinds = kindsOf(catalogue);
  const components: Component[] = [];
  for (const [index, descriptor] of (given as Values[]).entries()) {
    const at = placeIn(DESCRIPTORS, index);
    const { kind, template } = templateOf(catalogue, kinds, descriptor, at);
    const quantity = descriptor.quantity ?? 1;
    if (typeof quantity !== 'number' || quantity < 1) throw new Refusal(400, 'at least 1 is needed', { at: `${at}.quantity` });
    if (components.length + quantity > MOST)
      throw new Refusal(400, `a System of more than ${MOST} components cannot be made at once`, { at });
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

function templateOf(
  catalogue: Catalogue,
  kinds: readonly ComponentKind[],
  descriptor: Values,
  at: string,
): { kind: ComponentKind; template: Values } {
  const type = catalogue.byTypeURI(String(descriptor.type))?.name;
  const kind = kinds.find((one) => one.type === type);
  if (!kind) throw new Refusal(400, `${shown(String(descriptor.type))} is no type that a System consists of`, { at: `${at}.type` });
  const own = catalogue.templateAttribute(kind.type);
  const given = Object.keys(descriptor).filter((name) => !NAMING.includes(name) && descriptor[name] != null);
  const [attribute, more] = given;
  if (attribute === undefined || more !== undefined)
    throw new Refusal(400, `exactly one template is needed, in ${own ?? ANY_TEMPLATE}`, { at });
  if (attribute !== own && attribute !== ANY_TEMPLATE)
    throw new Refusal(400, `a ${kind.type} is made from ${own ?? ANY_TEMPLATE}`, { at: `${at}.${attribute}` });
  const template = asRef(descriptor[attribute]);
  if (!template) throw new Refusal(400, 'a template is needed, by reference or by value', { at: `${at}.${attribute}` });
  return { kind, template };
}

function refuseDoubles(components: readonly Component[]): void {
  const seen = new Set<string>();
  for (const { kind, at, values } of components) {
    if (values.name === undefined) continue;
    const name = `${kind.type} ${String(values.name)}`;
    if (seen.has(name))
      throw new Refusal(400, `two components of type ${kind.type} would be named '${shown(String(values.name))}' (5.13.3)`, {
        at: `${at}.name`,
      });
    seen.add(name);
  }
}
