/**
 * Refusal of a disk's bytes; the message says what is wrong. Errors of the source itself are not this: they come through as they are.
 * - `cut`: they end too early, so that another try may bring them
 * - `malformed`: they contradict their format or what was said of them
 * - `unsupported`: they may be right, and are not read here
 */
export class DiskError extends Error {
  constructor(
    readonly reason: 'cut' | 'malformed' | 'unsupported',
    message: string,
  ) {
    super(message);
    this.name = 'DiskError';
  }
}
