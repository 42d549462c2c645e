import type { TenantQuota } from '../model/tenant-quotas';

/**
 * Numbers of rows of a tenant, kept without counting: Jobs by state, by type the resources that live in no cloud and no other
 * resource, and events by severity ('' where there is none).
 */
export interface Counts {
  jobs: ReadonlyMap<string, number>;
  resources: ReadonlyMap<string, number>;
  events: ReadonlyMap<string, number>;
  /** The same of entries of the audit, which are not among the events here. */
  entries: ReadonlyMap<string, number>;
  /** Meters, whatever they are of. */
  meters: number;
  /** Size of all its resources as stored, wherever these live. */
  bytes: number;
  /** Quotas that are set for it at runtime, which go before those of the configuration. */
  quotas: StoredQuotas;
}

/** Quotas of a tenant that are stored. */
export type StoredQuotas = ReadonlyMap<TenantQuota, number>;

/** Unfinished Jobs of one workflow. */
export interface JobLoad {
  workflow: string;
  /** Jobs that nobody works: queued, or between two attempts. */
  waiting: number;
  /** Jobs that a worker has leased. */
  running: number;
  /** Age of the oldest, in ms. */
  oldestMs: number;
}
