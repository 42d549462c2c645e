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
  cipher.open(value, PLACE);
}
