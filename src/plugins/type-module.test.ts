import type { Exports } from './import-module';
import { Names, typeModuleIn } from './type-module';
import { TYPES_VERSION } from './type-schema';

const optional = { provider: 'optional mutable', consumer: 'optional read-write' };
const text = { kind: 'string', ...optional };
const rack = { collection: 'racks', attributes: { room: text } };
const least = { contractVersion: TYPES_VERSION, namespace: 'http://example.com/racks/1' };

const problems = (...modules: readonly Exports[]): string[] => {
  const names = new Names();
  return modules.flatMap((one) => {
    const read = typeModuleIn({ ...least, ...one }, names);
    return 'wrong' in read ? read.wrong : [];
  });
};
const withType = (more: object): Exports => ({ types: { Rack: { ...rack, ...more } } });
const withAttribute = (name: string, attribute: object): Exports => withType({ attributes: { [name]: attribute } });
const told = { kind: 'string', provider: 'optional immutable', consumer: 'optional read-only' };
const withEvent = (more: object): Exports => ({ events: { moved: { description: 'x', ...more } } });
const withAction = (name: string, action: object): Exports =>
  withType({ attributes: { state: { ...text, values: ['OPEN', 'LOCKED'] } }, actions: { [name]: { description: 'x', ...action } } });

test('a module of a type, of attributes of a standard type, or of neither is well', () => {
  expect(problems({ types: { Rack: rack } })).toEqual([]);
  expect(problems({ attributes: { MachineTemplate: { costCentre: text } } })).toEqual([]);
  expect(problems({})).toEqual([]);
});

test('what Node adds to the exports is no fault', () => {
  expect(problems({ types: { Rack: rack }, default: {}, 'module.exports': {}, __esModule: true })).toEqual([]);
});

