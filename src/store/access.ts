import type { Selectable } from 'kysely';
import type { PrincipalsTable, TokensTable } from './schema';
import type { EventRecord } from './event-record';
import { LastAdminError } from './conflicts';
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
    putPrincipal: (row, expected, demand) =>
      write(async (session) => {
        const { name, tenant, role, passwordHash } = row;
        if (demand) await admins(session, tenant);
        const before = expected === undefined ? await accessReads(session).principal(name) : expected;
        if (!(await put(session, row, expected))) return false;
        if (demand && before?.role === 'admin') await someAdmin(session, before);
        await note(session, { name, tenant, what: putWords({ name, role, passwordHash }, before ?? undefined) });
        return true;
      }),
    removePrincipal: (name, tenant, demand) =>
      write(async (session) => {
        if (demand && tenant !== undefined) await admins(session, tenant);
        const before = await accessReads(session).principal(name);
        if (!before || (tenant !== undefined && before.tenant !== tenant)) return false;
        const remove = session.db.deleteFrom('principals').where('name', '=', name).where('tenant', '=', before.tenant);
        const { numDeletedRows } = await remove.executeTakeFirst();
        if (demand && before.role === 'admin') await someAdmin(session, before);
        if (numDeletedRows > 0n) await session.db.deleteFrom('sessions').where('principal', '=', name).execute();
        if (numDeletedRows > 0n) await note(session, { name, tenant: before.tenant, what: `removed user ${name}` });
        return numDeletedRows > 0n;
      }),
    addToken: (token) =>
      write(async (session) => {
        const { db, dialect } = session;
        if (!(await accessReads(session).principal(token.principal))) return false;
        const { id, principal, hash, expires, name = null, role = null, scope = null } = token;
        const facts = { name, role, scope: scope && JSON.stringify(scope), used: null, created: dialect.stamp };
        const insert = db.insertInto('tokens').values({ id, principal, hash, expires, ...facts });
        const { numInsertedOrUpdatedRows } = await insert.onConflict((conflict) => conflict.doNothing()).executeTakeFirst();
        if (numInsertedOrUpdatedRows !== 1n) return false;
        const until = expires === null ? '' : ` until ${expires}`;
        await note(
          session,
          await aboutToken(
            session,
            principal,
            `added token ${wordsOf({ id, name, role })} of ${principal}${until}${scope ? ` for ${JSON.stringify(scope)}` : ''}`,
          ),
        );
        return true;
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

/** Waits for whoever changes the admins of a tenant at the same time: two who each leave the other would leave none. */
async function admins({ db, dialect }: Session, tenant: string): Promise<void> {
  await dialect.turn(`admins of ${tenant}`)?.execute(db);
}

/** @throws LastAdminError where the tenant of what was changed has no admin any more */
async function someAdmin({ db }: Session, { name, tenant }: PrincipalRow): Promise<void> {
  const left = await db.selectFrom('principals').select('name').where('tenant', '=', tenant).where('role', '=', 'admin').limit(1).execute();
  if (left.length === 0) throw new LastAdminError(name);
}

/**
 * Writes a principal's row by one statement, so that of two who read the same row only one changes it.
 * @returns whether it was written
 */
async function put({ db, dialect }: Session, row: Omit<PrincipalRow, 'created'>, expected?: PrincipalRow | null): Promise<boolean> {
  const { name, tenant, role, passwordHash } = row;
  const facts = { tenant, role, password_hash: passwordHash };
  if (expected) {
    const update = db.updateTable('principals').set(facts).where('name', '=', name).where('created', '=', expected.created);
    const same = update.where('tenant', '=', expected.tenant).where('role', '=', expected.role);
    const hash = expected.passwordHash;
    const { numUpdatedRows } = await same.where('password_hash', hash === null ? 'is' : '=', hash).executeTakeFirst();
    return numUpdatedRows > 0n;
  }
  const insert = db.insertInto('principals').values({ name, ...facts, created: dialect.stamp });
  const { numInsertedOrUpdatedRows } = await insert
    .onConflict((conflict) => (expected === null ? conflict.doNothing() : conflict.column('name').doUpdateSet(facts)))
    .executeTakeFirst();
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
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
  scope: row.scope === null ? null : (JSON.parse(row.scope) as TokenRow['scope']),
});
