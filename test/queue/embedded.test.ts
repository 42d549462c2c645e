import { EmbeddedQueue } from '../../src/jobs/embedded-queue';
import { queueContract } from './contract';

queueContract(() => ({ make: () => new EmbeddedQueue() }));

test('an id that is waiting for a slot is not queued twice', async () => {
  const queue = new EmbeddedQueue();
  const seen: string[] = [];
  for (let count = 0; count < 5; count++) await queue.tell('a');
  await queue.start(async (id) => void seen.push(id), 1);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(seen).toEqual(['a']);
  await queue.close();
});
