import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { namesOf } from './names';

const ask = (lookup: LookupFunction, host: string, all = true): Promise<unknown> =>
  new Promise((resolve, reject) => lookup(host, { all }, (error, address) => (error ? reject(error) : resolve(address))));

test('a name is looked up once for all who wait, two names at a time: those that nobody answers hold no more of the pool', async () => {
  const open = new Map<string, (answer: LookupAddress[] | Error) => void>();
  const lookup = namesOf(
    (host) => new Promise((resolve, reject) => open.set(host, (answer) => (answer instanceof Error ? reject(answer) : resolve(answer)))),
  );
  const one = { address: '192.0.2.1', family: 4 };
  const many = Array.from({ length: 20 }, () => ask(lookup, 'slow'));
  const others = ['away', 'third'].map((host) => ask(lookup, host).catch((error: unknown) => error));
  expect([...open.keys()]).toEqual(['slow', 'away']);
  open.get('away')?.(new Error('ENOTFOUND'));
  expect(await others[0]).toEqual(new Error('ENOTFOUND'));
  await new Promise(setImmediate);
  expect([...open.keys()]).toEqual(['slow', 'away', 'third']);
  open.get('slow')?.([one]);
  expect(await Promise.all(many)).toEqual(new Array(20).fill([one]));
  open.get('third')?.([one]);
  expect(await others[1]).toEqual([one]);
  const again = ask(lookup, 'slow', false);
  open.get('slow')?.([one]);
  expect(await again).toBe('192.0.2.1');
});

test('the system’s own lookup stands behind it', async () => {
  expect(await ask(namesOf(), 'localhost', false)).toMatch(/^(127\.0\.0\.1|::1)$/);
});
