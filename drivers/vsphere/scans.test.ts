import { Scans } from './scans';

const within = (ms: number) => ({ signal: AbortSignal.timeout(ms) });

test('a reading goes on when its caller has given up, and whoever asks again has its answer', async () => {
  const scans = new Scans();
  let readings = 0;
  let end: (answer: string) => void = () => undefined;
  const read = () => {
    readings += 1;
    return new Promise<string>((resolve) => (end = resolve));
  };
  await expect(scans.read('one', read, within(10))).rejects.toMatchObject({ kind: 'timeout', maybeDone: false });
  const again = scans.read('one', read, within(10_000));
  end('found');
  expect([await again, readings]).toEqual(['found', 1]);
  // An answer serves one asking; the next reads anew.
  const next = scans.read('one', read, within(10_000));
  end('anew');
  expect([await next, readings]).toEqual(['anew', 2]);
});

test('what nobody waited for to its end is kept for who asks again; what failed is not', async () => {
  const scans = new Scans();
  let end: (answer: string) => void = () => undefined;
  await expect(scans.read('one', () => new Promise<string>((resolve) => (end = resolve)), within(5))).rejects.toThrow();
  end('kept');
  expect(await scans.read('one', () => Promise.resolve('anew'), within(1000))).toBe('kept');
  await expect(scans.read('two', () => Promise.reject(new Error('no')), within(1000))).rejects.toThrow('no');
  expect(await scans.read('two', () => Promise.resolve('well'), within(1000))).toBe('well');
});
