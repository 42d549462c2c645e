import { createCatalogue, standardCatalogue } from '../model/catalogue';
import {
  any,
  array,
  boolean,
  bytes,
  CIMI,
  collection,
  duration,
  EXTENSION,
  integer,
  map,
  ref,
  resource,
  string,
  struct,
  uri,
} from '../model/define';
import { standardCollections, standardResources } from '../model/standard';
import { type Content, isByValue, isIgnored, isWriteOnly, type MemberPlan, type Node } from './plan';
import { codecPlanOf } from './planner';

const may = { provider: 'optional mutable', consumer: 'optional read-write' } as const;
const observed = { provider: 'mandatory mutable', consumer: 'optional read-only' } as const;
const attributes = {
  label: string({ ...may, plain: true }),
  mode: string({ ...may, values: ['ON', 'OFF'], maxLength: 10 }),
  kind: string({ ...may, values: ['A'], valuesOpen: true }),
  size: integer({ ...may, minimum: 1, maximum: 9, namespace: EXTENSION }),
  lit: boolean(may),
  span: duration({ ...may, synonyms: { hourly: 'PT1H' } }),
  link: uri({ ...may, xml: 'attribute' }),
  role: uri({ ...may, values: ['http://a/x'] }),
  code: bytes(may),
  pairs: map(may),
  numbers: array('number', { kind: 'integer' }, may),
  sites: array('site', { kind: 'uri', href: true }, may),
  links: array('one', { kind: 'uri' }, may),
  things: array('thing', { kind: 'any' }, may),
  hosts: array('host', { kind: 'ref', to: 'Machine' }, may),
  twin: ref('Toy', { ...may, bare: true }),
  config: ref('MachineConfiguration', { ...may, inline: ['MachineConfiguration'] }),
  either: ref('Machine', { ...may, inline: ['MachineTemplate', 'VolumeTemplate'] }),
  anywhere: ref('*', may),
  toys: collection('ToyCollection', may),
  part: struct({ first: integer({ ...may, xml: 'content' }), inner: ref('Machine', may) }, may),
  described: struct({ template: ref('*', { ...may, inline: ['MachineTemplate'] }) }, may),
  placed: array('disk', { kind: 'struct', fields: { volume: ref('Volume', may), place: string(may) }, flattened: 'volume' }, may),
  free: any(may),
  stamp: string({ ...may, xml: 'attribute', xmlParent: 'sample' }),
  renamed: string({ ...may, jsonName: 'inJson', xmlName: 'inXml' }),
  shared: string({ ...may, xmlSharedWith: 'label' }),
  state: string(observed),
  born: string({ ...observed, onCreate: true }),
  moved: string({ ...observed, onUpdate: true }),
  secret: string({ ...may, consumer: 'optional write-only' }),
};
const toy = resource('Toy', {
  clause: 'test',
  primary: true,
  attributes,
  xmlOrder: ['mode', 'operations', ...Object.keys(attributes).filter((name) => name !== 'mode')],
  operations: [],
});
const toys = {
  name: 'ToyCollection',
  ...{ namespace: CIMI, typeURI: `${CIMI}/ToyCollection`, clause: 'test', item: 'Toy', json: 'toys', xml: 'Toy', add: true },
};
const plan = codecPlanOf(createCatalogue([...standardResources, toy], [...standardCollections, toys]));
const standard = codecPlanOf(standardCatalogue());
const content = plan.resources.get('Toy') as Content;
const member = (name: string, of = content): MemberPlan => of.byName.get(name) as MemberPlan;
const node = (name: string): Node => member(name).node;
const namesOf = (of: Content | undefined): string[] => [...(of?.byName.keys() ?? [])];

describe('values of one text', () => {
  const scalar = { kind: 'scalar', type: 'string', longest: 1024, plain: false, free: false, href: false };
  test.each<[string, object]>([
    ['label', { ...scalar, plain: true, free: true }],
    ['mode', { ...scalar, values: new Set(['ON', 'OFF']), longest: 10 }],
    // An open list of values bounds nothing.
    ['kind', { ...scalar, values: undefined }],
    ['size', { ...scalar, type: 'integer', minimum: 1, maximum: 9, longest: undefined }],
    ['lit', { ...scalar, type: 'boolean', minimum: undefined, maximum: undefined, longest: undefined }],
    ['span', { ...scalar, type: 'duration', synonyms: { hourly: 'PT1H' }, longest: undefined }],
    ['link', { ...scalar, type: 'uri', values: undefined, longest: 2048 }],
    ['role', { ...scalar, type: 'uri', values: new Set(['http://a/x']), longest: 2048 }],
    ['code', { ...scalar, type: 'bytes', longest: 16_384 }],
  ])('%s', (name, made) => expect(node(name)).toEqual(made));
});

