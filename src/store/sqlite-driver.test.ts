import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { CompiledQuery, Kysely, sql } from 'kysely';
import { elapse } from '../../test/harness/wait';
import { libsqlDialect } from './sqlite-driver';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cimi-sqlite-'));
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

const open = () =>
  new Kysely<{ t: { x: number } }>({ dialect: libsqlDialect({ file: join(folder, 'a.db'), readOnly: false, patienceMs: 1_000 }) });

test('what is under way when the database is closed is committed before it closes', async () => {
  const db = open();
  await sql`create table t (x integer)`.execute(db);
  let closed: Promise<void> | undefined;
  const written = db.transaction().execute(async (transaction) => {
    await transaction.insertInto('t').values({ x: 1 }).execute();
    closed = db.destroy();
    return 'told';
  });
  await expect(written).resolves.toBe('told');
  await closed;
  const again = open();
  expect(await again.selectFrom('t').selectAll().execute()).toEqual([{ x: 1 }]);
  await again.destroy();
});

test('of transactions that are committed together one that is refused takes only its own back', async () => {
  const db = open();
  await sql`create table t (x integer unique)`.execute(db);
  const insert = (x: number) => db.transaction().execute((transaction) => transaction.insertInto('t').values({ x }).execute());
  const ends = await Promise.allSettled([insert(1), insert(2), insert(1), insert(3)]);
  expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  expect(await db.selectFrom('t').selectAll().orderBy('x').execute()).toEqual([{ x: 1 }, { x: 2 }, { x: 3 }]);
  await db.destroy();
});

test('transactions of one turn of the event loop are one commit, also when none waits for another', async () => {
  const db = open();
  await sql`create table t (x integer)`.execute(db);
  const exec = jest.spyOn(Database.prototype, 'exec');
  const insert = (x: number) => db.transaction().execute((transaction) => transaction.insertInto('t').values({ x }).execute());
  const commits = () => exec.mock.calls.filter(([text]) => text === 'commit').length;
  // Turns of the event loop that begin meanwhile: on a slow machine a transaction gives way to others.
  let turns = 1;
  const count = (): void => {
    turns += 1;
    turning = setImmediate(count);
  };
  let turning = setImmediate(count);
  // Each begins when the one before has written all and waits for the disk only.
  const told: Promise<unknown>[] = [];
  for (let x = 0; x < 20; x += 1) {
    told.push(insert(x));
    for (let step = 0; step < 50; step += 1) await Promise.resolve();
  }
  await Promise.all(told);
  clearImmediate(turning);
  expect(commits()).toBeLessThanOrEqual(turns);
  // One after the other, each is a commit of its own: nobody is told before.
  const before = commits();
  for (let x = 20; x < 23; x += 1) await insert(x);
  expect(commits()).toBe(before + 3);
  await db.destroy();
});

test('a transaction that is taken back is told so when the others of its turn are on the disk, for it has seen them', async () => {
  const db = open();
  await sql`create table t (x integer unique)`.execute(db);
  const order: string[] = [];
  const insert = (name: string, x: number) =>
    db
      .transaction()
      .execute((transaction) => transaction.insertInto('t').values({ x }).execute())
      .then(
        () => order.push(name),
        () => order.push(`${name} refused`),
      );
  const real = Database.prototype.exec;
  jest.spyOn(Database.prototype, 'exec').mockImplementation(function (this: Database.Database, text: string) {
    if (text === 'commit') order.push('commit');
    return real.call(this, text);
  });
  await Promise.all([insert('first', 1), insert('second', 1)]);
  expect(order[0]).toBe('commit');
  expect(order.filter((what) => what !== 'commit').sort()).toEqual(['first', 'second refused']);
  await db.destroy();
});

test('a statement by itself within the turn of others is told when it is on the disk', async () => {
  const db = open();
  await sql`create table t (x integer)`.execute(db);
  const other = open();
  const seen: unknown[] = [];
  const alone = async (): Promise<void> => {
    await sql`insert into t values (2)`.execute(db);
    seen.push(await other.selectFrom('t').selectAll().orderBy('x').execute());
  };
  const both = db.transaction().execute((transaction) => transaction.insertInto('t').values({ x: 1 }).execute());
  await Promise.all([both, alone()]);
  expect(seen).toEqual([[{ x: 1 }, { x: 2 }]]);
  await Promise.all([db.destroy(), other.destroy()]);
});

test('a transaction whose commit fails takes back nothing of those that come after it', async () => {
  const dialect = libsqlDialect({ file: join(folder, 'a.db'), readOnly: false, patienceMs: 1_000 });
  const db = new Kysely<{ t: { x: number } }>({ dialect });
  await sql`create table t (x integer unique)`.execute(db);
  await sql`create table s (x integer references t (x) deferrable initially deferred)`.execute(db);
  // Refused by the commit only: what it refers to is not there.
  const refused = db.transaction().execute(async (transaction) => {
    await sql`insert into s values (77)`.execute(transaction);
    // Past the turn of the event loop, whose transactions are committed together: the next ones wait until this one is over.
    await elapse(5);
  });
  const all = Array.from({ length: 20 }, (_, x) => x);
  const next = all.map((x) => dialect.transact((run) => run(CompiledQuery.raw('insert into t values (?)', [x]) as CompiledQuery<object>)));
  await expect(refused).rejects.toMatchObject({ code: 'SQLITE_CONSTRAINT_FOREIGNKEY' });
  await Promise.all(next);
  const rows = await db.selectFrom('t').selectAll().orderBy('x').execute();
  expect(rows.map(({ x }) => x)).toEqual(all);
  await db.destroy();
});

test('transactions of a turn that the database takes back together are all told why', async () => {
  const db = open();
  await sql`create table t (x integer unique)`.execute(db);
  // A turn in which no time passes gives way to nobody.
  jest.spyOn(performance, 'now').mockReturnValue(0);
  const first = db.transaction().execute((transaction) => transaction.insertInto('t').values({ x: 1 }).execute());
  // As a full disk does, which ends the transaction by itself.
  const full = db.transaction().execute((transaction) => sql`insert or rollback into t values (1)`.execute(transaction));
  const ends = await Promise.allSettled([first, full]);
  const why = { status: 'rejected', reason: { code: 'SQLITE_CONSTRAINT_UNIQUE' } };
  expect(ends).toMatchObject([why, why]);
  expect(await db.selectFrom('t').selectAll().execute()).toEqual([]);
  await db.destroy();
});
