import type { Selectable } from 'kysely';
import type { PrincipalsTable, TokensTable } from './schema';
import { impossible, type Session } from './session';
import type { AccessStore, PrincipalRow, TokenRow } from './store';

/**
 * Principals and their tokens. Passwords and tokens come as hashes, so nothing here needs the encryption key.
 * @param reads session whose statements wait for no writer
 * @param write runs its callback in a transaction
 */
export function accessStore(reads: Session, write: <T>(work: (session: Session) => Promise<T>) => Promise<T>): AccessStore {
  return {
    async principal(name) {
      if (impossible(name)) return undefined;
      const row = await reads.db.selectFrom('principals').selectAll().where('name', '=', name).executeTakeFirst();
      return row && fromPrincipal(row);
    },
    async principals() {
      return (await reads.db.selectFrom('principals').selectAll().orderBy('name').execute()).map(fromPrincipal);
    },
    putPrincipal: ({ name, tenant, role, passwordHash }) =>
      write(async ({ db, dialect }) => {
        const facts = { tenant, role, password_hash: passwordHash };
        const insert = db.insertInto('principals').values({ name, ...facts, created: dialect.stamp });
        await insert.onConflict((conflict) => conflict.column('name').doUpdateSet(facts)).execute();
      }),
    removePrincipal: (name) =>
      write(async ({ db }) => {
        const { numDeletedRows } = await db.deleteFrom('principals').where('name', '=', name).executeTakeFirst();
        return numDeletedRows > 0n;
      }),
    async tokenByHash(hash) {
      const row = await reads.db.selectFrom('tokens').selectAll().where('hash', '=', hash).executeTakeFirst();
      return row && fromToken(row);
    },
    async tokens(principal) {
      const select = reads.db.selectFrom('tokens').selectAll().where('principal', '=', principal);
      return (await select.orderBy('created').orderBy('id').execute()).map(fromToken);
    },
    addToken: (token) =>
      write(async ({ db, dialect }) => {
        const { id, principal, hash, expires } = token;
        await db.insertInto('tokens').values({ id, principal, hash, expires, created: dialect.stamp }).execute();
      }),
    removeToken: (id) =>
      write(async ({ db }) => {
        const { numDeletedRows } = await db.deleteFrom('tokens').where('id', '=', id).executeTakeFirst();
        return numDeletedRows > 0n;
      }),
  };
}

const fromPrincipal = (row: Selectable<PrincipalsTable>): PrincipalRow => ({
  name: row.name,
  tenant: row.tenant,
  role: row.role,
  passwordHash: row.password_hash,
  created: row.created,
});

const fromToken = (row: Selectable<TokensTable>): TokenRow => ({
  id: row.id,
  principal: row.principal,
  hash: row.hash,
  created: row.created,
  expires: row.expires,
});
