import { differences, readKnown, writeKnown, type Sight, type Told } from './looks';

const told = (entries: Record<string, Told>): Map<string, Told> => new Map(Object.entries(entries));
const seen = (entries: Record<string, string | undefined>, ...passing: string[]): Map<string, Sight> =>
  new Map(Object.entries(entries).map(([key, state]) => [key, { state, passing: passing.includes(key) }]));

describe('differences between what was told and what is seen', () => {
  it('is none where nothing changed', () => {
    expect(differences(told({ a: { state: 'STARTED' } }), seen({ a: 'STARTED' }))).toEqual({ appeared: [], turned: [], missing: [] });
  });

  it('names the state that was told last as the previous one', () => {
    expect(differences(told({ a: { state: 'STARTED' } }), seen({ a: 'STOPPED' })).turned).toEqual([
      { key: 'a', state: 'STOPPED', previous: 'STARTED' },
    ]);
  });

  it('passes through states in which something goes on', () => {
    const before = told({ a: { state: 'STARTED' } });
    expect(differences(before, seen({ a: 'STOPPING', b: 'CREATING' }, 'a', 'b'))).toEqual({ appeared: [], turned: [], missing: [] });
  });

  it('tells what is new from what is missing', () => {
    expect(differences(told({ a: { state: 'STARTED' } }), seen({ b: 'STOPPED' }))).toEqual({ appeared: ['b'], turned: [], missing: ['a'] });
  });

  it('has nothing to say of the states of types that have none', () => {
    expect(differences(told({ a: {} }), seen({ a: undefined })).turned).toEqual([]);
    expect(differences(told({ a: {} }), seen({ a: 'STARTED' })).turned).toEqual([]);
  });

  it('reads back what it wrote', () => {
    const known = told({ a: { state: 'STARTED' }, b: { path: 'machines/x', tenant: 't' }, c: {} });
    expect(readKnown(JSON.parse(JSON.stringify(writeKnown(known))) as string[][])).toEqual(known);
    expect(writeKnown(told({ c: {} }))).toEqual([['c']]);
  });
});
