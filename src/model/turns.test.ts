import { giveWay, overdue } from './turns';

afterEach(() => void jest.restoreAllMocks());

test('one at a time, and others between: work of any number is no longer than one piece of it', async () => {
  const order: string[] = [];
  const long = Array.from({ length: 3 }, async (_, index) => {
    await giveWay();
    order.push(`long ${index}`);
  });
  const short = new Promise<void>((resolve) => setImmediate(() => setImmediate(() => resolve(void order.push('short')))));
  await Promise.all([...long, short]);
  expect(order).toEqual(['long 0', 'long 1', 'short', 'long 2']);
});

test('in turn by whose work it is', async () => {
  const order: string[] = [];
  const piece = async (whose: string): Promise<void> => {
    await giveWay(whose);
    order.push(whose);
  };
  await Promise.all([...['a', 'a', 'a', 'a'].map(piece), piece('b')]);
  expect(order).toEqual(['a', 'b', 'a', 'a', 'a']);
});

test('work is overdue once it has gone on for some ms, and not after others were let in', async () => {
  let now = 1_000;
  jest.spyOn(performance, 'now').mockImplementation(() => now);
  expect(overdue()).toBe(false);
  now += 4;
  expect(overdue()).toBe(false);
  now += 1;
  expect(overdue()).toBe(true);
  await giveWay();
  expect(overdue()).toBe(false);
});
