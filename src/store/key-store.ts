import { sql } from 'kysely';
import { DamagedError, WrongKeyError, type Cipher } from './cipher';
import { sealKeyCheck } from './key-check';
import type { KeyStore } from './keys';
import { readUse, SEALED_PLACES, type SealedPlace } from './sealed-places';
import type { Session } from './session';

/** Passes over everything: a gateway that still writes with an older key would be followed for ever. */
const PASSES = 3;
const MOST_NAMED = 20;

type Write = <T>(work: (session: Session) => Promise<T>) => Promise<T>;

/**
 * The keys of a store.
 * @param write runs its callback in a transaction
 */
export function keyStore(write: Write, reads: Session): KeyStore {
  return {
    use: async () => [...(await readUse(reads))].map(([key, values]) => ({ key, known: reads.cipher.keys.includes(key), values })),
    lasting: (purpose) => reads.cipher.lasting(purpose),
    async rotate({ batch = 50, onBatch } = {}) {
      let sealed = 0;
      let unreadable = new Set<string>();
      let left = 0;
      for (let pass = 1; pass <= PASSES; pass++) {
        unreadable = new Set();
        for (const place of SEALED_PLACES) {
          for (let after: string | undefined = ''; after !== undefined;) {
            const from: string = after;
            const done: Some = await write((session) => sealSome(session, place, from, batch));
            for (const one of done.unreadable) unreadable.add(one);
            sealed += done.sealed;
            after = done.next;
            if (done.sealed > 0) await onBatch?.(sealed);
          }
        }
        const use = await readUse(reads);
        left = reads.cipher.keys.slice(1).reduce((sum, key) => sum + (use.get(key) ?? 0), 0);
        if (left === 0) break;
      }
      if (left === 0) await write(sealKeyCheck);
      return { sealed, unreadable: { count: unreadable.size, places: [...unreadable].slice(0, MOST_NAMED) }, left };
    },
  };
}

interface Some {
  sealed: number;
  unreadable: string[];
  /** Row after which to go on; undefined at the end. */
  next: string | undefined;
}

async function sealSome(session: Session, place: SealedPlace, after: string, limit: number): Promise<Some> {
  const { db, cipher } = session;
  const { table, id, column } = place;
  const [newest = ''] = cipher.keys;
  const { rows } = await sql<{ id: string; value: string }>`select ${sql.ref(id)} as id, ${sql.ref(column)} as value
    from ${sql.table(table)} where ${sql.ref(id)} > ${after} and ${place.sealedByOther(newest)}
    order by ${sql.ref(id)} limit ${limit}`.execute(db);
  const unreadable: string[] = [];
  let sealed = 0;
  for (const row of rows) {
    const changed = sealedAnew(cipher, place, row, unreadable);
    if (changed === undefined || changed === row.value) continue;
    // What was written meanwhile stays: it is looked at in the next pass.
    const { numAffectedRows } = await sql`update ${sql.table(table)} set ${sql.ref(column)} = ${changed}
      where ${sql.ref(id)} = ${row.id} and ${sql.ref(column)} = ${row.value}`.execute(db);
    sealed += Number(numAffectedRows ?? 0n);
  }
  return { sealed, unreadable, next: rows.length < limit ? undefined : rows.at(-1)?.id };
}

/** @returns undefined where it cannot be read, which is noted */
function sealedAnew(cipher: Cipher, place: SealedPlace, row: { id: string; value: string }, unreadable: string[]): string | undefined {
  try {
    return place.sealedAnew(cipher, row.id, row.value);
  } catch (error) {
    if (!(error instanceof WrongKeyError || error instanceof DamagedError)) throw error;
    unreadable.push(`${place.table}/${row.id}/${place.column}`);
    return undefined;
  }
}
