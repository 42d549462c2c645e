/** Keys of one statement. */
const MOST = 500;

interface Batch<V> {
  keys: Set<string>;
  answer: Promise<ReadonlyMap<string, V>>;
}

/**
 * Lets reads that are asked for in one turn of the event loop travel in one statement, equal ones once. It is sent after the last of
 * them was asked, so that none is older than its asking.
 * @param read reads what there is of these keys
 * @returns reads one key; rejects as its statement does
 */
export function together<V>(read: (keys: readonly string[]) => Promise<ReadonlyMap<string, V>>): (key: string) => Promise<V | undefined> {
  let waiting: Batch<V> | undefined;
  const begin = (): Batch<V> => {
    const keys = new Set<string>();
    const sent = new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      if (waiting === batch) waiting = undefined;
      return read([...keys]);
    });
    const batch: Batch<V> = { keys, answer: sent };
    return batch;
  };
  return async (key) => {
    const batch = waiting && waiting.keys.size < MOST ? waiting : (waiting = begin());
    batch.keys.add(key);
    return (await batch.answer).get(key);
  };
}
