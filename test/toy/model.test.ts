import type { Representation } from '../../src/model/values';
import { describeType } from '../../src/model/describe';
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
