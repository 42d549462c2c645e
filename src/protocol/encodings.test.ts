import { WrittenItem } from '../codec/codec';
import { Encodings } from './encodings';
import type { View } from './view';

const view = (path: string): View => ({ type: 'Machine', path, values: {}, operations: [], core: () => '', created: '' });
const encoded = (bytes: number) => ({ body: [new Uint8Array(bytes)], tag: '"t"' });
const MB = 1024 * 1024;

describe('encoded answers', () => {
  test('one resource is encoded once for each shape, and anew for another view of it', () => {
    const encodings = new Encodings();
    const encode = jest.fn(() => encoded(1));
    const [first, second] = [view('machines/a'), view('machines/a')];
    for (const one of [first, first, second]) encodings.one(one, 'json ', encode);
    expect(encode).toHaveBeenCalledTimes(2);
    encodings.one(first, 'xml ', encode);
    expect(encode).toHaveBeenCalledTimes(3);
  });

  test('an item of lists is written once in each of two shapes, and another view of it has its own', () => {
    const encodings = new Encodings();
    const [first, second] = [view('machines/a'), view('machines/a')];
    const write = jest.fn(() => new WrittenItem(new Uint8Array(1), 'digest'));
    const kept = encodings.item(first, 'json ', write);
    expect(encodings.item(first, 'json ', write)).toBe(kept);
    const other = encodings.item(first, 'xml ', write);
    expect(other).not.toBe(kept);
    expect(encodings.item(first, 'xml ', write)).toBe(other);
    expect(encodings.item(second, 'json ', write)).not.toBe(kept);
    expect(write).toHaveBeenCalledTimes(3);
    for (let again = 0; again < 2; again += 1) encodings.item(first, 'json name', write);
    expect(write).toHaveBeenCalledTimes(5);
  });

  test('a list is known for exactly the same views in the same order', () => {
    const encodings = new Encodings();
    const [a, b] = [view('machines/a'), view('machines/b')];
    encodings.keep('k', [a, b], encoded(1));
    expect(encodings.list('k', [a, b])?.tag).toBe('"t"');
    for (const other of [[a], [b, a], [a, view('machines/b')], [a, b, b]]) expect(encodings.list('k', other)).toBeUndefined();
    expect(encodings.list('other', [a, b])).toBeUndefined();
  });

  test('what is kept stays below a bound: the longest unused goes, and a huge list is not kept at all', () => {
    const encodings = new Encodings();
    const views = [view('machines/a')];
    for (const key of ['k1', 'k2', 'k3', 'k4']) encodings.keep(key, views, encoded(15 * MB));
    expect(encodings.list('k1', views)).toBeDefined();
    encodings.keep('k5', views, encoded(15 * MB));
    expect(['k1', 'k2', 'k3', 'k4', 'k5'].filter((key) => encodings.list(key, views))).toEqual(['k1', 'k3', 'k4', 'k5']);
    encodings.keep('huge', views, encoded(33 * MB));
    expect(encodings.list('huge', views)).toBeUndefined();
  });

  test('short lists of long filters, and of very many things of which a filter leaves none, do not pile up', () => {
    const encodings = new Encodings();
    const views = Array.from({ length: 100_000 }, (_, number) => view(`machines/${number}`));
    const filters = Array.from({ length: 5_000 }, (_, number) => `${number} ${'x'.repeat(8_000)}`);
    for (const filter of filters) encodings.keep(filter, [], encoded(100));
    const kept = filters.filter((filter) => encodings.list(filter, []));
    expect(kept.length).toBeLessThan((64 * MB) / 16_000);
    expect(kept).toEqual(filters.slice(-kept.length));
    const keys = Array.from({ length: 100 }, (_, number) => `of many ${number}`);
    for (const key of keys) encodings.keep(key, views, encoded(100));
    expect(keys.filter((key) => encodings.list(key, views)).length).toBeLessThanOrEqual(10);
  });
});
