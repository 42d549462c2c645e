import type { Catalogue } from './catalogue';
import type { Attribute, Attributes, ItemType, RefAttribute, Resource } from './define';
import { lengthsOf } from './lengths';
import { byJsonName, isTaken } from './openapi-attributes';
import { mustBePresent } from './required';
import type { Values } from './values';

const HEAD = `// Made from src/model by scripts/make-client-types.cjs; do not edit.
import type { Catalogue } from './fields.ts';

/** Attributes that requests may give of each type, as forms ask for them. */
export const catalogue: Catalogue = `;

/** Texts that may be longer are written into more than one line, bytes. */
const LINE = 1_024;

/**
 * Writes down the catalogue for the console's forms, as TypeScript source that is not formatted yet: for each type that can be made or
 * given by value its attributes, those of the envelope around its template, its collection, and the parameters of its actions.
 */
export function clientForms(catalogue: Catalogue): string {
  const inline = new Set(catalogue.resources.flatMap(({ name }) => [...inlineOf(catalogue.attributesOf(name))]));
  const isAdded = ({ name }: Resource): boolean => catalogue.collections.some(({ item, add }) => item === name && add);
  const hasInput = ({ actions = {} }: Resource): boolean => Object.keys(actions).length > 0;
  const shown = catalogue.resources.filter((resource) => isAdded(resource) || inline.has(resource.name) || hasInput(resource));
  const types = Object.fromEntries(shown.map((resource) => [resource.name, typeOf(catalogue, resource)]));
  const items = catalogue.collections.filter(({ name, item }) => name !== `${item}Collection`).map(({ name, item }) => [name, item]);
  return `${HEAD}${JSON.stringify({ types, items: Object.fromEntries(items) as Values })};\n`;
}

function typeOf(catalogue: Catalogue, resource: Resource): Values {
  const { name, actions = {} } = resource;
  const template = catalogue.templateAttribute(name);
  const path = catalogue.pathOf(name);
  const inputs = Object.entries(actions).flatMap(([key, { kind, input = {} }]) =>
    kind === 'action' ? [[key, withoutSecrets(fieldsOf(input))]] : [],
  );
  const asked = (inputs as [string, Values][]).filter(([, fields]) => Object.keys(fields).length > 0);
  return {
    ...(path === undefined ? {} : { path }),
    ...(template === undefined ? {} : { template, envelope: fieldsOf(catalogue.envelopeOf(name), template) }),
    fields: fieldsOf(catalogue.attributesOf(name)),
    ...(asked.length === 0 ? {} : { actions: Object.fromEntries(asked) }),
  };
}

/** Parameters are never read again, which makes no secret of them. */
function withoutSecrets(fields: Values): Values {
  const plain = Object.entries(fields as Record<string, Values>).map(([name, { secret: _secret, ...field }]) => [name, field]);
  return Object.fromEntries(plain) as Values;
}

/** Types whose attributes may be given by value. */
function inlineOf(attributes: Attributes): Set<string> {
  const found = Object.values(attributes).flatMap((attribute): string[] => {
    const item: Attribute | ItemType = attribute.kind === 'array' ? attribute.item : attribute;
    if (item.kind === 'ref') return [...(item.inline ?? [])];
    return item.kind === 'struct' ? [...inlineOf(item.fields)] : [];
  });
  return new Set(found);
}

/** Fields of what requests may give. @param needed name of one that a request has to give, whatever its declaration says */
function fieldsOf(attributes: Attributes, needed?: string): Values {
  const taken = byJsonName(attributes).filter(([, , attribute]) => isTaken(attribute) && attribute.kind !== 'collection');
  return Object.fromEntries(
    taken.map(([name, key, attribute]) => [
      name,
      { ...fieldOf(attribute), ...(mustBePresent(attribute) || key === needed ? { required: true } : {}) },
    ]),
  );
}

function fieldOf(attribute: Attribute): Values {
  const { kind, consumer } = attribute;
  switch (kind) {
    case 'ref':
      return refOf(attribute);
    case 'struct':
      return { kind, fields: fieldsOf(attribute.fields) };
    case 'array':
      return { kind, item: itemOf(attribute.item) };
    case 'integer': {
      const { unit, minimum, maximum } = attribute;
      const given = { unit, low: minimum, high: maximum };
      return { kind, ...(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Values) };
    }
    case 'duration':
      return { kind, ...(attribute.synonyms ? { values: Object.keys(attribute.synonyms), open: true } : {}) };
    case 'string':
    case 'uri': {
      const { values, valuesOpen } = attribute;
      const isLong = kind === 'string' && values === undefined && (lengthsOf(attribute).maxLength ?? 0) > LINE;
      return {
        kind,
        ...(values ? { values: [...values], ...(valuesOpen ? { open: true } : {}) } : {}),
        ...(isLong ? { long: true } : {}),
        ...(consumer.endsWith('write-only') ? { secret: true } : {}),
      };
    }
    default:
      return { kind };
  }
}

function refOf({ to, inline }: Pick<RefAttribute, 'to' | 'inline'>): Values {
  return { kind: 'ref', ...(to === '*' ? {} : { to }), ...(inline && inline.length > 0 ? { types: [...inline] } : {}) };
}

/** An item that is flattened around a reference is that, with fields beside. */
function itemOf(item: ItemType): Values {
  if (item.kind === 'ref') return refOf(item);
  if (item.kind !== 'struct') return { kind: item.kind };
  const around = item.flattened === undefined ? undefined : item.fields[item.flattened];
  if (around?.kind !== 'ref') return { kind: 'struct', fields: fieldsOf(item.fields) };
  return { ...refOf(around), fields: fieldsOf(Object.fromEntries(Object.entries(item.fields).filter(([key]) => key !== item.flattened))) };
}
