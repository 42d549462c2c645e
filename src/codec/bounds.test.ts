import { standardCatalogue } from '../model/catalogue';
import { CIMI, type Attribute, type Attributes, type ItemType } from '../model/define';
import { lengthsOf } from '../model/lengths';
import { missingFrom } from '../model/required';
import type { Values } from '../model/values';
import type { Format, Shape } from './codec';
import { createBodyReader } from './reader';
import { createWriter } from './writer';

/** A name of a megabyte, and what it does to every list: each text, list and map of a request has a bound, in both formats. */
const catalogue = standardCatalogue();
const base = 'http://cimi.example.com/cimi/';
const formats: Format[] = ['json', 'xml'];
const readers = { json: createBodyReader(catalogue, 'json'), xml: createBodyReader(catalogue, 'xml') };
const writers = { json: createWriter(catalogue, 'json'), xml: createWriter(catalogue, 'xml') };

/** Text of that many bytes, of two bytes each, so that characters are not what is counted. */
const text = (bytes: number): string => 'é'.repeat(Math.floor(bytes / 2)) + 'x'.repeat(bytes % 2);

/** Members that a structure has to have (5.4), beside what is looked at. */
function needed(fields: Attributes): Record<string, unknown> {
  const small: Partial<Record<Attribute['kind'], unknown>> = { integer: 1, boolean: true, ref: { href: 'a' }, uri: 'http://a/b' };
  return Object.fromEntries(missingFrom(fields, {}).map((name) => [name, small[fields[name]?.kind ?? 'any'] ?? 'a']));
}

/** Values at the bound of an attribute, and one beyond it, for every place inside. */
function pairs(declared: Attribute | ItemType): [within: unknown, beyond: unknown, words: RegExp][] {
  const { maxLength = 0, maxKeyLength = 0, maxItems = 0 } = lengthsOf(declared);
  const bytes = (over = maxLength + 1) => new RegExp(`has ${over} bytes; at most ${maxLength} are allowed`);
  switch (declared.kind) {
    case 'string':
      return 'values' in declared && declared.values && !declared.valuesOpen ? [] : [[text(maxLength), text(maxLength + 1), bytes()]];
    case 'uri':
      return 'values' in declared && declared.values && !declared.valuesOpen
        ? []
        : [[`http://a/${'x'.repeat(maxLength - 9)}`, `http://a/${'x'.repeat(maxLength - 8)}`, bytes()]];
    case 'bytes':
      return [['ab'.repeat(maxLength), 'ab'.repeat(maxLength + 1), bytes()]];
    case 'ref':
      return [[{ href: 'x'.repeat(maxLength) }, { href: 'x'.repeat(maxLength + 1) }, bytes()]];
    case 'map': {
      const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, 'v']));
      return [
        [{ k: text(maxLength) }, { k: text(maxLength + 1) }, bytes()],
        [{ [text(maxKeyLength)]: 'v' }, { [text(maxKeyLength + 1)]: 'v' }, /its key has 256 bytes; at most 255 are allowed/],
        [many(maxItems), many(maxItems + 1), /has 1001 entries; at most 1000 are allowed/],
      ];
    }
    case 'array': {
      const inner = pairs(declared.item);
      const [item] = inner[0] ?? [];
      const small = declared.item.kind === 'string' ? 'a' : declared.item.kind === 'ref' ? { href: 'a' } : item;
      const some = (count: number) => new Array(count).fill(small);
      const lists = small === undefined || declared.item.kind === 'struct' ? [] : [[some(maxItems), some(maxItems + 1), /has 1001 items/]];
      return [...inner.map(([within, beyond, words]) => [[within], [beyond], words]), ...lists] as [unknown, unknown, RegExp][];
    }
    case 'struct':
      return Object.entries(declared.fields).flatMap(([name, field]) =>
        isWritable(field) && !field.xmlSharedWith
          ? pairs(field).map(([within, beyond, words]): [unknown, unknown, RegExp] => [
              { ...needed(declared.fields), [name]: within },
              { ...needed(declared.fields), [name]: beyond },
              words,
            ])
          : [],
      );
    default:
      return [];
  }
}

