import { CIMI } from './body';
import { type Fact, fieldOf, holdsMore, itemFact, takesMore, textProblem } from './facts';
import type { Element } from './xml';

/** The element of an attribute; arrays and maps repeat that of their items. */
export const elementName = ({ name, itemName, xmlForm }: Fact): string => (xmlForm === 'elements' ? (itemName ?? name) : name);
/** Constraints on values are written as what they are (5.11.1). */
const CONSTRAINTS = ['value', 'range'];
const names = (fact: Fact): string[] => (Array.isArray(fact.jsonName) ? CONSTRAINTS : [elementName(fact)]);

const REPEATED = ['array', 'map'];

function scalarProblems(element: Element, fact: Fact, at: string): string[] {
  if (element.children.length > 0) return [`${at} has elements inside`];
  const problem = textProblem(fact, element.text.trim());
  return problem === undefined ? [] : [`${at} ${problem}`];
}

function referenceProblems(element: Element, fact: Fact, at: string): string[] {
  const byValue = fact.inlineType !== undefined && element.children.length > 0;
  return (element.attributes.href ?? '') !== '' || byValue ? [] : [`${at} has no attribute href`];
}

function entryProblems(element: Element, at: string): string[] {
  return element.attributes.key === undefined || element.children.length > 0 ? [`${at} is no entry of a map`] : [];
}

function structureProblems(element: Element, { fields = [] }: Fact, at: string): string[] {
  const more = holdsMore(fields);
  const content = fields.some(({ type, xmlForm }) => type === 'any' && xmlForm === 'content');
  const attributes = Object.entries(element.attributes).flatMap(([name, text]) => {
    const field = fields.find((each) => each.xmlForm === 'attribute' && (each.jsonName ?? each.name) === name);
    const problem = field && textProblem({ ...field, type: field.jsonName === 'href' ? 'URI' : field.type }, text);
    if (field) return problem === undefined ? [] : [`${at}@${name} ${problem}`];
    return more ? [] : [`${at} has no attribute ${name} in the standard`];
  });
  const elements = element.children.flatMap((child) => {
    const field = fieldOf(
      fields.filter(({ xmlForm }) => xmlForm !== 'attribute'),
      child.name,
      names,
    );
    if (field) return xmlProblems(child, field, `${at}/${child.name}`);
    return more || content || (takesMore(fields) && child.namespace !== CIMI) ? [] : [`${at} has no element ${child.name} in the standard`];
  });
  return [...attributes, ...elements];
}

/** Returns what is wrong with an element that should be this attribute (one of its items), in words. */
export function xmlProblems(element: Element, fact: Fact, at: string): string[] {
  switch (fact.type) {
    case 'ref':
    case 'collection':
      return referenceProblems(element, fact, at);
    case 'map':
      return entryProblems(element, at);
    case 'structure':
      return structureProblems(element, fact, at);
    case 'any':
      return [];
    case 'array':
      return xmlProblems(element, itemFact(fact), at);
    default:
      return scalarProblems(element, fact, at);
  }
}

/** Returns what is wrong with the sequence of elements: published ones in the published order, once each but arrays and maps. */
export function orderProblems(found: string[], order: Fact[], last: string[]): string[] {
  const rank = new Map([...order.map(elementName), ...last].map((name, at) => [name, at]));
  const repeated = new Set([...order.filter(({ type }) => REPEATED.includes(type)).map(elementName), ...last]);
  const known = found.filter((name) => rank.has(name));
  const sorted = [...known].sort((a, b) => (rank.get(a) ?? 0) - (rank.get(b) ?? 0));
  const doubles = known.filter((name, at) => known.indexOf(name) !== at && !repeated.has(name));
  return [
    ...(known.join() === sorted.join() ? [] : [`elements are in the order ${known.join(', ')}, not ${sorted.join(', ')}`]),
    ...doubles.map((name) => `element ${name} is there twice`),
  ];
}
