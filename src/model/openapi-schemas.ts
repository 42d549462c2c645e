import type { Catalogue } from './catalogue';
import { CIMI } from './define';
import type { ActionDeclaration, Attribute, Attributes, ItemType, Resource } from './define';
import {
  byJsonName,
  citationOf,
  isTaken,
  listBounds,
  mapBounds,
  nullable,
  withoutUndefined,
  scalarItem,
  scalarSchema,
  sourceOf,
  descriptionOf,
  xmlObjectOf,
} from './openapi-attributes';
import type { Values } from './values';

/** `read`: what answers hold. `input`: what requests may hold. */
type Way = 'read' | 'input';

const PATH = '#/components/schemas/';
const REFERENCE = 'Reference';
const STATES = (states: readonly string[]) => states.join(', ');

const HREF = { format: 'uri-reference', xml: { attribute: true } };
const INPUT_REFERENCE = 'InputReference';

/** A text that is always the same: `enum` beside `const`, for generators that know only one of them. */
const always = (text: string): Values => ({ type: 'string', const: text, enum: [text] });

/** The schemas that do not depend on the catalogue. */
const FIXED: Readonly<Record<string, Values>> = {
  [REFERENCE]: {
    description:
      'A reference to a resource (5.5.11). Answers hold absolute URIs; with $expand the attributes of the resource stand beside href.',
    type: 'object',
    properties: { href: { type: 'string', ...HREF } },
  },
  [INPUT_REFERENCE]: {
    description: 'A reference to a resource (5.5.11) in a request; null stands for none, as many generated clients send it.',
    type: 'object',
    properties: { href: { type: ['string', 'null'], ...HREF } },
  },
  Operation: {
    description: 'An operation that would work now for this caller (4.2).',
    type: 'object',
    required: ['rel', 'href'],
    properties: {
      rel: { type: 'string', description: 'add, edit, delete, or the URI of an action.', xml: { attribute: true } },
      href: { type: 'string', format: 'uri-reference', description: 'Where the operation is asked for.', xml: { attribute: true } },
    },
  },
};

/**
 * JSON Schemas (2020-12, as OpenAPI 3.1 has them) of a catalogue's types, made as they are referred to. Every method
 * returns a schema that refers to the component.
 */
export class Schemas {
  private readonly components = new Map<string, Values>();

  constructor(private readonly catalogue: Catalogue) {}

