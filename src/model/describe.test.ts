import { standardCatalogue } from './catalogue';
import { EXTENSION } from './define';
import { describeType } from './describe';
import type { TypeFacts } from './describe';
import type { Values } from './values';

const catalogue = standardCatalogue();
const describe_ = (type: string, facts: TypeFacts = {}) => describeType(catalogue, type, facts);
const entry = (described: Values, list: 'attributes' | 'capabilities' | 'actions', name: string): unknown =>
  ((described[list] ?? []) as readonly { name: string }[]).find((item) => item.name === name);
const names = (described: Values, list: 'attributes' | 'actions') =>
  ((described[list] ?? []) as readonly { name: string }[]).map(({ name }) => name);

test('says which type it describes', () => {
  expect(describe_('Machine')).toMatchObject({ name: 'Machine', typeURI: 'http://schemas.dmtf.org/cimi/1/Machine' });
});

describe('attributes', () => {
  test('of the standard tell neither type nor namespace, extensions both (D044)', () => {
    const described = describe_('Machine');
    expect(entry(described, 'attributes', 'cpu')).toEqual({ name: 'cpu' });
    expect(entry(described, 'attributes', 'cloud')).toEqual({ name: 'cloud', namespace: EXTENSION, type: 'string', maxLength: 1024 });
  });

  test('carry the published constraints (5.11.1)', () => {
    expect(entry(describe_('MachineImage'), 'attributes', 'type')).toEqual({
      name: 'type',
      values: ['IMAGE', 'SNAPSHOT', 'PARTIAL_SNAPSHOT'],
    });
    expect(entry(describe_('Job'), 'attributes', 'progress')).toEqual({ name: 'progress', ranges: [{ low: 0, high: 100 }] });
    expect(entry(describe_('Machine'), 'attributes', 'cpuArch')).toEqual({ name: 'cpuArch' });
  });

  test('carry narrower constraints instead, and what is required', () => {
    const constraints = { state: { values: ['STARTED'] }, cpu: { values: [1], ranges: [{ low: 2, high: 4 }], required: true } };
    const described = describe_('Machine', { constraints });
    expect(entry(described, 'attributes', 'state')).toEqual({ name: 'state', values: ['STARTED'] });
    expect(entry(described, 'attributes', 'cpu')).toEqual({ name: 'cpu', required: true, values: [1], ranges: [{ low: 2, high: 4 }] });
    expect(entry(describe_('Volume', { constraints: { bootable: { value: false } } }), 'attributes', 'bootable')).toEqual({
      name: 'bootable',
      required: true,
      value: false,
    });
  });

  test('tell how long what a consumer writes may be, in bytes and items', () => {
    const of = (type: string, name: string) => entry(describe_(type), 'attributes', name);
    expect(of('Machine', 'name')).toMatchObject({ name: 'name', maxLength: 1024 });
    expect(of('Machine', 'description')).toEqual({ name: 'description', maxLength: 16384 });
    expect(of('Machine', 'properties')).toEqual({ name: 'properties', maxLength: 16384, maxKeyLength: 255, maxItems: 1000 });
    expect(of('MachineTemplate', 'userData')).toMatchObject({ maxLength: 65536 });
    expect(of('Machine', 'state')).not.toHaveProperty('maxLength');
  });

  test('tell what a create may not leave out and no update may take away (5.4), and nothing else of it', () => {
    const required = (type: string) => {
      const list = describe_(type).attributes as readonly { name: string; required?: boolean }[];
      return list.flatMap(({ name, required }) => (required === undefined ? [] : [[name, required]]));
    };
    expect(required('VolumeConfiguration')).toEqual([
      ['type', true],
      ['capacity', true],
    ]);
    expect(required('Machine')).toEqual([['memory', true]]);
    expect(required('Credential')).toEqual([]);
  });

  test('that are optional are told only where supported', () => {
    const listed = names(describe_('Machine', { attributes: ['cpu'] }), 'attributes');
    expect(listed).toEqual([
      ...['id', 'name', 'description', 'created', 'updated', 'properties', 'state', 'cpu', 'memory'],
      ...['cloud', 'ovfId', 'ovfMacs', 'ovfProperties', 'movedFrom'],
    ]);
  });

  test('that do not exist are refused', () => {
    expect(() => describe_('Machine', { attributes: ['wheels'] })).toThrow('Machine has no attribute wheels');
    expect(() => describe_('Machine', { constraints: { constructor: {} } })).toThrow('Machine has no attribute constructor');
  });
});

describe('capabilities', () => {
  test('have name, URI, words and value (D046)', () => {
    const described = describe_('Machine', { capabilities: { InitialStates: ['STOPPED', 'STARTED'], MachineStopForce: false } });
    expect(entry(described, 'capabilities', 'InitialStates')).toEqual({
      name: 'InitialStates',
      uri: 'http://schemas.dmtf.org/cimi/1/capability/Machine/InitialStates',
      description: expect.any(String) as string,
      value: ['STOPPED', 'STARTED'],
    });
    expect(entry(described, 'capabilities', 'MachineStopForce')).toMatchObject({ value: false });
  });

  test('bring those that they imply (Table 7)', () => {
    const described = describe_('Machine', { capabilities: { MachineConfigByValue: true, MachineTemplateByValue: false } });
    expect(entry(described, 'capabilities', 'MachineTemplateByValue')).toMatchObject({ value: true });
    expect(
      entry(describe_('Machine', { capabilities: { MachineConfigByValue: false } }), 'capabilities', 'MachineTemplateByValue'),
    ).toBeUndefined();
  });

  test('that do not exist are refused', () => {
    expect(() => describe_('Machine', { capabilities: { Flying: true } })).toThrow('Machine has no capability Flying');
  });

  test('are left out where there are none', () => {
    expect(describe_('Machine')).not.toHaveProperty('capabilities');
  });
});

describe('actions', () => {
  test('are the operations of the type, its actions and those of its collection', () => {
    expect(names(describe_('NetworkPort'), 'actions')).toEqual(['add', 'edit', 'delete', 'start', 'stop']);
    expect(names(describe_('Job'), 'actions')).toEqual(['edit', 'delete', 'stop']);
    expect(names(describe_('System'), 'actions')).toContain('import');
    expect(names(describe_('CloudEntryPoint'), 'actions')).toEqual(['edit']);
  });

  test('have URI, method and messages (D150)', () => {
    const described = describe_('Machine');
    expect(entry(described, 'actions', 'start')).toEqual({
      name: 'start',
      uri: 'http://schemas.dmtf.org/cimi/1/action/start',
      description: 'Starts the Machine.',
      method: 'POST',
      inputMessage: 'application/json, application/xml',
      outputMessage: 'application/json, application/xml',
    });
    expect(entry(described, 'actions', 'edit')).toMatchObject({ method: 'PUT', uri: 'http://schemas.dmtf.org/cimi/1/action/edit' });
    expect(entry(described, 'actions', 'delete')).not.toHaveProperty('inputMessage');
  });

  test('are those on offer', () => {
    expect(names(describe_('Machine', { actions: ['stop', 'delete'] }), 'actions')).toEqual(['delete', 'stop']);
    expect(describe_('Machine', { actions: [] })).not.toHaveProperty('actions');
  });
});
