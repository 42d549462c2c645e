import type { Cloud } from '../clouds/cloud';
import { chooseCloud, placedBy } from './placement';
import type { Found, PlanContext } from './resource-handler';

const clouds = ['a', 'b', 'c'].map((key) => ({ key, mode: 'manage' }) as Cloud);
const byKey = (key: string) => clouds.find((cloud) => cloud.key === key);

function context(more: Partial<PlanContext> = {}): PlanContext {
  const all = { all: () => clouds, byKey, forTenant: () => clouds };
  return { principal: { name: 'ann', tenant: 't', role: 'operator' }, clouds: all, ...more } as PlanContext;
}
const portable = (name: string, ...keys: string[]) =>
  ({ path: `machineImages/${name}`, cloud: null, values: {}, portable: { clouds: keys } }) as unknown as Found;
const inCloud = (key: string) => ({ path: `machineConfigs/${key}.x`, cloud: byKey(key), values: {} }) as unknown as Found;
const chosen = (references: Found[], cloud?: string, more?: Partial<PlanContext>) =>
  chooseCloud(context(more), references, cloud === undefined ? {} : { cloud }).key;

describe('a create with portable names', () => {
  test('goes to the one cloud that has all of them, also where another is the default', () => {
    expect(chosen([portable('x', 'a', 'b'), portable('y', 'b', 'c')])).toBe('b');
    expect(chosen([portable('x', 'c')], undefined, { defaultCloud: 'a' })).toBe('c');
  });

  test('goes to the default among several, else has to say where', () => {
    expect(chosen([portable('x', 'a', 'b')], undefined, { defaultCloud: 'b' })).toBe('b');
    expect(() => chosen([portable('x', 'a', 'b')])).toThrow("the request does not say which cloud; candidates are 'a', 'b'");
  });

  test('goes where the request, its entry point or another reference says, if that has them', () => {
    expect(chosen([portable('x', 'a', 'b')], 'b')).toBe('b');
    expect(chosen([portable('x', 'a', 'b')], undefined, { entryCloud: 'a' })).toBe('a');
    expect(chosen([portable('x', 'a', 'b'), inCloud('b')])).toBe('b');
    const lacking = /cloud 'c' has nothing that is called machineImages\/x: .* in 'a', 'b'/;
    expect(() => chosen([portable('x', 'a', 'b')], 'c')).toThrow(lacking);
    expect(() => chosen([portable('x', 'a', 'b')], undefined, { entryCloud: 'c' })).toThrow(lacking);
    expect(() => chosen([portable('x', 'a', 'b'), inCloud('c')])).toThrow(lacking);
    expect(() => chosen([portable('x', 'a', 'b')], undefined, { defaultCloud: 'c' })).toThrow(lacking);
  });

  test('has no cloud where none has all names, and is told of all candidates', () => {
    expect(() => chosen([portable('x', 'a'), portable('y', 'b')])).toThrow("candidates are 'a', 'b', 'c'");
  });
});

test('a create without portable names goes as before: to the default, or it has to say where', () => {
  expect(chosen([], undefined, { defaultCloud: 'b' })).toBe('b');
  expect(() => chosen([])).toThrow("candidates are 'a', 'b', 'c'");
  expect(() => chosen([], 'z')).toThrow("there is no cloud 'z'");
});

test('a template may name the cloud, but no other than the request', () => {
  expect(placedBy({ cloud: 'a' }, { name: 'x' })).toEqual({ name: 'x', cloud: 'a' });
  expect(placedBy({}, { cloud: 'b' })).toEqual({ cloud: 'b' });
  expect(() => placedBy({ cloud: 'a' }, { cloud: 'b' })).toThrow("the template names cloud 'a', but the request names cloud 'b'");
});
