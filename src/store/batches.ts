/** Most calls of one batch. */
const MOST = 32;

interface Call<R> {
  resolve(result: R): void;
  reject(error: unknown): void;
}

/**
 * A function whose calls of one turn of the event loop are done together; each is told its own result, and all of them of a failure.
 * @param together does many; a key without a result was not done
 */
export function inBatches<K, R>(together: (keys: readonly K[]) => Promise<ReadonlyMap<K, R>>): (key: K) => Promise<R | undefined> {
  let waiting = new Map<K, Call<R | undefined>[]>();

  async function run(): Promise<void> {
    const batch = waiting;
    waiting = new Map();
    try {
      const results = await together([...batch.keys()]);
      // One who asks for the same again is a second asker: only the first has it.
      for (const [key, [first, ...others]] of batch) {
        first?.resolve(results.get(key));
        for (const other of others) other.resolve(undefined);
      }
    } catch (error) {
      for (const calls of batch.values()) for (const { reject } of calls) reject(error);
    }
  }

  return (key) =>
    new Promise((resolve, reject) => {
      if (waiting.size === 0) setImmediate(() => void (waiting.size > 0 && run()));
      const calls = waiting.get(key) ?? [];
      waiting.set(key, [...calls, { resolve, reject }]);
      if (waiting.size >= MOST) void run();
    });
}
