import { createCatalogue, standardCatalogue } from './catalogue';
import { collection, collectionType, EXTENSION, ref, resource, string } from './define';
import { standardCollections, standardResources } from './standard';

const catalogue = standardCatalogue();
const optional = { provider: 'optional mutable', consumer: 'optional read-write' } as const;

describe('standard catalogue', () => {
  test('holds the 48 resource types and 52 collections of the standard', () => {
    expect(catalogue.resources).toHaveLength(48);
    expect(catalogue.collections).toHaveLength(52);
  });

  test('finds types by name and by type URI', () => {
    expect(catalogue.byTypeURI('http://schemas.dmtf.org/cimi/1/Machine')).toBe(catalogue.resource('Machine'));
    expect(catalogue.collectionByTypeURI('http://schemas.dmtf.org/cimi/1/DiskCollection')).toBe(catalogue.collection('DiskCollection'));
    expect(catalogue.byTypeURI('http://schemas.dmtf.org/cimi/1/machine')).toBeUndefined();
    expect(() => catalogue.resource('Toaster')).toThrow('Toaster');
    expect(catalogue.has('constructor')).toBe(false);
    expect(catalogue.attributesOf('Machine').constructor).toBeUndefined();
  });

  test('merges common, own and extension attributes in this order', () => {
    const names = Object.keys(catalogue.attributesOf('Machine'));
    expect(names.slice(0, 8)).toEqual(['id', 'name', 'description', 'created', 'updated', 'properties', 'state', 'cpu']);
    expect(names.slice(-5)).toEqual(['cloud', 'ovfId', 'ovfMacs', 'ovfProperties', 'movedFrom']);
    expect(catalogue.attributesOf('Machine').cloud).toMatchObject({ namespace: EXTENSION, onCreate: true });
    expect(Object.keys(catalogue.attributesOf('CloudEntryPoint'))).not.toContain('cloud');
  });

  test('weakens the naming attributes of secondary resources (5.10.1)', () => {
    expect(catalogue.attributesOf('Machine').name?.provider).toBe('mandatory mutable');
    expect(catalogue.attributesOf('Disk').name?.provider).toBe('optional mutable');
  });

  test('orders ResourceMetadata alike in JSON and XML, its typeURI first (D045)', () => {
    expect(Object.keys(catalogue.attributesOf('ResourceMetadata')).slice(0, 3)).toEqual(['id', 'typeURI', 'name']);
    expect(catalogue.xmlOrderOf('ResourceMetadata').slice(0, 3)).toEqual(['id', 'typeURI', 'name']);
    expect(catalogue.xmlOrderOf('Machine')).toEqual(Object.keys(catalogue.attributesOf('Machine')));
  });

  test('knows the path of each type', () => {
    expect(catalogue.pathOf('MachineConfiguration')).toBe('machineConfigs');
    expect(catalogue.pathOf('CloudEntryPoint')).toBe('cloudEntryPoint');
    expect(catalogue.pathOf('Disk')).toBeUndefined();
    expect(catalogue.entryPoints().get('machines')?.name).toBe('MachineCollection');
    expect(catalogue.entryPoints().size).toBe(29);
  });

  test('knows envelopes and templates of creates (D148, D149)', () => {
    expect(catalogue.createWrapper('Machine')).toBe('MachineCreate');
    expect(catalogue.typeOfWrapper('MachineCreate')).toBe('Machine');
    expect(catalogue.typeOfWrapper('JobCreate')).toBeUndefined();
    expect(catalogue.typeOfWrapper('Machine')).toBeUndefined();
    expect(catalogue.templateAttribute('NetworkPort')).toBe('networkPortTemplate');
    expect(catalogue.templateAttribute('MachineImage')).toBeUndefined();
    expect(Object.keys(catalogue.envelopeOf('Machine'))).toEqual(['name', 'description', 'properties', 'machineTemplate', 'cloud']);
  });

  test('places the operations of Credential before its provider-defined attributes in XML (5.14.9)', () => {
    expect(catalogue.xmlOrderOf('Credential')).toEqual([
      ...['id', 'name', 'description', 'created', 'updated', 'properties'],
      ...['operations', 'userName', 'password', 'key', 'publicKey', 'privateKey'],
    ]);
  });

  test('finds actions by short name and by URI', () => {
    const start = catalogue.action('Machine', 'http://schemas.dmtf.org/cimi/1/action/start');
    expect(start).toMatchObject({ name: 'start', to: 'STARTED', via: ['STARTING'] });
    expect(catalogue.action('Machine', 'start')).toEqual(start);
    expect(catalogue.action('Machine', 'toString')).toBeUndefined();
    expect(catalogue.action('Disk', 'start')).toBeUndefined();
    expect(catalogue.collectionAction('SystemCollection', 'import')?.clause).toBe('5.13.2.1');
  });
});

