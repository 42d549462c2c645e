import type { Ongoing } from '../clouds/driver';
import { HandleForgotten, ProviderError } from '../clouds/errors';
import type { Value } from '../model/values';
import { createOnce, type TaggedThing } from './idempotent-create';

function provider(...shown: (readonly TaggedThing[])[]) {
  const calls: string[] = [];
  return {
    calls,
    once: {
      settleMs: 500,
      find: async () => {
        calls.push('find');
        return shown.shift() ?? [];
      },
      create: async (): Promise<{ key: string } | Ongoing> => {
        calls.push('create');
        return { key: 'new' };
      },
      poll: async (handle: Ongoing['ongoing']): Promise<{ key: string } | Ongoing> => {
        calls.push(`poll ${String(handle.task)}`);
        return { key: 'new' };
      },
    },
  };
}

const at = (attempt: number, memory: Value = null) => ({ attempt, memory, elapsedMs: 0 });

test('the first attempt creates without looking', async () => {
  const { calls, once } = provider();
  expect(await createOnce(at(1), once)).toEqual({ done: { key: 'new', found: false, attempts: 1, twins: [] } });
  expect(calls).toEqual(['create']);
});

test('a later attempt looks, waits the settle time outside its slot, looks again, and only then creates', async () => {
  const { calls, once } = provider();
  const first = await createOnce(at(2), once);
  expect(first).toMatchObject({ wait: 500 });
  expect(calls).toEqual(['find']);
  const remembered = 'remember' in first ? (first.remember ?? null) : null;
  expect(await createOnce(at(2, remembered), once)).toMatchObject({ done: { key: 'new', found: false } });
  expect(calls).toEqual(['find', 'find', 'create']);
});

test('looking for an earlier attempt does not count for a newer one', async () => {
  const { calls, once } = provider();
  expect(await createOnce(at(3, { looked: 2 }), once)).toMatchObject({ wait: 500, remember: { looked: 3 } });
  expect(calls).toEqual(['find']);
});

test.each([1, 2])('what look %i finds is taken', async (look) => {
  const { calls, once } = provider(look === 1 ? [{ key: 'a' }] : [], [{ key: 'a' }]);
  if (look === 2) await createOnce(at(2), once);
  expect(await createOnce(at(2, look === 2 ? { looked: 2 } : null), once)).toEqual({
    done: { key: 'a', found: true, attempts: 2, twins: [] },
  });
  expect(calls).not.toContain('create');
});

test('what an attempt left unfinished is gone on with at once, and is no result by itself', async () => {
  const { calls, once } = provider([{ key: 'new', unfinished: true }]);
  expect(await createOnce(at(2), once)).toEqual({ done: { key: 'new', found: false, attempts: 2, twins: [] } });
  expect(calls).toEqual(['find', 'create']);
  const both = provider([{ key: 'half', unfinished: true }, { key: 'whole' }]);
  expect(await createOnce(at(2), both.once)).toMatchObject({ done: { key: 'whole', found: true } });
});

test('of several the oldest is kept and the others are told', async () => {
  const { once } = provider([{ key: 'b', created: '2026-01-01T00:00:02Z' }, { key: 'z' }, { key: 'c', created: '2026-01-01T00:00:01Z' }]);
  expect(await createOnce(at(2), once)).toEqual({
    done: {
      key: 'c',
      found: true,
      attempts: 2,
      twins: [
        { key: 'b', created: '2026-01-01T00:00:02Z' },
        { key: 'z', created: null },
      ],
    },
  });
});

test('a provider that refuses the twin by name has the first one', async () => {
  const { once } = provider([{ key: 'a' }]);
  const create = async () => Promise.reject(new ProviderError('conflict', 'duplicate name'));
  expect(await createOnce(at(1), { ...once, create })).toMatchObject({ done: { key: 'a', found: true } });
  await expect(createOnce(at(1), { ...once, create })).rejects.toThrow('duplicate name');
});

test('what the provider goes on with is polled at due times and never sent again', async () => {
  const { calls, once } = provider();
  const create = async () => ({ ongoing: { task: 'task-1' }, message: 'copying', progress: 40 });
  const first = await createOnce(at(1), { ...once, create });
  expect(first).toEqual({ wait: 250, remember: { ongoing: { task: 'task-1' } }, message: 'copying', progress: 40 });
  // Another process: all it has is what was remembered.
  const remembered = 'remember' in first ? (first.remember ?? null) : null;
  const on = await createOnce(at(1, remembered), { ...once, poll: async () => ({ ongoing: { task: 'task-1' } }) });
  expect(on).toMatchObject({ remember: { ongoing: { task: 'task-1' } } });
  expect(await createOnce(at(2, remembered), once)).toMatchObject({ done: { key: 'new', attempts: 2 } });
  expect(calls).toEqual(['poll task-1']);
});

test('of work that the provider has forgotten, what it made is looked for before anything is sent again', async () => {
  const { calls, once } = provider([{ key: 'late' }]);
  const poll = async () => Promise.reject(new HandleForgotten('no such task'));
  const lost = await createOnce(at(1, { ongoing: { task: 'task-1' } }), { ...once, poll });
  expect(lost).toMatchObject({ wait: 0, unanswered: true, remember: {} });
  // The engine counts the attempt as one without an end.
  expect(await createOnce(at(2), once)).toMatchObject({ done: { key: 'late', found: true } });
  expect(calls).toEqual(['find']);
});

test('once the patience with calls that never answered is spent, it looks and sends no more', async () => {
  const { calls, once } = provider([], [{ key: 'late' }]);
  const spent = { ...at(4, { looked: 4 }), unanswered: { count: 3, spent: true } };
  await expect(createOnce(spent, once)).rejects.toMatchObject({
    kind: 'timeout',
    passing: false,
    message: expect.stringMatching(/3 calls/),
  });
  expect(await createOnce(spent, once)).toMatchObject({ done: { key: 'late', found: true, attempts: 4, unanswered: 3 } });
  expect(calls).toEqual(['find', 'find']);
});
