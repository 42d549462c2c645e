import type { GeneratedAlways } from 'kysely';
import type { Severity } from '../model/event';
import type { TenantQuota } from '../model/tenant-quotas';
import type { JobState, Role } from './store';

/** Columns as both databases hold them. Documents are JSON text; a `sealed` document is an envelope of the cipher. */
type Json = string;
type Sealed = string;
type Flag = 0 | 1;

export interface ResourcesTable {
  path: string;
  type: string;
  tenant: string;
  cloud: string | null;
  provider_key: string | null;
  owner: string | null;
  state: string | null;
  created: string;
  updated: string | null;
  version: number;
  document: Json;
  /** Name in the document, for lists to be narrowed by. */
  name: string | null;
  secrets: Sealed | null;
  internal: Json;
  /** Path of its EventLog. */
  event_log: string | null;
  /** Number of the last event that went with a former log. */
  events_after: number | null;
}

/** Columns that statements add which read resources with the holds on them. */
export interface HeldColumns {
  holder: string | null;
  held_as: string | null;
}

/**
 * Paths of resources of clouds that are not there any more: their tags may live on at a provider, on somebody's clones.
 * Of those that were deleted only the path; of those that a reading found gone, all that was known (`remains`: rows of
 * `resources`, the thing's own first), for the provider may show them again.
 */
export interface RetiredTable {
  path: string;
  at: string;
  type: string | null;
  cloud: string | null;
  provider_key: string | null;
  remains: Json | null;
}

/** Table of references: the values of which resource refer to which path. */
export interface RefsTable {
  source: string;
  target: string;
}

export interface JobsTable {
  id: string;
  tenant: string;
  principal: string;
  workflow: string | null;
  workflow_version: number;
  naming: Json;
  state: JobState;
  /** 1 once the state is an ending one. */
  done: Flag;
  action: string;
  target: string;
  affected: Json;
  return_code: number;
  progress: number;
  status_message: string;
  created: string;
  changed: string;
  parent: string | null;
  input: Sealed | null;
  results: Sealed | null;
  memory: Sealed | null;
  step: string | null;
  undoing: Flag;
  attempts: number;
  step_since: number | null;
  due: number;
  lease_owner: string | null;
  lease_until: number | null;
  epoch: number;
  doubtful: Flag;
  failure: Json | null;
  plan: Json | null;
  idempotency_key: string | null;
  request_hash: string | null;
  answer: Json | null;
  expires: number | null;
  request_id: string | null;
  taken_from: string | null;
  trace: string | null;
}

export interface HoldsTable {
  path: string;
  job: string;
  shows: string | null;
}

export interface EventsTable {
  seq: GeneratedAlways<number>;
  /** Time of the occurrence. */
  timestamp: string;
  /** Time of the recording. */
  recorded: string;
  tenant: string;
  resource: string;
  resource_type: string;
  type: string;
  content: Json;
  outcome: string;
  severity: Severity | null;
  contact: string | null;
  job: string | null;
  /** Cloud and provider's name of what a provider told. */
  cloud: string | null;
  provider_event: string | null;
  naming: Json | null;
  updated: string | null;
  /** Chain of the audit that it is an entry of, its number there and its code; null for what is no entry (audit.ts). */
  lane: number | null;
  link: number | null;
  mac: string | null;
}

/** Table of the ends of the audit's chains, and up to which entry retention has removed each. */
export interface AuditChainsTable {
  tenant: string;
  lane: number;
  link: number;
  mac: string;
  gone_link: number;
  gone_mac: string;
  seal: string;
}

export interface PrincipalsTable {
  name: string;
  tenant: string;
  role: Role;
  password_hash: string | null;
  created: string;
}

export interface TokensTable {
  id: string;
  principal: string;
  hash: string;
  created: string;
  expires: string | null;
  name: string | null;
  role: Role | null;
  used: string | null;
  /** JSON. */
  scope: string | null;
}

export interface SessionsTable {
  hash: string;
  principal: string;
  proof: string;
  created: string;
  used: string;
}

/** Facts about the data itself: a value sealed with the key in use. */
export interface MetaTable {
  name: string;
  value: string;
}

/** Table of how far each instance of the gateway has come; the same is kept beside the store, see newest.ts. */
export interface MarksTable {
  instance: string;
  count: number;
  /** ms since the epoch by the database's clock. */
  at: number;
}

/** Table of the number of rows of a kind that a tenant has (counts.ts). PostgreSQL: the sum of rows. */
export interface CountsTable {
  tenant: string;
  kind: string;
  n: number;
}

/** Table of quotas that are set at runtime, by tenant. */
export interface QuotasTable {
  tenant: string;
  quota: TenantQuota;
  most: number;
}

/** Table of Meters that were ever asked for: each has a number here, which its samples name it by. */
export interface SeriesTable {
  id: GeneratedAlways<number>;
  path: string;
  /** ms since the epoch. */
  reached: number;
  ageing: Flag;
  memory: Json | null;
}

export interface SamplesTable {
  /** Number of the series. */
  meter: number;
  /** s since the epoch. */
  t: number;
  v: number;
}

/** Table of what aggregates are of, beside their samples: most Meters have none, and a sample is kept as small as can be. */
export interface SharesTable {
  meter: number;
  t: number;
  covered: string;
}

/** Table of recurring work. */
export interface TasksTable {
  name: string;
  due: number;
  lease_owner: string | null;
  lease_until: number | null;
  epoch: number;
  memory: Json | null;
}

/** Table of what recurring work has to look at (agenda.ts). */
export interface AgendaTable {
  path: string;
  /** Name of the work. */
  work: string;
  /** ms since the epoch. */
  due: number;
  epoch: number;
}

export interface Tables {
  agenda: AgendaTable;
  series: SeriesTable;
  samples: SamplesTable;
  shares: SharesTable;
  tasks: TasksTable;
  counts: CountsTable;
  quotas: QuotasTable;
  resources: ResourcesTable;
  refs: RefsTable;
  retired: RetiredTable;
  jobs: JobsTable;
  holds: HoldsTable;
  events: EventsTable;
  audit_chains: AuditChainsTable;
  principals: PrincipalsTable;
  tokens: TokensTable;
  sessions: SessionsTable;
  meta: MetaTable;
  marks: MarksTable;
}
