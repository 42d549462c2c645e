import { BodyError, type Format } from '../../src/codec/codec';
import { createBodyReader } from '../../src/codec/reader';
import { createCatalogue } from '../../src/model/catalogue';
import {
  any,
  array,
  boolean,
  bytes,
  CIMI,
  collection,
  dateTime,
  duration,
  integer,
  map,
  ref,
  resource,
  string,
  uri,
} from '../../src/model/define';
import { standardCollections, standardResources } from '../../src/model/standard';
import type { Values } from '../../src/model/values';

const may = { provider: 'optional mutable', consumer: 'optional read-write' } as const;
const must = { provider: 'mandatory mutable', consumer: 'mandatory read-write' } as const;
const observed = { provider: 'mandatory mutable', consumer: 'optional read-only' } as const;
const attributes = {
  label: string({ ...may, plain: true }),
  note: string({ ...may, maxLength: 10 }),
  mode: string({ ...may, values: ['ON', 'OFF'] }),
  size: integer({ ...may, minimum: 1, maximum: 9 }),
  left: integer(may),
  lit: boolean(may),
  since: dateTime(may),
  span: duration({ ...may, synonyms: { hourly: 'PT1H' } }),
  link: uri(may),
  role: uri({ ...may, values: ['http://a/x', 'http://a/y'] }),
  code: bytes(may),
  pairs: map(may),
  words: array('word', { kind: 'string' }, may),
  hosts: array('host', { kind: 'ref', to: 'Machine' }, may),
  image: ref('MachineImage', may),
  config: ref('MachineConfiguration', { ...may, inline: ['MachineConfiguration'] }),
  target: ref('*', may),
  disks: collection('DiskCollection', may),
  part: { kind: 'struct', fields: { first: integer(must), second: string(may), inner: ref('Machine', may) }, ...may },
  parts: array('one', { kind: 'struct', fields: { first: integer(must), second: string(may) } }, may),
  free: any(may),
  state: string(observed),
  born: string({ ...observed, onCreate: true }),
  moved: string({ ...observed, onUpdate: true }),
  secret: string({ ...may, consumer: 'optional write-only' }),
} as const;

/** A type with an attribute of every kind, so that what is asserted is the codec's and no type's own. */
const toy = resource('Toy', { clause: 'test', primary: true, attributes, operations: [] });
const catalogue = createCatalogue([...standardResources, toy], standardCollections);
const readers = { json: createBodyReader(catalogue, 'json'), xml: createBodyReader(catalogue, 'xml') };

/** Address of the service whose documents are read. */
export const base = 'http://cimi.example.com/cimi/';

/** Reads a Toy's document, as a create or an update sends it. @returns its values. */
export function read(format: Format, body: string, purpose: 'create' | 'update' = 'update', former?: Values): Values {
  const options = former ? { base, former } : { base };
  return readers[format](Buffer.from(body), [{ kind: 'resource', type: 'Toy', purpose }], options).values;
}

/** Reads an update of a Toy in JSON. */
export const json = (values: object, former?: Values): Values => read('json', JSON.stringify(values), 'update', former);

/** Reads an update of a Toy in XML: what stands inside of its element. */
export const xml = (inside: string): Values => read('xml', `<Toy xmlns="${CIMI}">${inside}</Toy>`);

/** Returns the error that a call refuses a document with. @throws Error where it takes it. */
export function refusal(call: () => unknown): BodyError {
  try {
    call();
  } catch (error) {
    if (error instanceof BodyError) return error;
    throw error;
  }
  throw new Error('was taken');
}
