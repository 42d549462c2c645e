import type { Kysely } from 'kysely';
import { EVENT_TYPES } from '../../src/model/event-types';
import type { EventRecord } from '../../src/store/event-record';
import type { Tables } from '../../src/store/schema';
import type { Store } from '../../src/store/store';
import { failure, tenant, type Bench } from './fixture';

const DAY = 86_400_000;
const KEEP = { keepMs: DAY, perTenant: 1_000 };

/** Tests that entries of the audit are chained, and that whatever is done to them behind the gateway's back is found. */
export function auditContract(bench: () => Bench): void {
  const store = (): Store => bench().store;
  const entry = (n: number, whose = tenant): EventRecord => ({
    ...{ tenant: whose, resource: `machines/${n}`, resourceType: 'Machine', type: EVENT_TYPES.access },
    ...{ content: { operation: 'PUT', detail: `n${n}`, initiator: 'ann' }, outcome: 'Success' },
  });
  const record = (n: number, whose = tenant, on = store()) => on.transaction((unit) => unit.recordEvent(entry(n, whose)));
  const told = async (whose = tenant) => (await store().auditEntries(whose, 100)).map(({ content }) => content.detail);
  const messages = async (...remembered: Parameters<Store['checkAudit']>) =>
    (await store().checkAudit(...remembered)).faults.map(({ link, message }) => `${link ?? ''} ${message}`.trim());
  /** Does something to the database, as somebody who has it could. */
  const tamper = (work: (db: Kysely<Tables>) => Promise<unknown>) => bench().direct(work);
  const rowOf = async (detail: string) => {
    const found = (await store().auditEntries(tenant, 1_000)).find(({ content }) => content.detail === detail);
    return Number(found?.id);
  };
  /** One chain with the entries n1 to n5: one after the other, none is taken by another transaction. */
  const five = async () => {
    for (let n = 1; n <= 5; n++) await record(n);
  };

  test('entries are linked one by one, apart for each tenant, and nothing is wrong with them', async () => {
    await five();
    await record(6, 'other');
    const { entries, faults, heads } = await store().checkAudit();
    expect([entries, faults]).toEqual([6, []]);
    expect(heads.filter(({ link }) => link > 0).map(({ tenant: whose, link }) => [whose, link])).toEqual([
      [tenant, 5],
      ['other', 1],
    ]);
    expect(await told()).toEqual(['n5', 'n4', 'n3', 'n2', 'n1']);
  });

  test('what is taken back with its transaction leaves no gap', async () => {
    await record(1);
    const broken = store().transaction(async (unit) => {
      await unit.recordEvent(entry(2));
      throw new Error('no');
    });
    await failure(broken);
    await record(3);
    expect(await messages()).toEqual([]);
    expect(await told()).toEqual(['n3', 'n1']);
  });

  test('many writers at once, of two processes: every entry is in a chain, and each chain is whole', async () => {
    const other = await bench().another();
    const numbers = Array.from({ length: 60 }, (_, n) => n);
    await Promise.all(numbers.map((n) => record(n, tenant, n % 2 ? other : store())));
    const { entries, faults, heads } = await store().checkAudit();
    expect([entries, faults]).toEqual([60, []]);
    expect(heads.reduce((sum, { link }) => sum + link, 0)).toBe(60);
  });

  test.each<[what: string, column: 'content' | 'outcome' | 'timestamp' | 'resource', value: string]>([
    ['words', 'content', '{"operation":"PUT","detail":"n3 or so","initiator":"bob"}'],
    ['an outcome', 'outcome', 'Failure'],
    ['a time', 'timestamp', '2020-01-01T00:00:00.000Z'],
    ['a resource', 'resource', 'machines/9'],
  ])('a change is found: %s', async (_what, column, value) => {
    await five();
    const seq = await rowOf('n3');
    await tamper((db) =>
      db
        .updateTable('events')
        .set({ [column]: value })
        .where('seq', '=', seq)
        .execute(),
    );
    expect(await messages()).toEqual([expect.stringMatching(/^3 was changed, or put in/)]);
  });

  test('a deletion is found, in the middle and at the beginning', async () => {
    await five();
    const [first, third] = [await rowOf('n1'), await rowOf('n3')];
    await tamper((db) => db.deleteFrom('events').where('seq', 'in', [first, third]).execute());
    expect(await messages()).toEqual(['1 entry 1 is missing', '3 entry 3 is missing']);
  });

  test('a deletion is found whose traces were covered: the entries after it were numbered anew', async () => {
    await five();
    const third = await rowOf('n3');
    await tamper(async (db) => {
      await db.deleteFrom('events').where('seq', '=', third).execute();
      await db.updateTable('events').set({ link: 3 }).where('link', '=', 4).execute();
      await db.updateTable('events').set({ link: 4 }).where('link', '=', 5).execute();
      await db.updateTable('audit_chains').set({ link: 4 }).where('link', '=', 5).execute();
    });
    expect(await messages()).toEqual([expect.stringMatching(/^3 was changed/), expect.stringMatching(/^4 was changed/)]);
  });

  test('an insertion is found: in a chain with a code of its own, and outside of every chain', async () => {
    await five();
    await tamper(async (db) => {
      const last = await db.selectFrom('events').selectAll().where('link', '=', 5).executeTakeFirstOrThrow();
      const { seq, ...copy } = last;
      expect(Number(seq)).toBeGreaterThan(0);
      await db
        .insertInto('events')
        .values([
          { ...copy, link: 6, content: '{"detail":"n6"}' },
          { ...copy, lane: null, link: null, mac: null },
        ])
        .execute();
      await db.updateTable('audit_chains').set({ link: 6 }).where('link', '=', 5).execute();
    });
    expect(await messages()).toEqual([expect.stringMatching(/^6 was changed, or put in/), expect.stringMatching(/is in no chain$/)]);
  });

  test('a cut end is found, also where the chain was made to end there: by what an earlier check saw', async () => {
    await five();
    const { heads } = await store().checkAudit();
    const [fourth, fifth] = [await rowOf('n4'), await rowOf('n5')];
    await tamper((db) => db.deleteFrom('events').where('seq', 'in', [fourth, fifth]).execute());
    expect(await messages()).toEqual(['4 the end is cut off: entries 4 to 5 are missing']);
    await tamper(async (db) => {
      const { mac } = await db.selectFrom('events').select('mac').where('link', '=', 3).executeTakeFirstOrThrow();
      await db
        .updateTable('audit_chains')
        .set({ link: 3, mac: mac ?? '' })
        .where('link', '=', 5)
        .execute();
    });
    expect(await messages()).toEqual([]);
    expect(await messages(heads)).toEqual(['4 entries 4 to 5 were there when it was checked before']);
    for (const n of [6, 7, 8]) await record(n);
    expect(await messages(heads)).toEqual(['5 is another one than when it was checked before']);
    await tamper(async (db) => {
      await db.deleteFrom('events').execute();
      await db.deleteFrom('audit_chains').execute();
    });
    expect(await messages()).toEqual([]);
    expect(await messages(heads)).toContain('the whole chain is gone');
  });

  test('retention removes the oldest, by number and by time, and what is left stays provable', async () => {
    await five();
    const { heads } = await store().checkAudit();
    expect(await store().removeEntries(KEEP, 10)).toBe(0);
    expect(await store().removeEntries({ ...KEEP, perTenant: 3 }, 1)).toBe(1);
    expect(await store().removeEntries({ ...KEEP, perTenant: 3 }, 10)).toBe(1);
    expect([await told(), await messages(heads)]).toEqual([['n5', 'n4', 'n3'], []]);
    // A minute that is yet to come: all of them are older.
    expect(await store().removeEntries({ ...KEEP, keepMs: -60_000 }, 10)).toBe(3);
    expect([await told(), await messages(heads)]).toEqual([[], []]);
    await record(6);
    expect([await told(), await messages(heads)]).toEqual([['n6'], []]);
  });

  test('nobody can pass a deletion off as retention', async () => {
    await five();
    const [first, second] = [await rowOf('n1'), await rowOf('n2')];
    await tamper(async (db) => {
      const { mac } = await db.selectFrom('events').select('mac').where('seq', '=', second).executeTakeFirstOrThrow();
      await db.deleteFrom('events').where('seq', 'in', [first, second]).execute();
      await db
        .updateTable('audit_chains')
        .set({ gone_link: 2, gone_mac: mac ?? '', seal: mac ?? '' })
        .where('link', '=', 5)
        .execute();
    });
    expect(await messages()).toEqual(['what tells that retention removed the entries up to 2 is not by this gateway']);
  });

  test('events that are no entries come and go beside them', async () => {
    const plain = { ...entry(0), type: EVENT_TYPES.state, content: { state: 'STARTED' } };
    await five();
    await store().transaction(async (unit) => {
      for (let n = 0; n < 3; n++) await unit.recordEvent(plain);
    });
    expect(await store().removeEvents({ keepMs: -60_000, perTenant: 0 }, 10)).toBe(3);
    expect([await told(), await messages()]).toEqual([['n5', 'n4', 'n3', 'n2', 'n1'], []]);
  });
}
