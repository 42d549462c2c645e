import type { Scope } from '../model/scope';
import type { Role } from '../store/store';

/** Requester, after authentication. */
export interface Principal {
  name: string;
  tenant: string;
  role: Role;
  /** Issuer whose word it is that this is who asks, and the subject there (OpenID Connect); absent for users of the gateway. */
  from?: { issuer: string; subject: string };
  /** Name, or id, of the token of the gateway that it came by. */
  token?: string;
  /** Role of the user, where that token lowers it. */
  userRole?: Role;
  /** Groups of it that rules name. */
  groups?: readonly string[];
  /** Scope of that token. */
  scope?: Scope;
}

/** A CIMI request, whatever carried it. */
export interface CimiRequest {
  method: string;
  /** Path below the base URI, percent-decoded segments joined by `/`, no leading slash: `machines/abc`. */
  path: string;
  /** Query parameters in order, decoded. */
  query: readonly (readonly [name: string, value: string])[];
  /** Lower-case names. */
  headers: Readonly<Record<string, string | undefined>>;
  body?: Uint8Array;
  principal: Principal;
  requestId: string;
  /** Address of the client, for the audit; absent where there is none. */
  address?: string;
  /** Somebody who waits for the answer, as its carrier knows it; absent: one who waits for as long as it takes. */
  client?: Client;
  /** Reason why its carrier refuses it (a body that is too large): nothing is done, and a change leaves its FAILED Job. */
  refused?: { status: number; message: string };
}

/** Somebody who waits for an answer. */
export interface Client {
  /** Aborted when nobody waits any more: it ends waits, never a change. */
  readonly signal: AbortSignal;
  /** Called when the answer begins to wait for a Job: what it took up may go to others. */
  idle(): void;
  /** Asks anew whether the requester may come in as who it is, for answers that go on and on. */
  isStillIn(): Promise<boolean>;
}

export interface CimiResponse {
  status: number;
  /** Names as sent. `Content-Length` is the shell's. */
  headers: Readonly<Record<string, string>>;
  /** Time at which providers were asked for what it shows, in ms since the epoch: the header `Age` is counted from it. */
  seenAt?: number | undefined;
  /** Complete; in slices where it is long. */
  body?: readonly Uint8Array[];
  /** A body that goes on for as long as somebody reads it, in place of the complete one. */
  stream?: BodyStream;
}

/** A body whose parts are made as they are read: the next when the one before has been taken. */
export interface BodyStream extends AsyncIterable<Uint8Array> {
  /** Aborted when it is to end without delay. */
  signal: AbortSignal;
  /** Gives back what it holds; whoever carries the answer closes it in the end, read or not. */
  close: () => void;
}

/** The protocol core: never rejects; faults are responses. */
export interface Handle {
  (request: CimiRequest): Promise<CimiResponse>;
  /** Finds an answer that is kept and needs no work; undefined where it has to be made. */
  known?(request: CimiRequest): CimiResponse | undefined;
}