const isWritable = ({ consumer, onCreate }: Attribute): boolean => !consumer.endsWith('read-only') || onCreate === true;

function placesOf(attributes: Attributes): [string, unknown, unknown, RegExp][] {
  return Object.entries(attributes)
    .filter(([, attribute]) => isWritable(attribute))
    .flatMap(([name, attribute]) =>
      pairs(attribute).map(([within, beyond, words]): [string, unknown, unknown, RegExp] => [
        attribute.jsonName ?? name,
        within,
        beyond,
        words,
      ]),
    );
}

const body = (text: string): Uint8Array => new TextEncoder().encode(text);
const json = (values: object): Uint8Array => body(JSON.stringify(values));

describe.each(catalogue.resources.map(({ name }) => name))('%s', (type) => {
  const shape: Shape = { kind: 'resource', type, purpose: 'create' };
  test.each(placesOf(catalogue.attributesOf(type)))('%s has a bound', (name, within, beyond, words) => {
    expect(readers.json(json({ [name]: within }), [shape], { base }).values[name]).toBeDefined();
    expect(() => readers.json(json({ [name]: beyond }), [shape], { base })).toThrow(words);
    expect(() => readers.json(json({ [name]: beyond }), [shape], { base })).toThrow(new RegExp(`^${name}[^ ]*: `));
  });
});

test.each(formats)('%s: the bounds hold inside templates by value and in actions', (format) => {
  const read = (shape: Shape, asJson: object, asXml: string) =>
    readers[format](format === 'json' ? json(asJson) : body(asXml), [shape], { base });
  const long = text(1025);
  const create: Shape = { kind: 'create', type: 'Machine' };
  const xml = `<MachineCreate xmlns="${CIMI}"><machineTemplate><machineConfig><name>${long}</name></machineConfig></machineTemplate></MachineCreate>`;
  expect(() => read(create, { machineTemplate: { machineConfig: { name: long } } }, xml)).toThrow(
    /^machineTemplate\.machineConfig\.name: has 1025 bytes; at most 1024 are allowed$/,
  );
  const action = { action: 'http://schemas.dmtf.org/cimi/1/action/start', properties: { k: text(16_385) } };
  const actionXml = `<Action xmlns="${CIMI}"><action>${action.action}</action><property key="k">${action.properties.k}</property></Action>`;
  expect(() => read({ kind: 'action', type: 'Machine' }, action, actionXml)).toThrow(
    /^properties\.k: has 16385 bytes; at most 16384 are allowed$/,
  );
});

test.each(formats)('%s: what was kept with more stays while it is sent back unchanged', (format) => {
  const shape: Shape = { kind: 'resource', type: 'Machine', purpose: 'update' };
  const former: Values = { name: `a\u202e${text(5_000)}`, description: 'old', properties: { b: text(20_000), a: '1' } };
  const written = (values: Values) => writers[format].document({ type: 'Machine', values }, { base });
  const read = (values: Values) => readers[format](written(values), [shape], { base, former }).values;
  expect(read(former)).toEqual(former);
  expect(read({ ...former, description: 'new' })).toEqual({ ...former, description: 'new' });
  expect(() => read({ ...former, name: `b${text(5_000)}` })).toThrow(/^name: has 5001 bytes; at most 1024 are allowed$/);
  expect(() => read({ ...former, properties: { b: text(20_001), a: '1' } })).toThrow(/^properties\.b: /);
});

test.each([
  ['an override', 'a\u202eb', 'U+202E'],
  ['an isolate', 'a\u2066b', 'U+2066'],
  ['a control of C1', 'a\u009bb', 'U+009B'],
  ['DEL', 'a\u007fb', 'U+007F'],
])('%s is refused in names and keys, where a reader would take one thing for another', (_what, wrong, told) => {
  const shape: Shape = { kind: 'resource', type: 'Machine', purpose: 'update' };
  for (const values of [{ name: wrong }, { properties: { [wrong]: 'v' } }])
    expect(() => readers.json(json(values), [shape], { base })).toThrow(`holds the character ${told}`);
  expect(readers.json(json({ name: 'עברית\u200f 中', description: wrong }), [shape], { base }).values.description).toBe(wrong);
});
