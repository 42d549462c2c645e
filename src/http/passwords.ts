import { randomBytes } from 'node:crypto';
import { type Options, hash, verify } from '@node-rs/argon2';

/** argon2id (the library's default algorithm), 19 MiB, two passes: OWASP's first choice; about 20 ms of one core. */
const COST: Options = { memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 };

/** Too many verifications wait already; the caller should come back in a moment. */
export class BusyError extends Error {
  constructor() {
    super('too many logins are being checked');
    this.name = 'BusyError';
  }
}

export interface PasswordChecker {
  /**
   * Compares a password with an argon2id hash; without a hash it costs the same and is false.
   * @throws BusyError when too many wait already
   */
  check(passwordHash: string | null, password: string): Promise<boolean>;
}

/**
 * Hashes a password for storage.
 * @returns the encoded argon2id hash with its salt and cost
 */
export function hashPassword(password: string): Promise<string> {
  return hash(canonical(password), COST);
}

/**
 * Verifies passwords a few at a time, so that a burst of logins leaves threads (libuv's pool also does files and
 * names) and memory (19 MiB each) to the rest.
 */
export function createPasswordChecker(options: { concurrency?: number; waiting?: number } = {}): PasswordChecker {
  const limit = createLimit(options.concurrency ?? 2, options.waiting ?? 64);
  const nobody = unmatchableHash();
  return {
    check: (passwordHash, password) =>
      limit(async () => {
        const matches = await verify(passwordHash ?? nobody, canonical(password));
        return matches && passwordHash !== null;
      }),
  };
}

/** One password may be typed composed or decomposed on different keyboards (RFC 8265 4.2). */
export function canonical(password: string): string {
  return password.normalize('NFC');
}

/** Costs what a real one costs and belongs to no password. */
function unmatchableHash(): string {
  const field = (bytes: number): string => randomBytes(bytes).toString('base64').replace(/=+$/, '');
  return `$argon2id$v=19$m=${COST.memoryCost},t=${COST.timeCost},p=${COST.parallelism}$${field(16)}$${field(32)}`;
}

function createLimit(concurrency: number, waiting: number): <T>(work: () => Promise<T>) => Promise<T> {
  const queue: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running >= concurrency) {
      if (queue.length >= waiting) throw new BusyError();
      await new Promise<void>((resolve) => queue.push(resolve));
    } else running += 1;
    try {
      return await work();
    } finally {
      const next = queue.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
