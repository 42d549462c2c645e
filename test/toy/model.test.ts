import { describeType } from '../../src/model/describe';
import { openApiDocument } from '../../src/model/openapi';
import { referencePages } from '../../src/model/reference';
import type { ValuesOf } from '../../src/model/values';
import { toyCatalogue } from './extended';
import { namespace, types } from './toy';

/** Architecture, idea 1: a type that is declared, and nothing else, has everything that the standard's types have. */
const catalogue = toyCatalogue();

test('it has a TypeScript type', () => {
  const mine: ValuesOf<typeof types.Toy.attributes> = { colour: 'RED', weight: 300, loud: false, owner: { href: 'machines/1' } };
  const colours: Record<NonNullable<typeof mine.colour>, true> = { RED: true, GREEN: true }; // the compiler knows no other
  expect(Object.keys(colours)).toContain(mine.colour);
  expect(Object.keys(mine)).toEqual(Object.keys(types.Toy.attributes));
});

test('it has the common attributes', () => {
  expect(Object.keys(catalogue.attributesOf('Toy')).slice(0, 6)).toEqual(['id', 'name', 'description', 'created', 'updated', 'properties']);
});

test('it has a path, and the entry point leads there', () => {
  expect(catalogue.pathOf('Toy')).toBe('toys');
  expect(catalogue.locate('toys/1')).toMatchObject({ kind: 'item', type: 'Toy', id: '1' });
  expect(catalogue.attributesOf('CloudEntryPoint').toys).toMatchObject({ kind: 'collection', of: 'ToyCollection', namespace });
});

test('it has actions', () => {
  expect(catalogue.action('Toy', `${namespace}/action/wind`)?.name).toBe('wind');
});

test('it has metadata', () => {
  expect(
    describeType(catalogue, 'Toy', { capabilities: { MaxWeight: 4000 }, constraints: { weight: { ranges: [{ low: 1, high: 4000 }] } } }),
  ).toMatchObject({
    typeURI: `${namespace}/Toy`,
    attributes: expect.arrayContaining([
      { name: 'colour', namespace, type: 'string', values: ['RED', 'GREEN'] },
      { name: 'weight', namespace, type: 'integer', ranges: [{ low: 1, high: 4000 }] },
    ]) as unknown,
    capabilities: [{ name: 'MaxWeight', uri: `${namespace}/capability/Toy/MaxWeight`, value: 4000 }],
    actions: [{ name: 'add' }, { name: 'edit' }, { name: 'delete' }, { name: 'wind', method: 'POST' }],
  });
});

test('it is in the OpenAPI document', () => {
  const document = openApiDocument(catalogue, { base: 'http://cimi.example.com/cimi/' });
  expect(document).toMatchObject({
    paths: {
      '/toys': { get: { operationId: 'toys_list', tags: ['Extensions'] }, post: { operationId: 'toys_add' } },
      '/toys/{toyId}': { get: {}, put: {}, delete: {}, post: { summary: 'Asks a Toy to wind' } },
    },
    components: {
      schemas: {
        Toy: {
          properties: {
            resourceURI: { const: `${namespace}/Toy` },
            colour: { enum: ['RED', 'GREEN'] },
            weight: { type: 'integer', 'x-unit': 'gram', minimum: 1, maximum: 5000 },
            loud: { type: 'boolean' },
            owner: { $ref: '#/components/schemas/MachineReference' },
          },
        },
        ToyCollection: { properties: { toys: { type: 'array' } } },
        ToyWindAction: { title: 'ToyWindAction', required: ['action', 'turns'] },
      },
    },
  });
});

test('it has a page in the reference', () => {
  const page = referencePages(catalogue).get('extensions.md');
  expect(page).toContain('## Toy');
  expect(page).toContain('| `weight` | `weight` | integer | gram | 1 … 5000 | optional mutable | optional read-write | extension |');
  expect(page).toContain('| `wind` | POST of an Action |');
  expect(page).toContain('| `Toy/MaxWeight` | integer | gram |');
  expect(page).toContain('| ToyCollection | `toys` | `toys` | `Toy` | yes | extension |');
});
