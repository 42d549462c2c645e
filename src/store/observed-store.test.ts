import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCipher } from './cipher';
import { openSqliteStore } from './sqlite';
import type { NewJob, Store } from './store';
import { observedStore } from './observed-store';

let folder: string;
let inner: Store;
const told: string[] = [];
let store: Store;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cimi-told-'));
  inner = await openSqliteStore({ file: join(folder, 'cimi.db'), cipher: createCipher(Buffer.alloc(32, 1)) });
  store = observedStore(inner, (job) => told.push(`${job.id} ${job.state}`));
});

afterAll(async () => {
  await inner.close();
  await rm(folder, { recursive: true, force: true });
});

function job(more: Partial<NewJob> = {}): NewJob {
  return {
    id: randomUUID(),
    tenant: 'acme',
    principal: 'ann',
    action: 'add',
    target: 'machines',
    affected: [],
    statusMessage: 'x',
    ...more,
  };
}

test('tells of what was born ended, once it is committed, and of nothing else', async () => {
  const done = job({ state: 'SUCCESS' });
  const refused = job({ state: 'FAILED', returnCode: 10_400 });
  await store.transaction(async (unit) => {
    await unit.insertJob(done);
    await unit.insertJob(refused);
    await unit.insertJob(job({ workflow: 'any', workflowVersion: 1 }));
    expect(told).toEqual([]);
  });
  expect(told).toEqual([`${done.id} SUCCESS`, `${refused.id} FAILED`]);
  expect((await store.job(done.id))?.state).toBe('SUCCESS');
});

test('tells nothing of a transaction that was given up', async () => {
  told.length = 0;
  const work = store.transaction(async (unit) => {
    await unit.insertJob(job({ state: 'SUCCESS' }));
    throw new Error('given up');
  });
  await expect(work).rejects.toThrow('given up');
  expect(told).toEqual([]);
});
