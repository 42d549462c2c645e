import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kysely, sql } from 'kysely';
import { libsqlDialect } from './sqlite-driver';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cimi-sqlite-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

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
