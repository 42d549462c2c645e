/** Columns of rows that are given to a statement on PostgreSQL, with the types that they are given as. */
export type Columns = readonly (readonly [name: string, type: 'text' | 'bigint' | 'boolean' | 'text[]'])[];

export const texts = (...names: readonly string[]): Columns => names.map((name) => [name, 'text']);
export const numbers = (...names: readonly string[]): Columns => names.map((name) => [name, 'bigint']);

export const RESOURCES: Columns = [
  ...texts('path', 'type', 'tenant', 'cloud', 'provider_key', 'owner', 'state', 'created', 'document', 'name', 'secrets', 'internal'),
  ...[...texts('event_log'), ...numbers('version', 'events_after')],
];

export const REFS: Columns = texts('source', 'target');

/** Columns of an event; without the time of its recording, and its place in the audit. */
export const EVENTS: Columns = [
  ...texts('tenant', 'timestamp', 'resource', 'resource_type', 'type', 'content', 'outcome', 'severity', 'contact', 'job'),
  ...texts('cloud', 'provider_event'),
];