describe('locate', () => {
  test('tells collections from items at any depth', () => {
    expect(catalogue.locate('machines')).toMatchObject({ kind: 'collection', type: 'Machine', path: 'machines' });
    expect(catalogue.locate('machines/abc')).toMatchObject({ kind: 'item', type: 'Machine', id: 'abc', collectionPath: 'machines' });
    expect(catalogue.locate('machines/abc/disks')).toMatchObject({ kind: 'collection', type: 'Disk', owner: { path: 'machines/abc' } });
    expect(catalogue.locate('machines/abc/networkInterfaces/1/addresses/2')).toMatchObject({
      kind: 'item',
      type: 'MachineNetworkInterfaceAddress',
      id: '2',
      collectionPath: 'machines/abc/networkInterfaces/1/addresses',
      owner: { kind: 'item', type: 'MachineNetworkInterface', path: 'machines/abc/networkInterfaces/1', owner: { path: 'machines/abc' } },
    });
    expect(catalogue.locate('cloudEntryPoint')).toEqual({ kind: 'singleton', path: 'cloudEntryPoint', type: 'CloudEntryPoint' });
  });

  test.each([
    '',
    '/',
    'machines/',
    '/machines',
    'machines//disks',
    'toasters',
    'disks/1',
    'machines/abc/cpu',
    'machines/abc/disks/1/x',
    'cloudEntryPoint/x',
    'constructor',
  ])('finds nothing at %p', (path) => expect(catalogue.locate(path)).toBeUndefined());

  test('an item does not carry the owner of nothing', () => {
    expect(catalogue.locate('machines/abc')).not.toHaveProperty('owner');
  });
});

describe('a catalogue refuses', () => {
  const thing = (attributes = {}) => resource('Thing', { clause: 'x', primary: true, attributes, operations: [] });
  const build =
    (...more: Parameters<typeof createCatalogue>[0]) =>
    () =>
      createCatalogue([...standardResources, ...more], standardCollections);

  test('references to unknown types', () => expect(build(thing({ other: ref('Nothing', optional) }))).toThrow('Thing.other'));
  test('unknown collections', () => expect(build(thing({ others: collection('NoCollection', optional) }))).toThrow('NoCollection'));
  test('duplicate names', () => expect(build(thing(), thing())).toThrow('Thing is declared twice'));
  test('identifiers against 5.3', () => expect(build(thing({ '1st': string(optional) }))).toThrow('Thing.1st is no identifier'));
  test('two attributes of one JSON name', () =>
    expect(build(thing({ a: string(optional), b: string({ ...optional, jsonName: 'a' }) }))).toThrow('Thing.a is declared twice'));
  test('collections of unknown items', () =>
    expect(() =>
      createCatalogue([], [collectionType('NoCollection', { clause: 'x', item: 'No', json: 'nos', xml: 'No', add: false })]),
    ).toThrow('unknown type No'));
  test('query parameters that could be taken for those of 4.1.6', () => {
    const parameters = { $step: { description: 'x', unit: 'second', minimum: 1, maximum: 2 } };
    const lists = collectionType('ThingCollection', { clause: 'x', item: 'Thing', json: 'things', xml: 'Thing', add: false, parameters });
    expect(() => createCatalogue([thing()], [lists])).toThrow('ThingCollection takes $step, which is no identifier');
  });
  test('actions that lead to unknown states', () =>
    expect(
      build({
        ...thing(),
        actions: { go: { kind: 'action', uri: 'http://example.com/go', clause: 'x', description: '', to: 'GONE' } },
      }),
    ).toThrow('unknown state GONE'));
});
