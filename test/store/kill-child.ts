import { createCipher } from '../../src/store/cipher';
import { openSqliteStore } from '../../src/store/sqlite';
import { openPostgresStore } from '../../src/store/postgres';
import type { Store } from '../../src/store/store';
import { newJob, resourceRow } from './fixture';

/**
 * Runs until it is killed. Each round makes, in one transaction, a resource, a Job that holds it and an event, tells
 * the round on its output once it is committed, then leases the Job and ends it together with a change of the resource. Beside it
 * five more Jobs are leased, recorded and ended at the same moments; their ends are told, too.
 */
async function main(place: string, key: string, run: string): Promise<void> {
  const cipher = createCipher(Buffer.from(key, 'hex'));
  const store = place.startsWith('postgres:')
    ? await openPostgresStore({ url: place, cipher })
    : await openSqliteStore({ file: place, cipher });
  for (let round = 0; ; round++) {
    const id = `${run}-${round}`;
    const path = `machines/${id}`;
    await store.transaction(async (unit) => {
      await unit.insertResource(resourceRow(path, { state: 'CREATING', secrets: { userData: id } }));
      await unit.insertJob(newJob(id, { target: path, holds: [{ path, shows: null }], input: { id } }));
      await unit.recordEvent({ tenant: 'acme', resource: path, resourceType: 'Machine', type: 'made', content: {}, outcome: 'success' });
    });
    process.stdout.write(`${id}\n`);
    const beside = Array.from({ length: 5 }, (_, n) => `${id}-${n}`);
    await store.transaction(async (unit) => {
      for (const each of beside)
        await unit.insertJob(newJob(each, { workflow: 'beside', holds: [{ path: `volumes/${each}`, shows: null }], input: { id: each } }));
    });
    await Promise.all([id, ...beside].map((each) => store.leaseJob(each, run, 60_000)));
    await Promise.all(beside.map((each) => store.advanceJob(each, 1, { step: 'two', results: { one: each } })));
    await Promise.all(
      beside.map(async (each) => {
        await store.advanceJob(each, 1, { state: 'SUCCESS' });
        process.stdout.write(`ended ${each}\n`);
      }),
    );
    await store.transaction(async (unit) => {
      await unit.updateResource(path, 1, { state: 'STARTED' });
      await unit.advanceJob(id, 1, { state: 'SUCCESS' });
    });
    await told(store, run, id);
  }
}

/** Ends Jobs at the same moment, each with a change of its own resource and two events. */
async function told(store: Store, run: string, round: string): Promise<void> {
  const ids = Array.from({ length: 5 }, (_, n) => `${round}-told-${n}`);
  await store.transaction(async (unit) => {
    for (const id of ids) {
      const path = `volumes/${id}`;
      await unit.insertResource(resourceRow(path, { type: 'Volume', state: 'CREATING' }));
      await unit.insertJob(newJob(id, { workflow: 'told', target: path, holds: [{ path, shows: null }], input: { id } }));
    }
  });
  const rows = await Promise.all(ids.map((id) => store.leaseJob(id, run, 60_000)));
  const event = { tenant: 'acme', resourceType: 'Volume', type: 'ended', content: {}, outcome: 'success' };
  await Promise.all(
    rows.map(async (row) => {
      if (!row) throw new Error('somebody else has it');
      const { id, target } = row;
      await store.advanceAtOnce(row, async (unit) => {
        await unit.updateResource(target, 1, { state: 'AVAILABLE' });
        for (const type of ['one', 'two']) await unit.recordEvent({ ...event, type, resource: target, job: id });
        return unit.advanceJob(id, row.epoch, { state: 'SUCCESS' });
      });
      process.stdout.write(`told ${id}\n`);
    }),
  );
}

const [place = '', key = '', run = ''] = process.argv.slice(2);
void main(place, key, run);
