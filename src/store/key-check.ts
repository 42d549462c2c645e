import type { Cipher } from './cipher';
import type { Session } from './session';

const PLACE = 'meta/key-check';

/**
 * Finds a wrong key when the store is opened instead of at the first secret: a known value is sealed with the first
 * key ever used. Nothing is checked while no key is configured.
 * @throws WrongKeyError.
 */
export async function checkKey({ db, cipher }: Session): Promise<void> {
  if (!cipher.keyed) return;
  const insert = db.insertInto('meta').values({ name: 'key-check', value: cipher.seal('key-check', PLACE) });
  await insert.onConflict((conflict) => conflict.doNothing()).execute();
  const { value } = await db.selectFrom('meta').select('value').where('name', '=', 'key-check').executeTakeFirstOrThrow();
  openKeyCheck(value, cipher);
}

/** Tells whether the data was ever used with a key. */
export async function hasKey({ db }: Session): Promise<boolean> {
  return (await db.selectFrom('meta').select('name').where('name', '=', 'key-check').executeTakeFirst()) !== undefined;
}

/** Opens what was sealed with the first key ever used. @throws WrongKeyError where this is another one */
export function openKeyCheck(value: string, cipher: Cipher): void {
  cipher.open(value, PLACE);
}
