/** What went wrong at a provider, as a kind a client can act on. */
export type ErrorKind =
  'auth' | 'forbidden' | 'notFound' | 'conflict' | 'quota' | 'throttled' | 'invalid' | 'unavailable' | 'timeout' | 'unsupported';

export interface ProviderErrorDetails {
  /** The provider's own error code. */
  code?: string | undefined;
  /** The provider's request id, for its support. */
  requestId?: string | undefined;
  /** How long the provider asks to be left alone, in ms. */
  retryAfterMs?: number | undefined;
  /** True where the request may have taken effect although no answer came (timeouts, resets, most 5xx). */
  maybeDone?: boolean | undefined;
  /** True where another attempt within minutes is not worth waiting for (no capacity): it is told at once, not tried again. */
  lasting?: boolean | undefined;
  cause?: unknown;
}

/** A failed provider call. `message` holds the provider's own words and never a secret. */
export class ProviderError extends Error {
  readonly code: string | undefined;
  readonly requestId: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly maybeDone: boolean;
  readonly lasting: boolean;

  constructor(
    readonly kind: ErrorKind,
    message: string,
    details: ProviderErrorDetails = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'ProviderError';
    this.code = details.code;
    this.requestId = details.requestId;
    this.retryAfterMs = details.retryAfterMs;
    this.maybeDone = details.maybeDone ?? kind === 'timeout';
    this.lasting = details.lasting ?? false;
  }

  /** Worth another attempt later, by its nature. */
  get passing(): boolean {
    if (this.lasting) return false;
    return this.kind === 'throttled' || this.kind === 'unavailable' || this.kind === 'timeout';
  }
}

/** Codes, Node's and its TLS', of a connection that never came about: the request was not sent, so it did nothing. */
export const UNREACHED: readonly string[] = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'ERR_SSL_WRONG_VERSION_NUMBER',
];
