import type { Attribute, ItemType } from '../../src/model/define';
import type { Catalogue } from '../../src/model/catalogue';
import type { Value, Values } from '../../src/model/values';

/**
 * Values of every attribute of a resource type, made from its declaration alone: what a provider that supports everything would show.
 * @param inline how deep resources given by value are filled in; below that, references only.
 */
export function sampleValues(catalogue: Catalogue, type: string, inline = 1): Values {
  const sampler = new Sampler(catalogue);
  return sampler.resource(type, inline);
}

const SCALARS: Readonly<Record<string, Value>> = {
  string: 'text',
  integer: 7,
  boolean: true,
  dateTime: '2026-11-22T10:00:00Z',
  duration: 'PT1H',
  uri: 'http://example.org/a?b=c',
  bytes: '00ff',
};

class Sampler {
  constructor(private readonly catalogue: Catalogue) {}

  resource(type: string, inline: number): Values {
    const id = `${type.toLowerCase()}s/1`;
    return { ...this.fields(this.catalogue.attributesOf(type), inline), id };
  }

  private fields(attributes: Readonly<Record<string, Attribute>>, inline: number): Values {
    const values: Values = {};
    for (const [key, attribute] of Object.entries(attributes)) values[attribute.jsonName ?? key] = this.value(attribute, inline);
    return alternatives(attributes, values);
  }

  private value(attribute: Attribute, inline: number): Value {
    switch (attribute.kind) {
      case 'array':
        return [this.item(attribute.item, inline), this.item(attribute.item, inline)];
      case 'map':
        return { colour: 'blue', 'a key': '<&>' };
      case 'struct':
        return this.fields(attribute.fields, inline);
      case 'ref':
        return this.ref(attribute.to, attribute.inline, inline);
      case 'collection':
        return { href: `${attribute.of}/1` };
      case 'any':
        return { resName: 'a', resource: { href: 'machines/1' } };
      case 'string':
      case 'uri':
        return attribute.values?.[0] ?? SCALARS[attribute.kind] ?? '';
      default:
        return SCALARS[attribute.kind] ?? '';
    }
  }

  private item(item: ItemType, inline: number): Value {
    if (item.kind === 'struct') return this.fields(item.fields, inline);
    if (item.kind === 'ref') return this.ref(item.to, item.inline, inline);
    return item.kind === 'any' ? 'ext4' : (SCALARS[item.kind] ?? '');
  }

  private ref(to: string, types: readonly string[] | undefined, inline: number): Value {
    const href = `things/${to === '*' ? 'any' : to}`;
    const [type] = types ?? [];
    if (type === undefined || inline === 0) return { href };
    const { id: _id, ...values } = this.resource(type, inline - 1);
    return { href, ...values };
  }
}

/** Keeps one of references that stand for each other: the first with a type of its own, not the literal name (D036). */
function alternatives(attributes: Readonly<Record<string, Attribute>>, values: Values): Values {
  const forms = Object.entries(attributes).filter(([, { kind }]) => kind === 'ref');
  const literal = forms.find(([, attribute]) => attribute.kind === 'ref' && attribute.to === '*' && attribute.inline !== undefined);
  const [, ...others] = literal ? forms : [];
  for (const [name] of others) delete values[name];
  return values;
}
