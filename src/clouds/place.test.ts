import type { Item } from './driver';
import { inPlace } from './place';

test('items stand in their places; those that have none come last, in the order in which they were listed', () => {
  const item = (key: string, place?: number): Item => ({ key, values: {}, place });
  const keys = inPlace([item('c', 2), item('y'), item('a', 0), item('x'), item('b', 1)]).map(({ key }) => key);
  expect(keys).toEqual(['a', 'b', 'c', 'y', 'x']);
});
