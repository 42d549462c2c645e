import type { GeneratedAlways } from 'kysely';
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
  secrets: Sealed | null;
  internal: Json;
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

/** Which resource's values refer to which path. */
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
  idempotency_key: string | null;
  request_hash: string | null;
  answer: Json | null;
  expires: number | null;
}

export interface HoldsTable {
  path: string;
  job: string;
  shows: string | null;
}

export interface EventsTable {
  seq: GeneratedAlways<number>;
  timestamp: string;
  tenant: string;
  resource: string;
  resource_type: string;
  type: string;
  content: Json;
  outcome: string;
  severity: string | null;
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
}

/** Facts about the data itself: a value sealed with the key in use. */
export interface MetaTable {
  name: string;
  value: string;
}

/** How far each instance of the gateway has come; the same is kept beside the store, see newest.ts. */
export interface MarksTable {
  instance: string;
  count: number;
  /** ms since the epoch by the database's clock. */
  at: number;
}

export interface Tables {
  resources: ResourcesTable;
  refs: RefsTable;
  retired: RetiredTable;
  jobs: JobsTable;
  holds: HoldsTable;
  events: EventsTable;
  principals: PrincipalsTable;
  tokens: TokensTable;
  meta: MetaTable;
  marks: MarksTable;
}
