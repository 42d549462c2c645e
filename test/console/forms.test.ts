import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as estree from 'prettier/plugins/estree';
import * as typescript from 'prettier/plugins/typescript';
import { format } from 'prettier/standalone';
import { base64Of, curlWith, placeIn, placesAround, tidy, withMember } from '../../console/body';
import { kindsOf } from '../../console/fields';
import type { Cimi } from '../../sdk/index';
import { standardCatalogue } from '../../src/model/catalogue';
import { clientForms } from '../../src/model/client-forms';

/** Parts of the console's forms, without a browser. */
const root = join(__dirname, '../..');

test('the forms are those of the catalogue (node scripts/make-client-types.cjs writes them)', async () => {
  const style = JSON.parse(readFileSync(join(root, '.prettierrc.json'), 'utf8')) as object;
  const made = await format(clientForms(standardCatalogue()), { ...style, parser: 'typescript', plugins: [typescript, estree] });
  expect(readFileSync(join(root, 'console/catalogue.generated.ts'), 'utf8') === made).toBe(true);
});

test('what was left empty is not sent, but items of lists keep their places', () => {
  expect(tidy({ name: '', cpu: 0, start: false, properties: {}, template: { href: undefined } })).toEqual({ cpu: 0, start: false });
  expect(tidy({ disks: [{}, { capacity: 1 }], tags: ['', 'a'], none: [] })).toEqual({ disks: [{}, { capacity: 1 }], tags: ['', 'a'] });
  expect(tidy({ template: {} })).toBeUndefined();
});

test('a member is set or taken away, and the rest stays', () => {
  expect(withMember({ a: 1, b: 2 }, 'b', 3)).toEqual({ a: 1, b: 3 });
  expect(withMember({ a: 1, b: 2 }, 'b', undefined)).toEqual({ a: 1 });
  expect(withMember(undefined, 'a', 1)).toEqual({ a: 1 });
});

test('places are called as refusals call them, and the parts around one are known', () => {
  expect(placeIn(placeIn(placeIn('', 'machineTemplate'), 'volumes'), 0)).toBe('machineTemplate.volumes[0]');
  expect(placeIn('properties', 'a.b')).toBe('properties["a.b"]');
  expect(placesAround('machineTemplate.volumes[0].href')).toEqual([
    'machineTemplate.volumes[0].href',
    'machineTemplate.volumes[0]',
    'machineTemplate.volumes',
    'machineTemplate',
  ]);
  expect(placesAround('properties["a.\\"]b"]')).toEqual(['properties["a.\\"]b"]', 'properties']);
  expect(placesAround('')).toEqual([]);
});

test('a command quotes what it sends for a shell', () => {
  expect(curlWith('POST', 'http://h/cimi/machines', { name: "a'b $(id)" })).toContain(`-d '{"name":"a'\\''b $(id)"}'`);
});

test('user data are sent as the bytes of their UTF-8', () => {
  expect(Buffer.from(base64Of('#cloud-config\nä'), 'base64').toString('utf8')).toBe('#cloud-config\nä');
});

describe('forms are of what a gateway tells of its types', () => {
  const RACKS = 'http://example.org/racks';
  const OURS = 'http://cimi-gateway.org/extension/1';
  const naming = ['id', 'name', 'description', 'properties', 'created'].map((name) => ({ name }));
  const resourceMetadatas = [
    {
      name: 'Rack',
      attributes: [
        ...naming,
        { name: 'state', namespace: RACKS, type: 'string' },
        { name: 'slots', namespace: RACKS, type: 'integer', required: true },
        { name: 'cooling', namespace: RACKS, type: 'string', values: ['air', 'water'] },
        { name: 'labels', namespace: RACKS, type: 'string[]' },
        { name: 'plan', namespace: RACKS, type: 'structure' },
        { name: 'shelves', namespace: RACKS, type: 'collection' },
      ],
    },
    {
      name: 'Machine',
      attributes: [
        ...naming,
        { name: 'cloud', namespace: OURS, type: 'string' },
        { name: 'ovfId', namespace: OURS, type: 'string' },
        { name: 'rack', namespace: RACKS, type: 'ref' },
      ],
      capabilities: [{ name: 'InitialStates', value: ['STARTED'] }],
    },
    { name: 'MachineTemplate', attributes: [...naming, { name: 'machineImage' }, { name: 'machineConfig', required: true }] },
    { name: 'MachineConfiguration', attributes: [...naming, { name: 'cpu', ranges: [{ low: 1, high: 64 }] }] },
  ];
  const answers: Readonly<Record<string, object>> = {
    resourceMetadata: { resourceMetadatas },
    clouds: { clouds: [{ key: 'one' }, { key: 'two' }] },
  };
  const client = {
    entryPoint: { clouds: {}, machineImages: {} },
    collection: (name: string) => ({ href: name }),
    send: ({ url }: { url: string }) => Promise.resolve({ values: answers[url] }),
  } as unknown as Cimi;
  const named = { name: { kind: 'string' }, description: { kind: 'string', long: true }, properties: { kind: 'map' } };

  test('a type of a plug-in has one, without what is only read', async () => {
    expect((await kindsOf(client)).creationOf('Rack')).toEqual({
      ...named,
      slots: { kind: 'integer', required: true },
      cooling: { kind: 'string', values: ['air', 'water'] },
      labels: { kind: 'array', item: { kind: 'string' } },
      plan: { kind: 'any' },
    });
  });

  test('beside the template stand the clouds and the attributes of plug-ins, and nothing of ours that is only read', async () => {
    expect((await kindsOf(client)).creationOf('Machine')).toEqual({
      ...named,
      machineTemplate: { kind: 'ref', to: 'MachineTemplate', types: ['MachineTemplate'], required: true },
      cloud: { kind: 'string', values: ['one', 'two'] },
      rack: { kind: 'ref' },
    });
  });

  test('what is not supported is not asked for, and what is narrower here is so', async () => {
    const kinds = await kindsOf(client);
    const template = kinds.fieldsOf('MachineTemplate');
    expect(Object.keys(template).sort()).toEqual(['description', 'machineConfig', 'machineImage', 'name', 'properties']);
    expect(template['machineConfig']).toMatchObject({ required: true });
    expect(kinds.fieldsOf('MachineConfiguration')['cpu']).toEqual({ kind: 'integer', low: 1, high: 64 });
    expect([kinds.pathOf('MachineImage'), kinds.pathOf('Volume')]).toEqual(['machineImages', undefined]);
    expect(kinds.capability('Machine', 'InitialStates')).toEqual(['STARTED']);
  });
});
