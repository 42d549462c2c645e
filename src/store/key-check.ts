import type { Cipher, LastingKeys } from './cipher';
import type { Session } from './session';

const PLACE = 'meta/key-check';
const LASTING_PLACE = 'meta/lasting-keys';

/**
 * Finds a wrong key when the store is opened instead of at the first secret: a known value is sealed with the key that
 * everything was sealed with when it was last the only one. What the first key of all was made into for the audit and the tags at providers is kept
 * beside it, sealed: it stays when keys change. Nothing is checked while no key is configured.
 * @returns the cipher with the store's lasting keys
 * @throws WrongKeyError
 */
export async function checkKey({ db, cipher }: Session): Promise<Cipher> {
  if (!cipher.keyed) return cipher;
  const kept = async (name: string, value: () => string): Promise<string> => {
    const read = db.selectFrom('meta').select('value').where('name', '=', name);
    const found = await read.executeTakeFirst();
    if (found) return found.value;
    const insert = db.insertInto('meta').values({ name, value: value() });
    await insert.onConflict((conflict) => conflict.doNothing()).execute();
    return (await read.executeTakeFirstOrThrow()).value;
  };
  const check = await kept('key-check', () => cipher.seal('key-check', PLACE));
  openKeyCheck(check, cipher);
  const first = check.split('.')[1] ?? '';
  const lasting = await kept('lasting-keys', () => cipher.seal(JSON.stringify(cipher.lastingOf(first)), LASTING_PLACE));
  return cipher.withLasting(JSON.parse(cipher.open(lasting, LASTING_PLACE)) as LastingKeys);
}

/** Tells whether the data was ever used with a key. */
export async function hasKey({ db }: Session): Promise<boolean> {
  return (await db.selectFrom('meta').select('name').where('name', '=', 'key-check').executeTakeFirst()) !== undefined;
}

/** Opens what was sealed as the check of the key. @throws WrongKeyError where this is another one */
export function openKeyCheck(value: string, cipher: Cipher): void {
  cipher.open(value, PLACE);
}

/** Seals anew, with the key that the cipher seals with, what `checkKey` looks at: from now on no other is needed to start. */
export async function sealKeyCheck({ db, cipher }: Session): Promise<void> {
  for (const [name, place] of [
    ['lasting-keys', LASTING_PLACE],
    ['key-check', PLACE],
  ] as const) {
    const { value } = await db.selectFrom('meta').select('value').where('name', '=', name).executeTakeFirstOrThrow();
    await db
      .updateTable('meta')
      .set({ value: cipher.seal(cipher.open(value, place), place) })
      .where('name', '=', name)
      .where('value', '=', value)
      .execute();
  }
}
