import { BusyError, createLimit } from './limit';
import { Thread } from './thread';

describe('Thread', () => {
  it('does one task after the other, away from this one', async () => {
    const thread = new Thread<number, string>(`return data + task + require('node:worker_threads').isMainThread`, 'n');
    expect(await Promise.all([1, 2, 3].map((task) => thread.run(task)))).toEqual(['n1false', 'n2false', 'n3false']);
  });

  it('tells what went wrong, and goes on', async () => {
    const thread = new Thread<string, string>(`if (task === 'bad') throw new Error('not ' + task); return task`);
    const all = await Promise.allSettled(['bad', 'good'].map((task) => thread.run(task)));
    expect(all).toMatchObject([{ reason: { message: 'not bad' } }, { value: 'good' }]);
  });

  it('starts anew after it died', async () => {
    const thread = new Thread<string, string>(`if (task === 'die') process.exit(1); return task`);
    const all = await Promise.allSettled(['die', 'live'].map((task) => thread.run(task)));
    expect(all).toMatchObject([{ reason: { message: 'the thread ended' } }, { value: 'live' }]);
  });
});

test('a limit lets as many go on as it says, in order, and refuses what is too much', async () => {
  const limit = createLimit(1, 1, 'too many tests');
  const order: string[] = [];
  let open: () => void = () => undefined;
  const first = limit(() => new Promise<void>((resolve) => (open = resolve))).then(() => order.push('first'));
  const second = limit(() => Promise.resolve()).then(() => order.push('second'));
  await expect(limit(() => Promise.resolve())).rejects.toThrow(new BusyError('too many tests'));
  open();
  await Promise.all([first, second]);
  expect(order).toEqual(['first', 'second']);
});
