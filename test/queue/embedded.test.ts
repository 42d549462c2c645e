import { EmbeddedQueue } from '../../src/jobs/queue';
import { queueContract } from './contract';
import { settled } from '../harness/wait';

queueContract(() => ({ make: () => new EmbeddedQueue() }));

test('an id that is waiting for a slot is not queued twice', async () => {
  const queue = new EmbeddedQueue();
  const seen: string[] = [];
  for (let count = 0; count < 5; count++) await queue.notify('a');
  await queue.start(async (id) => void seen.push(id), 1);
  await settled();
  expect(seen).toEqual(['a']);
  await queue.close();
});