describe('values of several parts', () => {
  test.each<[string, object]>([
    ['pairs', { kind: 'map', itemName: 'property', keyName: 'key', lengths: { key: 255, value: 16_384, most: 1000 } }],
    ['numbers', { kind: 'array', itemName: 'number', most: 1000, item: { kind: 'scalar', type: 'integer', href: false, plain: false } }],
    ['sites', { kind: 'array', itemName: 'site', item: { type: 'uri', href: true, longest: 2048, free: false } }],
    ['links', { kind: 'array', itemName: 'one', item: { type: 'uri', href: false } }],
    ['things', { kind: 'array', itemName: 'thing', item: { kind: 'any', longest: 65_536 } }],
    ['hosts', { kind: 'array', itemName: 'host', item: { kind: 'ref', open: false, bare: false, longest: 2048, inline: undefined } }],
    ['free', { kind: 'any', longest: 65_536 }],
  ])('%s', (name, made) => expect(node(name)).toMatchObject(made));

  test('a structure has its members, and its text', () => {
    const part = node('part');
    if (part.kind !== 'struct') throw new Error('no structure');
    expect([part.content.name, namesOf(part.content), part.content.text?.name]).toEqual(['part', ['first', 'inner'], 'first']);
    expect([part.content.typeURI, part.content.namespace, part.flattened, part.describes]).toEqual([undefined, CIMI, undefined, false]);
    expect(node('described')).toMatchObject({ describes: true });
  });

  test('an item may be flattened around a reference of its (D005)', () => {
    const placed = node('placed');
    const item = placed.kind === 'array' ? placed.item : undefined;
    if (item?.kind !== 'struct') throw new Error('no structure');
    expect(item.content.name).toBe('disk');
    expect(item.flattened).toEqual({ member: item.content.byName.get('volume'), ref: item.content.byName.get('volume')?.node });
  });
});

describe('references', () => {
  const machine = plan.resources.get('Machine');
  test.each<[string, object]>([
    ['twin', { open: false, bare: true, target: content, inline: undefined }],
    ['anywhere', { open: true, bare: false, target: undefined, inline: undefined }],
    ['config', { open: false, target: plan.resources.get('MachineConfiguration'), inline: plan.resources.get('MachineConfiguration') }],
  ])('%s', (name, made) => expect(node(name)).toEqual({ kind: 'ref', longest: 2048, bare: false, ...made }));

  test('one of several types takes the attributes of all (D020), of the first where both have one', () => {
    const either = node('either');
    if (either.kind !== 'ref' || !either.inline || !either.target) throw new Error('nothing by value');
    const [first, second] = ['MachineTemplate', 'VolumeTemplate'].map((type) => namesOf(plan.resources.get(type)));
    expect(either.inline.name).toBe('MachineTemplate or VolumeTemplate');
    expect(either.target.name).toBe('MachineTemplate or VolumeTemplate or Machine');
    expect(new Set(namesOf(either.inline))).toEqual(new Set([...(first ?? []), ...(second ?? [])]));
    expect(namesOf(either.target)).toEqual(expect.arrayContaining(namesOf(machine)));
    expect(either.inline.typeURI).toBeUndefined();
    const own = (of: Content | undefined) => of && member('name', of).attribute;
    expect(own(either.inline)).toBe(own(plan.resources.get('MachineTemplate')));
  });

  test('a collection and its items lead to each other', () => {
    const made = node('toys');
    if (made.kind !== 'collection') throw new Error('no collection');
    expect(made.of).toBe(plan.collections.get('ToyCollection'));
    expect(made.of.item).toBe(content);
    expect(made.of.declaration.name).toBe('ToyCollection');
  });
});

