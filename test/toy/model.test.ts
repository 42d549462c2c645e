import type { Representation } from '../../src/model/values';
import { describeType } from '../../src/model/describe';
import { openApiDocument } from '../../src/model/openapi';
import { referencePages } from '../../src/model/reference';
import { toy, toyCatalogue } from './toy';

/** Architecture, idea 1: a type that is declared, and nothing else, has everything that the standard's types have. */
const catalogue = toyCatalogue();

test('it has a TypeScript type', () => {
  const mine: Representation<typeof toy> = { name: 'Bear', colour: 'RED', weight: 300, loud: false, owner: { href: 'machines/1' } };
  const colours: Record<NonNullable<typeof mine.colour>, true> = { RED: true, GREEN: true }; // the compiler knows no other
  expect(Object.keys(colours)).toContain(mine.colour);
  expect(Object.keys(mine)).toEqual(['name', ...Object.keys(toy.attributes)]);
});

test('it has the common attributes', () => {
  expect(Object.keys(catalogue.attributesOf('Toy')).slice(0, 6)).toEqual(['id', 'name', 'description', 'created', 'updated', 'properties']);
});

test('it has a path, and the entry point leads there', () => {
  expect(catalogue.pathOf('Toy')).toBe('toys');
  expect(catalogue.locate('toys/1')).toMatchObject({ kind: 'item', type: 'Toy', id: '1' });
  expect(catalogue.attributesOf('CloudEntryPoint').toys).toMatchObject({ kind: 'collection', of: 'ToyCollection', extension: true });
});

test('it has actions', () => {
  expect(catalogue.action('Toy', 'http://example.com/toys/wind')?.name).toBe('wind');
});

test('it has metadata', () => {
  expect(
    describeType(catalogue, 'Toy', { capabilities: { MaxWeight: 4000 }, constraints: { weight: { ranges: [{ low: 1, high: 4000 }] } } }),
  ).toMatchObject({
    typeURI: 'http://schemas.dmtf.org/cimi/1/Toy',
    attributes: expect.arrayContaining([
      { name: 'colour', values: ['RED', 'GREEN'] },
      { name: 'weight', ranges: [{ low: 1, high: 4000 }] },
    ]) as unknown,
    capabilities: [{ name: 'MaxWeight', value: 4000 }],
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
            resourceURI: { const: toy.typeURI },
            colour: { enum: ['RED', 'GREEN'] },
            weight: { type: 'integer', 'x-unit': 'gram', minimum: 1, maximum: 5000 },
            loud: { type: 'boolean' },
            owner: { $ref: '#/components/schemas/MachineReference' },
          },
        },
        ToyCollection: { properties: { toys: { type: 'array' } } },
        ToyAction: { oneOf: [{ title: 'wind' }] },
      },
    },
  });
});

test('it has a page in the reference', () => {
  const page = referencePages(catalogue).get('extensions.md');
  expect(page).toContain('## Toy');
  expect(page).toContain('| `weight` | `weight` | integer | gram | 1 … 5000 | optional mutable | optional read-write | test |');
  expect(page).toContain('| `wind` | POST of an Action |');
  expect(page).toContain('| `Toy/MaxWeight` | integer | gram |');
  expect(page).toContain('| ToyCollection | `toys` | `toys` | `Toy` | yes | test |');
});
