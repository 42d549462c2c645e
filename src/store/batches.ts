/** Most calls of one batch. */
const MOST = 32;

interface Call<R> {
  resolve(result: R): void;
  reject(error: unknown): void;
}

export interface BatchOptions {
  /** Most batches that are under way at once: who asks meanwhile waits for the next one. Default: no bound. */
  atOnce?: number;
  /** Tells whether a batch may have failed by one of its keys alone, and had no effect: each is then done by itself. Default: no. */
  mayBeOnes?: (error: unknown) => boolean;
}

/**
 * A function whose calls of one turn of the event loop are done together; each is told its own result, and all of them of a failure.
 * @param together does many; a key without a result was not done
 */
export function inBatches<K, R>(
  together: (keys: readonly K[]) => Promise<ReadonlyMap<K, R>>,
  { atOnce = Infinity, mayBeOnes = () => false }: BatchOptions = {},
): (key: K) => Promise<R | undefined> {
  let waiting = new Map<K, Call<R | undefined>[]>();
  let underWay = 0;
  let armed = false;

  async function attempt(batch: ReadonlyMap<K, Call<R | undefined>[]>): Promise<void> {
    try {
      const results = await together([...batch.keys()]);
      // One who asks for the same again is a second asker: only the first has it.
      for (const [key, [first, ...others]] of batch) {
        first?.resolve(results.get(key));
        for (const other of others) other.resolve(undefined);
      }
    } catch (error) {
      if (batch.size > 1 && mayBeOnes(error)) return void (await Promise.all([...batch].map((one) => attempt(new Map([one])))));
      for (const calls of batch.values()) for (const { reject } of calls) reject(error);
    }
  }

  async function run(): Promise<void> {
    const all = [...waiting];
    const batch = new Map(all.slice(0, MOST));
    waiting = new Map(all.slice(MOST));
    underWay += 1;
    arm();
    await attempt(batch);
    underWay -= 1;
    arm();
  }

  function arm(): void {
    if (armed || waiting.size === 0 || underWay >= atOnce) return;
    armed = true;
    setImmediate(() => {
      armed = false;
      if (waiting.size > 0 && underWay < atOnce) void run();
    });
  }

  return (key) =>
    new Promise((resolve, reject) => {
      const calls = waiting.get(key) ?? [];
      waiting.set(key, [...calls, { resolve, reject }]);
      if (waiting.size >= MOST && underWay < atOnce) void run();
      else arm();
    });
}
