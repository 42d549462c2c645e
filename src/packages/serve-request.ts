import type { Asking } from '../operations/resource-handler';

/** Request for something of a package. */
export interface PackageRequest {
  method: string;
  /** Id of the package and name of the file, as the path below the packages' folder has them. */
  id: string;
  name: string;
  who: Asking;
  /** Address of the client, and what the request is called in the log, for the audit. */
  address?: string | undefined;
  requestId?: string | undefined;
  /** Aborted when nobody waits for the answer any more. */
  signal: AbortSignal;
}
