import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { type Options, hash } from '@node-rs/argon2';
import { createLimit } from '../threads/limit';
import { Thread } from '../threads/thread';

/** argon2id (the library's default algorithm), 19 MiB, two passes: OWASP's first choice; about 20 ms of one core. */
const COST: Options = { memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 };

/** Threads that check passwords: what holds libuv's pool (names, files, whatever a tenant can ask for) holds up no login. */
const CHECKERS = 2;

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

/** Path of the library. A thread finds it where this file does, wherever the process was started. */
const library = createRequire(__filename).resolve('@node-rs/argon2');
const checkers = Array.from(
  { length: CHECKERS },
  () => new Thread<{ hash: string; password: string }, boolean>('return require(data).verifySync(task.hash, task.password)', library),
);

/** Verifies passwords a few at a time, so that a burst of logins leaves processors and memory (19 MiB each) to the rest. */
export function createPasswordChecker(options: { concurrency?: number; waiting?: number } = {}): PasswordChecker {
  const limit = createLimit(options.concurrency ?? CHECKERS, options.waiting ?? 64, 'too many logins are being checked');
  const nobody = unmatchableHash();
  let turn = 0;
  return {
    check: (passwordHash, password) =>
      limit(async () => {
        turn = (turn + 1) % CHECKERS;
        const matches = await checkers[turn]?.run({ hash: passwordHash ?? nobody, password: canonical(password) });
        return matches === true && passwordHash !== null;
      }),
  };
}

/** Normalizes a password: it may be typed composed or decomposed on different keyboards (RFC 8265 4.2). */
export function canonical(password: string): string {
  return password.normalize('NFC');
}

/** Costs what a real one costs and belongs to no password. */
function unmatchableHash(): string {
  const field = (bytes: number): string => randomBytes(bytes).toString('base64').replace(/=+$/, '');
  return `$argon2id$v=19$m=${COST.memoryCost},t=${COST.timeCost},p=${COST.parallelism}$${field(16)}$${field(32)}`;
}
