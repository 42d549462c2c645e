import type { ErrorKind, Thing } from '../../src/clouds/errors';
import { Gone, ProviderError } from '../../src/clouds/errors';

/** The provider's error codes and the kind each crosses as. */
export const ERROR_KINDS = {
  LoginRefused: 'auth',
  NotAllowed: 'forbidden',
  NoSuchThing: 'notFound',
  WrongState: 'conflict',
  TokenReused: 'conflict',
  InUse: 'conflict',
  QuotaExceeded: 'quota',
  SlowDown: 'throttled',
  BadParameter: 'invalid',
  OutOfOrder: 'unavailable',
  NoAnswer: 'timeout',
  NotBuilt: 'unsupported',
} as const satisfies Record<string, ErrorKind>;
export type ErrorCode = keyof typeof ERROR_KINDS;

/** An error as the simulated provider sends it. */
export class SimulatorFault extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: { retryAfterMs?: number | undefined; requestId?: string; lost?: boolean; cause?: unknown; thing?: Thing } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'SimulatorFault';
  }
}

/** The provider's code for a kind. */
export function codeOf(kind: ErrorKind): ErrorCode {
  for (const [code, of] of Object.entries(ERROR_KINDS)) if (of === kind) return code as ErrorCode;
  return 'OutOfOrder';
}

/** Translates what a call threw into the contract's error. An error of the state file may have come after the effect. */
export function translate(thrown: unknown): ProviderError {
  if (thrown instanceof ProviderError) return thrown;
  if (!(thrown instanceof SimulatorFault)) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new ProviderError('unavailable', `The simulator's state file: ${message}`, { maybeDone: true, cause: thrown });
  }
  const { retryAfterMs, requestId, lost, thing } = thrown.details;
  if (thrown.code === 'NoSuchThing' && thing) return Gone.told(thing, { code: thrown.code, message: thrown.message, requestId });
  // A fault that names nothing proves nothing.
  const kind = thrown.code === 'NoSuchThing' ? 'unavailable' : ERROR_KINDS[thrown.code];
  return new ProviderError(kind, thrown.message, {
    code: thrown.code,
    requestId,
    retryAfterMs,
    maybeDone: lost ?? false,
    cause: thrown,
  });
}

/** The proof that the provider has no such thing. */
export function noSuch(kind: string, id: string): Gone {
  return Gone.told({ type: kind, key: id }, { code: 'NoSuchThing', message: `There is no ${kind} ${id}` });
}
