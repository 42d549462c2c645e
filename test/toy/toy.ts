import { createCatalogue } from '../../src/model/catalogue';
import type { Catalogue } from '../../src/model/catalogue';
import { boolean, collectionType, integer, ref, resource, string } from '../../src/model/define';
import { standardCollections, standardResources } from '../../src/model/standard';

const readWrite = { provider: 'optional mutable', consumer: 'optional read-write' } as const;

/** A resource type in ten lines: whatever is derived from the standard is derived from this as well. */
export const toy = resource('Toy', {
  clause: 'test',
  primary: true,
  attributes: {
    colour: string({ ...readWrite, values: ['RED', 'GREEN'] }),
    weight: integer({ ...readWrite, unit: 'gram', minimum: 1, maximum: 5000 }),
    loud: boolean(readWrite),
    owner: ref('Machine', readWrite),
  },
  operations: ['edit', 'delete'],
  actions: { wind: { kind: 'action', uri: 'http://example.com/toys/wind', clause: 'test', description: 'Winds the toy up.' } },
  capabilities: { MaxWeight: { type: 'integer', description: 'The heaviest toy.', unit: 'gram' } },
  create: { collection: 'ToyCollection' },
});

export const toyCollection = collectionType('ToyCollection', {
  clause: 'test',
  item: 'Toy',
  json: 'toys',
  xml: 'Toy',
  entryPoint: 'toys',
  add: true,
});

/** The standard's catalogue with the toy in it. */
export const toyCatalogue = (): Catalogue => createCatalogue([...standardResources, toy], [...standardCollections, toyCollection]);
