import { boolean, integer, ref, string, type Values } from '../../src/api/types';

/** A module of types as a stranger writes one: it knows what `cimi-gateway/types` exports, and nothing else of the gateway. */

export const contractVersion = '1.0';
export const namespace = 'http://example.com/toys/1';

const readWrite = { provider: 'optional mutable', consumer: 'optional read-write' } as const;

export const types = {
  Toy: {
    collection: 'toys',
    attributes: {
      colour: string({ ...readWrite, values: ['RED', 'GREEN'] }),
      weight: integer({ ...readWrite, unit: 'gram', minimum: 1, maximum: 5000 }),
      loud: boolean(readWrite),
      owner: ref('Machine', readWrite),
    },
    actions: {
      wind: {
        description: 'Winds the toy up.',
        input: { turns: integer({ provider: 'mandatory mutable', consumer: 'mandatory read-write', minimum: 1 }) },
        perform: (_toy: Values, { turns }: Values) => ({ changes: { loud: Number(turns) > 3 } }),
      },
    },
    capabilities: { MaxWeight: { value: 4000, description: 'The heaviest toy.', unit: 'gram' } },
  },
};