test.each<[what: string, module: Exports, words: string | RegExp]>([
  ['no version', { contractVersion: undefined }, /^must export contractVersion, .* such as '1\.1'$/],
  ['another version', { contractVersion: '2.0' }, 'is written for version 2.0 of the contract; this gateway takes 1.0 to 1.1'],
  ['a later version', { contractVersion: '1.7' }, /this gateway has only 1\.1: it needs a later gateway$/],
  ['no namespace', { namespace: undefined }, 'is not what it should be: namespace: is missing'],
  ['a namespace that is no URI', { namespace: 'racks' }, /namespace "racks": it must be an absolute URI/],
  [
    "a namespace of DMTF's",
    { namespace: 'http://schemas.dmtf.org/cimi/1' },
    'has the namespace "http://schemas.dmtf.org/cimi/1", which is not its own: http://schemas.dmtf.org names things of others',
  ],
  ["a namespace of W3C's", { namespace: 'http://www.w3.org/2001/XMLSchema' }, /not its own: http:\/\/www\.w3\.org names things of others/],
  ["the gateway's namespace", { namespace: 'http://cimi-gateway.org/extension/1' }, /not its own: http:\/\/cimi-gateway\.org/],
  ['a namespace with a slash at its end', { namespace: 'http://example.com/' }, /must end in none, and have no query and no fragment$/],
  ['a namespace with a fragment', { namespace: 'http://example.com/a#b' }, /no query and no fragment$/],
  ['a slip in the name of an export', { type: {} }, /: type: unknown; did you mean types\?$/],
  ['an event without a description', { events: { moved: {} } }, 'is not what it should be: events.moved.description: is missing'],
  ['an event with an outcome that is no word', withEvent({ outcomes: ['not now'] }), /events\.moved\.outcomes\[0\]: must be a word/],
  [
    'an event that holds what is taken',
    withEvent({ content: { resource: told } }),
    'declares the event moved.resource, but resources have resource already',
  ],
  [
    'an event that holds what is written only',
    withEvent({ content: { pin: { ...told, consumer: 'optional write-only' } } }),
    'declares pin of the event moved as optional write-only: what an event holds is read-only and shown',
  ],
  [
    'an event that holds a secret',
    withEvent({ content: { pin: { ...told, confidential: true } } }),
    'declares pin of the event moved as confidential: what an event holds is read-only and shown',
  ],
  ['a type without a collection', { types: { Rack: { attributes: {} } } }, 'is not what it should be: types.Rack.collection: is missing'],
  [
    'a type without attributes',
    { types: { Rack: { collection: 'racks' } } },
    'is not what it should be: types.Rack.attributes: is missing',
  ],
  ['a type with a name that is none', { types: { 'my-rack': rack } }, /types\.my-rack: must be an identifier: letters, digits/],
  ['a collection with a name that is none', withType({ collection: 'my racks' }), /types\.Rack\.collection: must be an identifier/],
  ['an attribute with a name that is none', withAttribute('1st', text), /types\.Rack\.attributes\.1st: must be an identifier/],
  ['an attribute without a kind', withAttribute('room', optional), 'is not what it should be: types.Rack.attributes.room.kind: is missing'],
  [
    'an attribute of an unknown kind',
    withAttribute('room', { ...text, kind: 'text' }),
    /attributes\.room\.kind: must be string, integer, .* or map$/,
  ],
  [
    'an attribute without constraints',
    withAttribute('room', { ...text, provider: undefined }),
    /types\.Rack\.attributes\.room\.provider: is missing/,
  ],
  [
    'an attribute with a constraint that is none',
    withAttribute('room', { ...text, consumer: 'optional' }),
    /types\.Rack\.attributes\.room\.consumer: must be one of mandatory read-only, .* not "optional"/,
  ],
  ['an unknown member of an attribute', withAttribute('room', { ...text, max: 4 }), /types\.Rack\.attributes\.room\.max: unknown/],
  [
    'an array of nothing',
    withAttribute('tags', { kind: 'array', itemName: 'tag', item: {}, ...optional }),
    /attributes\.tags\.item\.kind: is missing$/,
  ],
  [
    'a fault inside a structure',
    withAttribute('place', { kind: 'struct', fields: { row: { ...text, consumer: undefined } }, ...optional }),
    /types\.Rack\.attributes\.place\.fields\.row\.consumer: is missing/,
  ],
  ['a type of the standard', { types: { Machine: rack } }, 'declares the type Machine, a name that the standard has already'],
  [
    'a path of the standard',
    withType({ collection: 'machines' }),
    'gives Rack the collection machines, a name that the standard has already',
  ],
  ['the entry point', withType({ collection: 'cloudEntryPoint' }), /the collection cloudEntryPoint, a name that the standard has already/],
  ['what a list has otherwise', withType({ collection: 'count' }), /the collection count, a name that the gateway has already/],
  [
    'what the entry point has otherwise',
    withType({ collection: 'baseURI' }),
    /the collection baseURI, a name that the gateway has already/,
  ],
  ['a name of a request', { types: { RackCreate: rack } }, 'declares the type RackCreate, a name that is made of those of types'],
  ['the path to the clouds', withType({ collection: 'clouds' }), /the collection clouds, a name that the gateway has already/],
  ['an attribute that all have', withAttribute('name', text), 'declares Rack.name, but resources have name already'],
  [
    'an attribute that stands beside them',
    withAttribute('resourceURI', text),
    'declares Rack.resourceURI, but resources have resourceURI already',
  ],
  [
    'an element that all have',
    withAttribute('labels', { kind: 'map', itemName: 'property', keyName: 'key', ...optional }),
    'declares Rack.labels, but resources have property already',
  ],
  [
    'an element that another attribute has',
    withType({ attributes: { wheel: text, wheels: { kind: 'array', itemName: 'wheel', item: { kind: 'string' }, ...optional } } }),
    'declares Rack.wheels, but resources have wheel already',
  ],
  [
    'an initial value of a number',
    withAttribute('units', { kind: 'integer', initial: '1', ...optional }),
    'gives Rack.units an initial value, which only text has',
  ],
  [
    'an initial value that is none of the values',
    withAttribute('state', { ...text, values: ['OPEN'], initial: 'SHUT' }),
    'gives Rack.state the initial value SHUT, which is none of its values',
  ],
  ['an action that every type has', withAction('edit', { to: 'OPEN' }), 'declares the action Rack/edit, which every type has'],
  [
    'an action that does nothing',
    withAction('lock', {}),
    'declares the action Rack/lock, which neither leads to a state nor performs anything',
  ],
  [
    'an action to an unknown state',
    withAction('lock', { to: 'SHUT' }),
    'declares the action Rack/lock with SHUT, which is no value of the attribute state',
  ],
  [
    'an action from an unknown state',
    withAction('lock', { from: ['SHUT'], to: 'OPEN' }),
    /with SHUT, which is no value of the attribute state$/,
  ],
  [
    'an action without words',
    withAction('lock', { description: '', to: 'OPEN' }),
    /types\.Rack\.actions\.lock\.description: must not be empty/,
  ],
  ['an action that performs no function', withAction('lock', { perform: 'x' }), /types\.Rack\.actions\.lock\.perform: must be a function/],
  ['a capability without a value', withType({ capabilities: { Max: { description: 'x' } } }), /types\.Rack\.capabilities\.Max\.value: /],
  ['attributes of an unknown type', { attributes: { Rack: { room: text } } }, 'gives attributes to Rack, which is no type of the standard'],
  [
    'attributes of what lives in a cloud',
    { attributes: { Machine: { costCentre: text } } },
    /^gives attributes to Machine, whose resources the gateway does not keep itself; it takes those of MachineTemplate, .*its driver brings them$/,
  ],
  [
    'an attribute that the standard has',
    { attributes: { MachineTemplate: { userData: text } } },
    'declares MachineTemplate.userData, but resources have userData already',
  ],
  [
    'a mandatory attribute of a standard type',
    { attributes: { MachineTemplate: { costCentre: { ...text, consumer: 'mandatory read-write' } } } },
    'makes MachineTemplate.costCentre mandatory: clients of the standard do not know it, so it must be optional',
  ],
])('%s is told', (_what, module, words) => {
  const told = problems(module);
  expect(told).toHaveLength(1);
  if (typeof words === 'string') expect(told).toEqual([words]);
  else expect(told[0]).toMatch(words);
});

test('two modules can not take one name', () => {
  const second = { namespace: 'http://example.org/other' };
  expect(problems(withType({}), { ...second, ...withType({ collection: 'shelves' }) })).toEqual([
    'declares the type Rack, a name that http://example.com/racks/1 has already',
  ]);
  expect(problems(withType({}), { ...second, types: { Shelf: rack } })).toEqual([
    'gives Shelf the collection racks, a name that http://example.com/racks/1 has already',
  ]);
  const costs = { attributes: { MachineTemplate: { costCentre: text } } };
  expect(problems(costs, { ...second, ...costs })).toEqual(['declares MachineTemplate.costCentre, but resources have costCentre already']);
});
