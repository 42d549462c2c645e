import type { Role } from '../store/store';

/** Who asks, after authentication. */
export interface Principal {
  name: string;
  tenant: string;
  role: Role;
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
  signal?: AbortSignal;
}

export interface CimiResponse {
  status: number;
  /** Names as sent. `Content-Length` is the shell's. */
  headers: Readonly<Record<string, string>>;
  /** Complete; in slices where it is long. */
  body?: readonly Uint8Array[];
}

/** The protocol core: never rejects; faults are responses. */
export type Handle = (request: CimiRequest) => Promise<CimiResponse>;
