/** Up to so many things are read one by one, all at once; more of them by the pages of a listing. */
export const FEW = 4;

/**
 * Reads by id where the service has no way to ask for several at once.
 * @param read answers undefined for what is not there
 * @param list pages of all there are; left as soon as all are found
 */
export async function few<T extends { id: string }>(
  ids: readonly string[],
  read: (id: string) => Promise<T | undefined>,
  list: () => AsyncIterable<readonly T[]>,
): Promise<T[]> {
  const wanted = new Set(ids);
  if (wanted.size <= FEW) return oneByOne([...wanted], read);
  const found: T[] = [];
  for await (const page of list()) {
    found.push(...page.filter(({ id }) => wanted.has(id)));
    if (found.length === wanted.size) break;
  }
  return found;
}

/** Reads each by itself, all at once; without those that are not there. */
export async function oneByOne<T>(ids: readonly string[], read: (id: string) => Promise<T | undefined>): Promise<T[]> {
  return (await Promise.all(ids.map(read))).flatMap((each) => each ?? []);
}
