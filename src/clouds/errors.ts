import { spoken } from '../model/shown';

/** Kind of a provider's error that a client can act on. */
export type ErrorKind =
  'auth' | 'forbidden' | 'notFound' | 'conflict' | 'quota' | 'throttled' | 'invalid' | 'unavailable' | 'timeout' | 'unsupported';

/** Kinds that an answer can have without a proof of what is gone. */
export type FailureKind = Exclude<ErrorKind, 'notFound'>;

export interface ProviderErrorDetails {
  /** The provider's own error code. */
  code?: string | undefined;
  /** The provider's request id, for its support. */
  requestId?: string | undefined;
  /** Delay that the provider asks for, in ms. */
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

  readonly kind: ErrorKind;

  /** Takes every kind but `notFound`: that something is not there is said by `Gone`, which has the provider's proof. */
  constructor(kind: FailureKind, message: string, details: ProviderErrorDetails = {}) {
    super(spoken(message), details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.name = 'ProviderError';
    this.code = details.code;
    this.requestId = details.requestId;
    this.retryAfterMs = details.retryAfterMs;
    this.maybeDone = details.maybeDone ?? kind === 'timeout';
    this.lasting = details.lasting ?? false;
  }

  /** The same of a call that is certain not to have taken effect. */
  notDone(): ProviderError {
    const { kind, message, code, requestId, retryAfterMs, lasting } = this;
    if (kind === 'notFound') return this;
    return new ProviderError(kind, message, { code, requestId, retryAfterMs, lasting, maybeDone: false, cause: this });
  }

  /** Worth another attempt later, by its nature. */
  get passing(): boolean {
    if (this.lasting) return false;
    return this.kind === 'throttled' || this.kind === 'unavailable' || this.kind === 'timeout';
  }
}

/** A thing at a provider, in the provider's own words (instance, server, port) with the provider's key. */
export interface Thing {
  type: string;
  key: string;
}

/**
 * The provider's own proof that a thing is not there. Nothing else says that something is gone: no HTTP status, no list
 * without it, no answer of a proxy or of another service. Made only from what a driver's error table knows as such
 * (`told`), from the provider's own document (`shown`), or for keys that no thing can have (`impossible`).
 */
export class Gone extends ProviderError {
  override readonly kind = 'notFound';

  private constructor(
    readonly thing: Thing,
    message: string,
    details: ProviderErrorDetails,
  ) {
    super('invalid', message, { ...details, maybeDone: false });
    this.name = 'Gone';
  }

  /** Key of the thing; of an answer of `getMany`, the key that was asked for. */
  get key(): string {
    return this.thing.key;
  }

  /** The provider's fault document names this very thing as one that it does not have. */
  static told(thing: Thing, fault: { code: string; message: string; requestId?: string | undefined }): Gone {
    return new Gone(thing, fault.message, { code: fault.code, requestId: fault.requestId });
  }

  /** The provider's own document shows that the thing has ended (terminated, DELETED), or its owner without it. */
  static shown(thing: Thing, message: string): Gone {
    return new Gone(thing, message, {});
  }

  /** Proves that there is none, because no thing of this type can have such a key. */
  static impossible(thing: Thing, message = `no ${thing.type} can have the key '${thing.key}'`): Gone {
    return new Gone(thing, message, {});
  }

  /** The same proof for a key that is made of this thing's (an attachment of a volume). */
  as(thing: Thing): Gone {
    return new Gone(thing, this.message, { code: this.code, requestId: this.requestId, cause: this });
  }
}

/**
 * The provider no longer knows the work under way that a handle names (tasks are forgotten some time after their end): what
 * came of it has to be looked for, as after a lost answer.
 */
export class HandleForgotten extends ProviderError {
  constructor(message: string, details: ProviderErrorDetails = {}) {
    super('unavailable', message, { ...details, maybeDone: true });
    this.name = 'HandleForgotten';
  }
}

/**
 * Makes `instanceof` know a class by a mark that its objects carry. A driver in a package of its own may have been installed with
 * another copy of these classes, and what it throws means the same.
 */
function markClass(type: { prototype: object }, mark: symbol): void {
  Object.defineProperty(type.prototype, mark, { value: true });
  Object.defineProperty(type, Symbol.hasInstance, {
    value(this: unknown, value: unknown): boolean {
      // A class of a driver's own that extends this one inherits the function, but not the meaning.
      if (this !== type) return Function.prototype[Symbol.hasInstance].call(this as () => void, value);
      return typeof value === 'object' && value !== null && mark in value;
    },
  });
}

markClass(ProviderError, Symbol.for('cimi-gateway.ProviderError'));
markClass(Gone, Symbol.for('cimi-gateway.Gone'));
markClass(HandleForgotten, Symbol.for('cimi-gateway.HandleForgotten'));

/** Tells whether an error proves that this very thing is not there. */
export function isGone(error: unknown, thing: Thing): error is Gone {
  return error instanceof Gone && error.thing.type === thing.type && error.thing.key === thing.key;
}

/** Codes, Node's and its TLS', of a connection that never came about: the request was not sent, so it did nothing. */
export const UNREACHED: readonly string[] = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'PROXY_UNREACHED',
  'PROXY_AUTH',
  'PROXY_REFUSED',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'ERR_SSL_WRONG_VERSION_NUMBER',
];
