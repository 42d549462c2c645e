export interface ThrottleOptions {
  /** Attempts that may fail in a row. */
  burst: number;
  /** Time after which one more attempt is granted, ms. */
  refillMs: number;
  /** Largest number of keys that are remembered; the one longest unused is forgotten first. */
  maxKeys: number;
  /** Steady clock in ms. */
  now: () => number;
}

/** Counts attempts against guessing: each is taken before it is made and given back when it succeeds. */
export interface Throttle {
  /** Takes an attempt. @returns 0 when granted, else the time to wait in ms. */
  take(key: string): number;
  giveBack(key: string): void;
}

/** A token bucket for each key, of bounded memory. */
export function createThrottle(options: ThrottleOptions): Throttle {
  const { burst, refillMs, maxKeys, now } = options;
  const buckets = new Map<string, { left: number; at: number }>();
  const refilled = (key: string): { left: number; at: number } => {
    const bucket = buckets.get(key);
    const at = now();
    if (!bucket) return { left: burst, at };
    return { left: Math.min(burst, bucket.left + Math.max(0, at - bucket.at) / refillMs), at };
  };
  const put = (key: string, bucket: { left: number; at: number }): void => {
    buckets.delete(key);
    if (bucket.left >= burst) return;
    buckets.set(key, bucket);
    if (buckets.size > maxKeys) {
      const oldest = buckets.keys().next();
      if (!oldest.done) buckets.delete(oldest.value);
    }
  };
  return {
    take: (key) => {
      const bucket = refilled(key);
      if (bucket.left < 1) return Math.ceil((1 - bucket.left) * refillMs);
      put(key, { left: bucket.left - 1, at: bucket.at });
      return 0;
    },
    giveBack: (key) => {
      const bucket = refilled(key);
      put(key, { left: Math.min(burst, bucket.left + 1), at: bucket.at });
    },
  };
}

/** A map of bounded size whose entries end; the oldest go first. */
export interface Recall<V> {
  get(key: string): V | undefined;
  set(key: string, value: V): void;
  delete(key: string): void;
}

/**
 * @param lifeMs how long an entry is remembered
 * @param maxEntries most entries
 * @param now steady clock in ms
 */
export function createRecall<V>(lifeMs: number, maxEntries: number, now: () => number): Recall<V> {
  const entries = new Map<string, { value: V; until: number }>();
  return {
    get: (key) => {
      const entry = entries.get(key);
      if (!entry) return undefined;
      if (entry.until > now()) return entry.value;
      entries.delete(key);
      return undefined;
    },
    set: (key, value) => {
      entries.delete(key);
      entries.set(key, { value, until: now() + lifeMs });
      if (entries.size > maxEntries) {
        const oldest = entries.keys().next();
        if (!oldest.done) entries.delete(oldest.value);
      }
    },
    delete: (key) => {
      entries.delete(key);
    },
  };
}
