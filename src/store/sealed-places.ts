import { sql, type RawBuilder, type Selectable } from 'kysely';
import { sealedBy, type Cipher } from './cipher';
import type { ResourcesTable, Tables } from './schema';
import { decodeColumn, encodeColumn, type Session } from './session';

/** Columns of the database in which something sealed lies. */
export interface SealedPlace {
  table: keyof Tables;
  /** Column of the row's key. */
  id: string;
  column: string;
  /** True of rows that hold something which was sealed with another key than this one. */
  sealedByOther(key: string): RawBuilder<boolean>;
  /** The column's value, sealed with the key that the cipher seals with. @throws WrongKeyError, DamagedError */
  sealedAnew(cipher: Cipher, id: string, value: string): string;
  /** Numbers of values by the names of their keys. */
  use(session: Session): Promise<Map<string, number>>;
}

const again = (cipher: Cipher, envelope: string, place: string): string =>
  envelope.startsWith(sealedBy(cipher.keys[0] ?? '')) ? envelope : cipher.seal(cipher.open(envelope, place), place);

/** A column that holds an envelope itself; its place is `table/row/column`. */
function envelopes(table: keyof Tables, id: string, column: string): SealedPlace {
  return {
    table,
    id,
    column,
    sealedByOther: (key) => sql<boolean>`${sql.ref(column)} is not null and ${sql.ref(column)} not like ${`${sealedBy(key)}%`}`,
    sealedAnew: (cipher, row, value) => again(cipher, value, `${table}/${row}/${column}`),
    async use({ db }) {
      const { rows } = await sql<{ key: string; n: number }>`select substr(${sql.ref(column)}, 4, 8) as key, count(*) as n
        from ${sql.table(table)} where ${sql.ref(column)} is not null group by substr(${sql.ref(column)}, 4, 8)`.execute(db);
      return new Map(rows.map(({ key, n }) => [key, Number(n)]));
    },
  };
}

/** Rows that are read at once. */
const SOME = 500;
type Row = Selectable<ResourcesTable>;
/** Text of a column of a row within remains; what users wrote has its quotation marks escaped. */
const SECRETS = '"secrets":"';

/** Rows of resources that were taken away, as JSON, with what was sealed in them. */
const remains: SealedPlace = {
  table: 'retired',
  id: 'path',
  column: 'remains',
  sealedByOther: (key) => sql<boolean>`remains is not null and replace(remains, ${SECRETS + sealedBy(key)}, '') like ${`%${SECRETS}%`}`,
  sealedAnew(cipher, _path, value) {
    const rows = decodeColumn<Row[]>(value);
    const sealed = rows.map((row) =>
      row.secrets === null ? row : { ...row, secrets: again(cipher, row.secrets, `resources/${row.path}/secrets`) },
    );
    return encodeColumn(sealed);
  },
  async use({ db }) {
    const found = new Map<string, number>();
    for (let after: string | undefined = ''; after !== undefined;) {
      const select = db.selectFrom('retired').select(['path', 'remains']).where('remains', 'like', `%${SECRETS}%`);
      const rows: { path: string; remains: string | null }[] = await select.where('path', '>', after).orderBy('path').limit(SOME).execute();
      for (const row of rows.flatMap((one) => decodeColumn<Row[]>(one.remains ?? '[]'))) {
        const key = row.secrets?.split('.')[1];
        if (key !== undefined) found.set(key, (found.get(key) ?? 0) + 1);
      }
      after = rows.length < SOME ? undefined : rows.at(-1)?.path;
    }
    return found;
  },
};

/** Everything sealed, but for what the check of the key looks at (key-check.ts). */
export const SEALED_PLACES: readonly SealedPlace[] = [
  envelopes('resources', 'path', 'secrets'),
  envelopes('jobs', 'id', 'input'),
  envelopes('jobs', 'id', 'results'),
  envelopes('jobs', 'id', 'memory'),
  remains,
];

/** Counts what is sealed with each key; the one that the cipher seals with is first, and those that it has are there in any case. */
export async function readUse(session: Session): Promise<Map<string, number>> {
  const found = new Map(session.cipher.keys.map((key) => [key, 0]));
  for (const place of SEALED_PLACES) for (const [key, n] of await place.use(session)) found.set(key, (found.get(key) ?? 0) + n);
  return found;
}
