import type { EventRecord } from '../store/event-record';
import type { UnitOfWork } from '../store/store';
import { waitUntil } from '../../test/harness/wait';
import { createReadAudit } from './read-audit';

const entry = (detail: string, tenant = 'acme'): EventRecord => ({
  ...{ tenant, resource: 'machines', resourceType: 'Machine', type: 't', outcome: 'Success' },
  content: { detail },
});

/** A store that writes when it is let, and what it has written. */
function scene(more: { holdMs?: number; most?: number } = {}) {
  const written: [tenant: string, details: unknown[]][] = [];
  const lines: string[] = [];
  const state: { failing: boolean; gate: Promise<void> } = { failing: false, gate: Promise.resolve() };
  const unit = {
    recordEntries: (tenant: string, entries: readonly EventRecord[]) => {
      written.push([tenant, entries.map(({ content }) => content.detail)]);
      return Promise.resolve();
    },
  } as unknown as UnitOfWork;
  const store = {
    async transaction<T>(work: (unit: UnitOfWork) => Promise<T>): Promise<T> {
      await state.gate;
      if (state.failing) throw new Error('the disk is full');
      return work(unit);
    },
  };
  const reads = createReadAudit({ store, log: { error: (message) => void lines.push(message) }, holdMs: 3_600_000, ...more });
  return { reads, written, lines, state };
}

test('entries are written together, those of each tenant in a transaction of their own, in order', async () => {
  const { reads, written } = scene();
  for (const [detail, tenant] of [
    ['a', 'acme'],
    ['b', 'globex'],
    ['c', 'acme'],
  ] as const)
    await reads.note(entry(detail, tenant));
  expect(written).toEqual([]);
  await reads.close();
  expect(written).toEqual([
    ['acme', ['a', 'c']],
    ['globex', ['b']],
  ]);
  await reads.close();
  expect(written).toHaveLength(2);
});

test('they are written by themselves after a while, and at once where they are many', async () => {
  const soon = scene({ holdMs: 1 });
  await soon.reads.note(entry('a'));
  await waitUntil(() => soon.written.length === 1);
  const many = scene();
  for (let n = 0; n < 500; n++) await many.reads.note(entry(String(n)));
  await waitUntil(() => many.written.length === 1);
  expect(many.written[0]?.[1]).toHaveLength(500);
});

test('no read waits for the store as long as there is room, and then until there is', async () => {
  const { reads, written, state } = scene({ most: 2 });
  let open = (): void => undefined;
  state.gate = new Promise((resolve) => (open = resolve));
  await reads.note(entry('a'));
  await reads.note(entry('b'));
  const third = reads.note(entry('c'));
  expect(written).toEqual([]);
  open();
  await third;
  expect(written).toEqual([['acme', ['a', 'b']]]);
});

test('what could not be written is kept and written later; where there is no room any more the read is told', async () => {
  const { reads, written, lines, state } = scene({ holdMs: 1, most: 2 });
  state.failing = true;
  await reads.note(entry('a'));
  await waitUntil(() => lines.length > 0);
  expect(lines[0]).toMatch(/could not be written; they will be/);
  await reads.note(entry('b'));
  await expect(reads.note(entry('c'))).rejects.toThrow('the disk is full');
  state.failing = false;
  await waitUntil(() => written.length > 0);
  expect(written).toEqual([['acme', ['a', 'b']]]);
});
