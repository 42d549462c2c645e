import type { ResourcePath } from './listing';

/** Error where another unfinished Job holds the resource: 409 with that Job. */
export class HeldError extends Error {
  constructor(
    readonly path: ResourcePath,
    readonly job: string,
  ) {
    super(`${path} is being changed by job ${job}`);
    this.name = 'HeldError';
  }
}

/** The Idempotency-Key is already on a Job of the tenant. */
export class DuplicateKeyError extends Error {
  constructor(readonly job: string) {
    super(`the Idempotency-Key is already on job ${job}`);
    this.name = 'DuplicateKeyError';
  }
}

/** The row is not at the version (or the Job not at the epoch) that the write expected. */
export class StaleError extends Error {
  constructor(what: string) {
    super(`${what} was changed meanwhile`);
    this.name = 'StaleError';
  }
}

/** The change would leave a tenant without anybody who is admin. */
export class LastAdminError extends Error {
  constructor(readonly user: string) {
    super(`${user} is the last admin of its tenant`);
    this.name = 'LastAdminError';
  }
}
