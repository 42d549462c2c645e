import { CimiError, type ErrorKind } from '../sdk/index.ts';

/** Exit codes: all is well, it failed, it was asked wrongly, it is not there, it is refused, nobody answers. */
export const EXIT = { ok: 0, failed: 1, usage: 2, notFound: 3, refused: 4, unreachable: 5 } as const;

/** Failure whose words and exit code are known. */
export class Problem extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

/** Returns a failure of whoever asked. */
export const usage = (message: string): Problem => new Problem(EXIT.usage, message);
/** Returns the failure of something that is not there. */
export const notFound = (message: string): Problem => new Problem(EXIT.notFound, message);

/** Kinds of refusals by their exit codes; the others are refusals too. */
const CODES: Partial<Record<ErrorKind, number>> = {
  notFound: EXIT.notFound,
  unreachable: EXIT.unreachable,
  unavailable: EXIT.unreachable,
};

/** Returns the exit code of an error. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof Problem) return error.code;
  if (!(error instanceof CimiError)) return EXIT.failed;
  // A Job that failed after its request had been accepted.
  if (error.status === undefined && error.job !== undefined) return EXIT.failed;
  return CODES[error.kind] ?? EXIT.refused;
}

/** Returns an error as one line, with the id under which the provider's log knows the request. */
export function lineOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const id = error instanceof CimiError && error.requestId !== undefined ? ` (request ${error.requestId})` : '';
  return `cimi: ${message.replace(/\s*\n\s*/g, ' ')}${id}`;
}