  /** All that were made, by name. */
  all(): Values {
    return Object.fromEntries([...this.components].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** A resource's representation. Nothing but resourceURI is sure to be there: `$select` leaves out the rest. */
  representation(type: string): Values {
    return this.component(type, () => {
      const resource = this.catalogue.resource(type);
      return {
        description: `${type} (${citationOf(resource.clause)}).`,
        type: 'object',
        properties: {
          resourceURI: always(resource.typeURI),
          ...this.properties(resource, 'read'),
          operations: this.operations(),
        },
        ...this.typedContent(type),
        xml: { name: type, namespace: resource.namespace },
      };
    });
  }

  /** Conditions on attributes whose type a sibling says: one for each event type. */
  private typedContent(type: string): Values {
    const typed = Object.entries(this.catalogue.attributesOf(type)).flatMap(([name, attribute]) =>
      attribute.kind === 'any' && attribute.typedBy !== undefined ? [{ name, by: attribute.typedBy }] : [],
    );
    const conditions = typed.flatMap(({ name, by }) =>
      this.catalogue.eventTypes.map(({ uri, description, content }) => ({
        if: { properties: { [by]: { const: uri } }, required: [by] },
        then: { properties: { [name]: { type: 'object', description, properties: this.members(content, 'read') } } },
      })),
    );
    return conditions.length === 0 ? {} : { allOf: conditions };
  }

  /** Returns the schema of a PUT of a type, and of a POST where it is created by its own representation. */
  input(type: string): Values {
    return this.component(`${type}Input`, () => {
      const resource = this.catalogue.resource(type);
      return {
        description:
          `What a request says of a ${type} (${citationOf(resource.clause)}). Read-only attributes may be there and are ignored, ` +
          'unknown ones are refused, null erases.',
        type: 'object',
        properties: { resourceURI: always(resource.typeURI), ...this.properties(resource, 'input') },
        xml: { name: type, namespace: resource.namespace },
      };
    });
  }

  /** The envelope of a type that is created from a template (4.2.1.1); its own representation for any other. */
  creation(type: string): Values {
    const template = this.catalogue.templateAttribute(type);
    if (template === undefined) return this.input(type);
    const name = this.catalogue.createWrapper(type);
    return this.component(name, () => ({
      description: `Asks for a new ${type}: by a template's reference, by value, or by reference with overrides, where null erases (4.2.1.1).`,
      type: 'object',
      required: [template],
      properties: {
        resourceURI: always(`${CIMI}/${name}`),
        ...this.members(this.catalogue.envelopeOf(type), 'input', this.catalogue.resource(type)),
      },
      xml: { name, namespace: CIMI },
    }));
  }

  collection(name: string): Values {
    return this.component(name, () => {
      const { clause, item, json, xml, typeURI } = this.catalogue.collection(name);
      return {
        description: `Collection of ${item} (${citationOf(clause)}).`,
        type: 'object',
        properties: {
          resourceURI: { ...always(typeURI), xml: { attribute: true } },
          id: { type: 'string', format: 'uri-reference', readOnly: true },
          count: { type: 'integer', minimum: 0, readOnly: true, description: 'How many items match, whatever part of them is here.' },
          [json]: { type: 'array', items: { ...this.representation(item), xml: { name: xml } } },
          operations: this.operations(),
          ...this.members(this.catalogue.collectionAttributes, 'read'),
        },
        xml: { name: 'Collection', namespace: CIMI },
      };
    });
  }

  /** The bodies of the actions given (4.2.1.5), each a component with a name of its own; `owner` is what has them. */
  actions(owner: string, actions: readonly (ActionDeclaration & { name: string })[]): Values {
    const each = actions.map((action) => {
      const name = `${owner}${capitalized(action.name)}Action`;
      return [action.uri, this.component(name, () => this.action(name, action))] as const;
    });
    const [[, only] = [undefined, {}]] = each;
    if (each.length === 1) return only;
    return this.component(`${owner}Action`, () => ({
      description: 'Asks for an action (4.2.1.5).',
      oneOf: each.map(([, schema]) => schema),
      discriminator: { propertyName: 'action', mapping: Object.fromEntries(each.map(([uri, { $ref }]) => [uri, $ref])) },
    }));
  }

  private action(title: string, action: ActionDeclaration & { name: string }): Values {
    const { from, via, to, input = {} } = action;
    const words = [
      `${action.description} (${action.clause})`,
      ...(from ? [`Possible in ${STATES(from)}.`] : []),
      ...(via ? [`Passes through ${STATES(via)}.`] : []),
      ...(to === undefined ? [] : [`Ends in ${to}.`]),
    ];
    const required = Object.entries(input).flatMap(([name, { consumer }]) => (consumer.startsWith('mandatory') ? [name] : []));
    return {
      title,
      description: words.join(' '),
      type: 'object',
      required: ['action', ...required],
      properties: {
        resourceURI: always(`${CIMI}/Action`),
        action: always(action.uri),
        ...this.members(input, 'input'),
        properties: { type: 'object', additionalProperties: { type: 'string' } },
      },
      xml: { name: 'Action', namespace: CIMI },
    };
  }

  private component(name: string, make: () => Values): { $ref: string } {
    if (!this.components.has(name)) {
      // Known before it is made: types refer to each other in circles.
      this.components.set(name, {});
      this.components.set(name, make());
    }
    return { $ref: PATH + name };
  }

  private fixed(name: string): Values {
    return this.component(name, () => FIXED[name] ?? {});
  }

  private operations(): Values {
    return { type: 'array', readOnly: true, items: { ...this.fixed('Operation'), xml: { name: 'operation' } } };
  }

  private properties(resource: Resource, way: Way): Values {
    return this.members(this.catalogue.attributesOf(resource.name), way, resource);
  }

  /** Schemas by JSON name of the attributes that the way carries; those of a resource may be erased, other things left out. */
  private members(attributes: Attributes, way: Way, resource?: Resource): Values {
    const carried = byJsonName(attributes).filter(([, , attribute]) => way === 'read' || isTaken(attribute));
    return Object.fromEntries(
      carried.map(([name, key, attribute]) => {
        const schema = this.value(attribute, way);
        const access = attribute.consumer.endsWith('write-only') ? { writeOnly: true } : isTaken(attribute) ? {} : { readOnly: true };
        const description = descriptionOf(attribute, resource && sourceOf(resource, key, attribute));
        return [
          name,
          { ...(way === 'input' && resource ? nullable(schema) : schema), description, ...access, ...xmlObjectOf(name, attribute) },
        ];
      }),
    );
  }

  private value(attribute: Attribute, way: Way): Values {
    switch (attribute.kind) {
      case 'ref':
        return this.reference(attribute, way, attribute.bare ?? false);
      case 'collection':
        return this.collectionReference(attribute.of);
      case 'array':
        return {
          type: 'array',
          items: { ...this.item(attribute.item, way), xml: { name: attribute.itemName } },
          ...(way === 'input' ? listBounds(attribute) : {}),
        };
      case 'struct':
        return { type: 'object', properties: this.members(attribute.fields, way) };
      case 'map':
        return { type: 'object', ...(way === 'input' ? mapBounds(attribute) : { additionalProperties: { type: 'string' } }) };
      default:
        return scalarSchema(attribute, way === 'input');
    }
  }

  private item(item: ItemType, way: Way): Values {
    if (item.kind === 'ref') return this.reference(item, way, false);
    if (item.kind === 'uri' && item.href) return this.anyReference(way);
    if (item.kind !== 'struct') return scalarItem(item, way === 'input');
    const flattened = item.flattened === undefined ? undefined : item.fields[item.flattened];
    if (flattened?.kind !== 'ref') return { type: 'object', properties: this.members(item.fields, way) };
    const others = Object.fromEntries(Object.entries(item.fields).filter(([name]) => name !== item.flattened));
    return { type: 'object', allOf: [this.reference(flattened, way, false)], properties: this.members(others, way) };
  }

  /** href, and what may stand beside it: by value in requests and what was made from them, with `$expand` in any answer. */
  private reference({ to, inline = [] }: { to: string; inline?: readonly string[] }, way: Way, bare: boolean): Values {
    if (bare) {
      const text = { type: 'string', format: 'uri-reference' };
      return way === 'read' ? text : { anyOf: [text, this.anyReference(way)] };
    }
    const types = [...new Set(way === 'read' && to !== '*' ? [...inline, to] : inline)];
    const [only] = types;
    if (only === undefined) return this.anyReference(way);
    const suffix = way === 'read' ? '' : 'Input';
    const each = types.map((type) => (way === 'read' ? this.representation(type) : this.input(type)));
    if (each.length > 2) return { allOf: [this.anyReference(way), { anyOf: each }] };
    return this.component(`${types.join('Or')}${suffix}Reference`, () => {
      const by = way === 'read' ? 'where they are asked for or were given by value' : 'by value or to override';
      return {
        description: `A reference to ${types.join(' or ')}, with attributes beside it ${by}.`,
        allOf: [this.anyReference(way), ...(each.length === 1 ? each : [{ anyOf: each }])],
      };
    });
  }

  private anyReference(way: Way): Values {
    return this.fixed(way === 'read' ? REFERENCE : INPUT_REFERENCE);
  }

  private collectionReference(name: string): Values {
    return this.component(`${name}Reference`, () => ({
      description: `A reference to a ${name}, with its content beside it where that is asked for by $expand.`,
      allOf: [this.fixed(REFERENCE), this.collection(name)],
    }));
  }
}

const capitalized = (name: string) => `${name.charAt(0).toUpperCase()}${name.slice(1)}`;

/** A schema that is surely of the type that it says. */
export function surely(schema: Values): Values {
  return withoutUndefined({ ...schema, required: ['resourceURI'] });
}
