import * as fc from 'fast-check';
import type { Format } from '../../src/codec/codec';
import { createBodyReader } from '../../src/codec/reader';
import { createWriter } from '../../src/codec/writer';
import { standardCatalogue } from '../../src/model/catalogue';
import type { Attribute, Attributes, ItemType } from '../../src/model/define';
import { missingFrom } from '../../src/model/required';
import type { Value, Values } from '../../src/model/values';

const catalogue = standardCatalogue();
const options = { base: 'http://cimi.example.com/cimi/' };
const formats: Format[] = ['json', 'xml'];
const writers = { json: createWriter(catalogue, 'json'), xml: createWriter(catalogue, 'xml') };
const readers = { json: createBodyReader(catalogue, 'json'), xml: createBodyReader(catalogue, 'xml') };

/** Text of anything XML can carry; without outer white space, which a reader of XML takes for padding. */
const text = fc
  .string({ unit: 'binary' })
  .map((s) => s.replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '').replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, ''));
const filled = text.filter((s) => s !== '');
/** Characters of keys and names: no controls, and nothing that turns the text's direction. */
const plain = text.map((s) => s.replace(/[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, ''));
const path = fc.stringMatching(/^[a-z]{1,8}\/[A-Za-z0-9_~-]{1,12}$/);

function scalar(attribute: Attribute | ItemType): fc.Arbitrary<Value> {
  switch (attribute.kind) {
    case 'integer':
      return fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
    case 'boolean':
      return fc.boolean();
    case 'dateTime':
      return fc.date({ min: new Date(0), max: new Date('9999-01-01'), noInvalidDate: true }).map((date) => date.toISOString());
    case 'duration':
      return fc.nat().map((n) => `PT${n}S`);
    case 'uri':
      return 'values' in attribute && attribute.values ? fc.constantFrom(...attribute.values) : fc.oneof(fc.webUrl(), path);
    case 'bytes':
      return fc.uint8Array({ minLength: 1 }).map((bytes) => Buffer.from(bytes).toString('hex'));
    case 'string':
      return 'values' in attribute && attribute.values
        ? fc.constantFrom(...attribute.values)
        : 'plain' in attribute && attribute.plain
          ? plain.filter((s) => s !== '')
          : filled;
    default:
      return filled;
  }
}

function value(attribute: Attribute | ItemType, depth: number): fc.Arbitrary<Value> {
  switch (attribute.kind) {
    case 'array':
      return fc.array(value(attribute.item, depth), { minLength: 1, maxLength: 3 });
    case 'map':
      return fc
        .dictionary(plain, text, { minKeys: 1, maxKeys: 3, noNullPrototype: false })
        .map((map) => Object.assign(Object.create(null) as Record<string, string>, map));
    case 'struct':
      return fields(attribute.fields, depth, false, missingFrom(attribute.fields, {})).filter((values) => Object.keys(values).length > 0);
    case 'ref':
      return ref(attribute.inline, depth);
    default:
      return scalar(attribute);
  }
}

function ref(inline: readonly string[] | undefined, depth: number): fc.Arbitrary<Value> {
  const href = fc.record({ href: path });
  const [type] = inline ?? [];
  return type === undefined || depth === 0
    ? href
    : fc.tuple(href, fields(catalogue.attributesOf(type), depth - 1, true)).map(([reference, values]) => ({ ...reference, ...values }));
}

/** Attributes that consumers may both write and read: the part of a representation that comes back. @param needed mandatory in a structure (5.4) */
function fields(attributes: Attributes, depth: number, creating = false, needed: readonly string[] = []): fc.Arbitrary<Values> {
  const writable = Object.entries(attributes).filter(([, one]) => {
    const accepted = one.consumer.endsWith('read-write') || (creating ? one.onCreate : one.onUpdate);
    return (
      accepted &&
      one.kind !== 'collection' &&
      one.kind !== 'any' &&
      !(one.kind === 'array' && one.item.kind === 'any') &&
      !one.xmlSharedWith
    );
  });
  const model = Object.fromEntries(writable.map(([name, one]) => [name, value(one, depth)]));
  return fc.record(model, { requiredKeys: [...needed] });
}

describe.each(formats)('%s', (format) => {
  test.each(catalogue.resources.map(({ name }) => name))('%s: what is written comes back', (type) => {
    const shape = { kind: 'resource', type, purpose: 'update' } as const;
    fc.assert(
      fc.property(fields(catalogue.attributesOf(type), 1), (values) => {
        const bytes = writers[format].document(
          { type, values: { ...values, id: 'things/1' }, operations: [{ rel: 'edit', href: 'things/1' }] },
          options,
        );
        const { href: _href, ...read } = readers[format](bytes, [shape], options).values;
        expect(read).toEqual(values);
      }),
      { numRuns: 25 },
    );
  });

  test('any text at all can be written, and what XML can carry is unchanged', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: fc.nat(0xffff).map((n) => String.fromCharCode(n)) }), (a, b) => {
        const properties = { [a]: b, [`${b}.`]: a };
        const bytes = writers[format].document({ type: 'Machine', values: { name: a, description: b, properties } }, options);
        expect(() => new TextDecoder('utf-8', { fatal: true }).decode(bytes)).not.toThrow();
        if (format === 'json') JSON.parse(new TextDecoder().decode(bytes));
      }),
    );
  });
});
