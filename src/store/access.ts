import type { Selectable } from 'kysely';
import type { PrincipalsTable, TokensTable } from './schema';
import type { EventRecord } from './event-record';
import { recordEvent } from './events';
import { impossible, type Session } from './session';
import type { AccessChange, AccessStore, PrincipalRow, TokenRow } from './access-store';

type Reads = 'principal' | 'principals' | 'tokenByHash' | 'tokens' | 'sessionByHash';

/** Principals and their tokens, read. Passwords and tokens come as hashes, so nothing here needs the encryption key. */
export function accessReads({ db }: Session): Pick<AccessStore, Reads> {
  return {
    async principal(name) {
      if (impossible(name)) return undefined;
      const row = await db.selectFrom('principals').selectAll().where('name', '=', name).executeTakeFirst();
      return row && fromPrincipal(row);
    },
    async principals() {
      return (await db.selectFrom('principals').selectAll().orderBy('name').execute()).map(fromPrincipal);
    },
    async tokenByHash(hash) {
      const row = await db.selectFrom('tokens').selectAll().where('hash', '=', hash).executeTakeFirst();
      return row && fromToken(row);
    },
    async tokens(principal) {
      const select = db.selectFrom('tokens').selectAll().where('principal', '=', principal);
      return (await select.orderBy('created').orderBy('id').execute()).map(fromToken);
    },
    sessionByHash: (hash) => db.selectFrom('sessions').selectAll().where('hash', '=', hash).executeTakeFirst(),
  };
}

/**
 * Principals and their tokens, written.
 * @param write runs its callback in a transaction
 * @param entryOf makes the entry of the audit that is recorded with each change; absent: none is
 */
export function accessWrites(
  write: <T>(work: (session: Session) => Promise<T>) => Promise<T>,
  entryOf?: (change: AccessChange) => EventRecord,
): Omit<AccessStore, Reads> {
  const note = async (session: Session, change: AccessChange | undefined): Promise<void> => {
    if (change && entryOf) await recordEvent(session, entryOf(change));
  };
  return {
    putPrincipal: ({ name, tenant, role, passwordHash }) =>
      write(async (session) => {
        const { db, dialect } = session;
        const before = await accessReads(session).principal(name);
        const facts = { tenant, role, password_hash: passwordHash };
        const insert = db.insertInto('principals').values({ name, ...facts, created: dialect.stamp });
        await insert.onConflict((conflict) => conflict.column('name').doUpdateSet(facts)).execute();
        await note(session, { name, tenant, what: putWords({ name, role, passwordHash }, before) });
      }),
    removePrincipal: (name) =>
      write(async (session) => {
        const before = await accessReads(session).principal(name);
        const { numDeletedRows } = await session.db.deleteFrom('principals').where('name', '=', name).executeTakeFirst();
        await note(session, before && { name, tenant: before.tenant, what: `removed user ${name}` });
        return numDeletedRows > 0n;
      }),
    addToken: (token) =>
      write(async (session) => {
        const { db, dialect } = session;
        const { id, principal, hash, expires, name = null, role = null } = token;
        const facts = { name, role, used: null, created: dialect.stamp };
        await db
          .insertInto('tokens')
          .values({ id, principal, hash, expires, ...facts })
          .execute();
        const until = expires === null ? '' : ` until ${expires}`;
        await note(session, await aboutToken(session, principal, `added token ${wordsOf({ id, name, role })} of ${principal}${until}`));
      }),
    removeToken: (id) =>
      write(async (session) => {
        const token = await session.db
          .selectFrom('tokens')
          .select(['principal', 'id', 'name', 'role'])
          .where('id', '=', id)
          .executeTakeFirst();
        const { numDeletedRows } = await session.db.deleteFrom('tokens').where('id', '=', id).executeTakeFirst();
        if (token) await note(session, await aboutToken(session, token.principal, `revoked token ${wordsOf(token)} of ${token.principal}`));
        return numDeletedRows > 0n;
      }),
    useToken: (id) =>
      write(async ({ db, dialect }) => {
        await db.updateTable('tokens').set({ used: dialect.stamp }).where('id', '=', id).execute();
      }),
    addSession: ({ hash, principal, proof }, { createdBefore, usedBefore }) =>
      write(async ({ db, dialect }) => {
        await db
          .deleteFrom('sessions')
          .where((is) => is.or([is('created', '<', createdBefore), is('used', '<', usedBefore)]))
          .execute();
        const now = dialect.stamp;
        await db.insertInto('sessions').values({ hash, principal, proof, created: now, used: now }).execute();
      }),
    useSession: (hash) =>
      write(async ({ db, dialect }) => {
        await db.updateTable('sessions').set({ used: dialect.stamp }).where('hash', '=', hash).execute();
      }),
    removeSession: (hash) =>
      write(async ({ db }) => {
        const { numDeletedRows } = await db.deleteFrom('sessions').where('hash', '=', hash).executeTakeFirst();
        return numDeletedRows > 0n;
      }),
  };
}

type Put = Pick<PrincipalRow, 'name' | 'role' | 'passwordHash'>;

function putWords({ name, role, passwordHash }: Put, before: Put | undefined): string {
  if (!before) return `added user ${name} (${role}${passwordHash === null ? ', tokens only' : ''})`;
  const words = [
    ...(before.role === role ? [] : [`role ${before.role} to ${role}`]),
    ...(before.passwordHash === passwordHash ? [] : ['password']),
  ];
  return `changed user ${name}: ${words.join(', ') || 'nothing'}`;
}

/** Words for a token: `3f2a (ci, reader)`. */
function wordsOf({ id, name, role }: Pick<TokenRow, 'id' | 'name' | 'role'>): string {
  const facts = [name, role].filter((fact) => fact !== null);
  return facts.length === 0 ? id : `${id} (${facts.join(', ')})`;
}

async function aboutToken(session: Session, name: string, what: string): Promise<AccessChange | undefined> {
  const owner = await accessReads(session).principal(name);
  return owner && { name, tenant: owner.tenant, what };
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
  name: row.name,
  role: row.role,
  used: row.used,
});
