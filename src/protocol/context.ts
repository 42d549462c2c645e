import type { Clouds } from '../clouds/cloud';
import type { TypeCapabilities } from '../clouds/driver';
import type { Reader, Writer, Format } from '../codec/codec';
import type { Catalogue } from '../model/catalogue';
import type { Family } from '../operations/family';
import { ENTRY_POINT, gatewayCapabilities, METADATA } from '../operations/computed';
import { JOB } from '../operations/job';
import type { JobRow, Store } from '../store/store';
import type { CimiRequest, Principal } from './messages';

/** What happens to Jobs, as the protocol needs it; the composition root gives the engine's. */
export interface JobRunner {
  /** Tells the workers. Never rejects: what is lost is found by the sweep. */
  tell(jobId: string): Promise<void>;
  /** The Job as it is when it ends, or after `ms`. */
  waitFor(jobId: string, ms: number): Promise<JobRow | undefined>;
  /** Asks an unfinished Job to stop. */
  requestStop(jobId: string): Promise<JobRow | undefined>;
  /** Whether a stop would be taken: a delete that has begun goes on to its end. */
  mayStop(job: JobRow): boolean;
}

export interface ProtocolOptions {
  catalogue: Catalogue;
  families: readonly Family[];
  clouds: Clouds;
  store: Store;
  jobs: JobRunner;
  writers: Readonly<Record<Format, Writer>>;
  readers: Readonly<Record<Format, Reader>>;
  /** Bounds on what a request body may hold. */
  bodyLimits: { depth: number; items: number };
  /** Absolute base URI with a trailing slash. */
  base: string;
  /** Key of the MAC on identity tags. */
  tagKey: Uint8Array;
  defaultCloud: string | undefined;
  /** How long an answer waits for its Job, in ms. */
  graceMs: number;
  /** How long ended Jobs are kept (JobRetention, 5.11.2). */
  retentionMinutes: number;
  /** A list above this many items is refused rather than cut. */
  maxItems: number;
  /** How long a list that is read window by window is kept, in ms. */
  listCacheMs: number;
  log: {
    warn(message: string, details?: object): void;
    error(message: string, details?: object): void;
  };
}

/** Everything that is the same for all requests, made once. */
export interface Protocol extends ProtocolOptions {
  familyOf(type: string): Family | undefined;
  /** Whether resources of the type are there at all. */
  isServed(type: string): boolean;
  /** What is true of a type whatever the clouds. */
  ownCapabilities(type: string): TypeCapabilities;
}

/** One request on its way. */
export interface Scope {
  protocol: Protocol;
  principal: Principal;
  /** Cloud of the entry point used (`clouds/<key>/…`), if not the root's. */
  cloudKey: string | undefined;
  request: CimiRequest;
}

export function createProtocolContext(options: ProtocolOptions): Protocol {
  const table = new Map(options.families.map((family) => [family.type, family]));
  const computed = new Set([ENTRY_POINT, METADATA, JOB]);
  const own = gatewayCapabilities(options.retentionMinutes);
  return {
    ...options,
    familyOf: (type) => table.get(type),
    isServed: (type) => table.has(type) || computed.has(type),
    ownCapabilities: (type) => own[type] ?? {},
  };
}