describe('members', () => {
  test('names in JSON and in XML', () => {
    expect(member('inJson')).toMatchObject({ xml: 'inXml', form: 'element', parent: undefined, namespace: CIMI });
    expect(member('shared').xml).toBe('label');
    expect([member('pairs').xml, member('numbers').xml, member('label').xml]).toEqual(['property', 'number', 'label']);
    expect(member('size')).toMatchObject({ namespace: EXTENSION, form: 'element' });
    expect(member('stamp')).toMatchObject({ form: 'attribute', parent: 'sample' });
  });

  test('elements, attributes and the text are told apart; a shared element is its sibling’s', () => {
    expect(content.byElement.get('label')).toBe(member('label'));
    expect([...content.byAttribute.keys()]).toEqual(['link', 'stamp']);
    expect([content.byElement.has('link'), content.byElement.has('stamp'), content.text]).toEqual([false, false, undefined]);
    expect([...content.parents]).toEqual(['sample']);
  });

  test('the standard’s come before an extension, and the operations where the order has them', () => {
    expect(content.members.at(-1)?.name).toBe('size');
    expect(content.members.slice(-2)[0]?.name).toBe('secret');
    const xml = content.xmlMembers.map((one) => (one === 'operations' ? one : one.name));
    expect(xml.slice(xml.indexOf('mode'), xml.indexOf('mode') + 3)).toEqual(['mode', 'operations', 'label']);
    expect(xml.at(-1)).toBe('size');
    const machine = standard.resources.get('Machine');
    const own = machine?.members.filter(({ namespace }) => namespace === CIMI).length ?? 0;
    expect(machine?.xmlMembers.indexOf('operations')).toBe(own);
    expect(machine?.xmlMembers).toHaveLength((machine?.members.length ?? 0) + 1);
  });

  test('who sees them, and when a request’s are read (5.4, 4.2.1.3)', () => {
    expect(['secret', 'label'].map((name) => isWriteOnly(member(name)))).toEqual([true, false]);
    const ignored = (name: string) => [isIgnored(member(name), true), isIgnored(member(name), false)];
    expect(['state', 'born', 'moved', 'label'].map(ignored)).toEqual([
      [true, true],
      [false, true],
      [true, false],
      [false, false],
    ]);
    expect(['config', 'twin', 'label', 'free'].map((name) => isByValue(node(name)))).toEqual([true, false, false, false]);
  });
});

describe('the whole', () => {
  test('types and collections are found by name and by type URI', () => {
    expect(plan.byTypeURI.get(`${CIMI}/Toy`)).toBe(content);
    expect([content.name, content.typeURI, content.namespace]).toEqual(['Toy', `${CIMI}/Toy`, CIMI]);
    expect(plan.collectionsByTypeURI.get(`${CIMI}/ToyCollection`)).toBe(plan.collections.get('ToyCollection'));
    expect(standard.resources.size).toBe(standardResources.length);
  });

  test('a create has an envelope where it needs a template (4.2.1.1), with what only answers hold taken and ignored', () => {
    const made = standard.envelopes.get('Machine');
    expect(made).toMatchObject({ name: 'MachineCreate', typeURI: `${CIMI}/MachineCreate`, template: 'machineTemplate' });
    expect(namesOf(made?.content)).toEqual(
      expect.arrayContaining(['name', 'description', 'properties', 'machineTemplate', 'state', 'created']),
    );
    expect(namesOf(made?.content)).not.toContain('cpu');
    expect(made?.content.name).toBe('MachineCreate');
    expect([plan.envelopes.has('Toy'), standard.envelopes.has('MachineConfiguration')]).toEqual([false, false]);
  });

  test('an Action’s body has its parameters between action and properties (4.2.1.3)', () => {
    const actions = standard.actions.get('Machine');
    const bodyOf = (name: string) => actions?.get(`${CIMI}/action/${name}`);
    expect(namesOf(bodyOf('stop'))).toEqual(['action', 'force', 'properties']);
    expect(bodyOf('stop')).toMatchObject({ name: 'Action', namespace: CIMI, typeURI: undefined });
    expect(namesOf(standard.bareAction)).toEqual(['action', 'properties']);
    expect(standard.bareAction.byName.get('action')?.attribute).toMatchObject({ kind: 'uri', consumer: 'mandatory read-write' });
    expect(standard.bareAction.byName.get('properties')?.attribute).toMatchObject({ kind: 'map', consumer: 'optional read-write' });
    expect(plan.actions.get('Toy')?.size).toBe(0);
    expect([...(standard.actions.get('SystemCollection')?.keys() ?? [])]).toContain(`${CIMI}/action/import`);
  });

  test('what any collection may carry is ours', () => {
    expect([standard.extensions.name, standard.extensions.namespace]).toEqual(['Collection', CIMI]);
    for (const { namespace } of standard.extensions.members) expect(namespace).toBe(EXTENSION);
  });
});
