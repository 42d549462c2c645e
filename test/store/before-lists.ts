import type { Store } from '../../src/store/store';
import { insert, newJob, resourceRow, tenant } from './fixture';

/** State of a database before lists were made by SQL (migration 0005), and what must be so after it. */

const COUNTED = ['job_new', 'job_gone', 'job_state', 'resource_new', 'resource_gone', 'event_new', 'event_gone'].map(
  (name) => `counts_${name}`,
);
const BYTES = ['bytes_new', 'bytes_gone', 'bytes_changed', 'meter_new', 'meter_gone'].map((name) => `counts_${name}`);
const TRIGGERS = [...BYTES, ...COUNTED, 'counts_resource_placed', 'counts_resource_freed'];
/** An event as it was recorded then. */
const EVENT = `insert into events (timestamp, tenant, resource, resource_type, type, content, outcome)
  values ('2026-01-02T03:04:05.006Z', '${tenant}', 'machines/a', 'Machine', 't', '{}', 'Success')`;
const REST = [
  'create index resources_page on resources (type, created, path)',
  'create index jobs_page on jobs (created, id)',
  'drop index resources_own',
  'drop index resources_owner',
  'create index resources_owner on resources (owner, type, created, path)',
  ...['quotas', 'sessions', 'agenda', 'shares', 'samples', 'series', 'tasks'].map((name) => `drop table ${name}`),
  ...['time', 'about', 'severity', 'told', 'job'].map((name) => `drop index events_${name}`),
  ...['chain', 'plain'].map((name) => `drop index events_${name}`),
  ...['lane', 'link', 'mac'].map((name) => `alter table events drop column ${name}`),
  'drop table audit_chains',
  'drop index tokens_name',
  ...['name', 'role', 'used', 'scope'].map((name) => `alter table tokens drop column ${name}`),
  ...['plan', 'request_id', 'taken_from', 'trace'].map((name) => `alter table jobs drop column ${name}`),
  ...['recorded', 'contact', 'job', 'cloud', 'provider_event', 'naming', 'updated'].map((name) => `alter table events drop column ${name}`),
  'create index events_resource on events (resource, seq)',
  ...['event_log', 'events_after'].map((name) => `alter table resources drop column ${name}`),
  'drop index retired_at',
  'drop index retired_remains',
  'drop table counts',
  'drop index resources_name',
  'alter table resources drop column name',
  'drop index jobs_state',
  'drop index jobs_target',
  'drop index jobs_parent',
  'create index jobs_parent on jobs (parent) where parent is not null',
  "delete from kysely_migration where name >= '0005'",
  EVENT,
];

/** Statements that take the migration back. */
export const takenBack = (database: 'SQLite' | 'PostgreSQL'): string[] => [
  ...(database === 'SQLite'
    ? TRIGGERS.map((name) => `drop trigger ${name}`)
    : [...[...BYTES, ...COUNTED].map((name) => `drop function ${name} cascade`), 'alter table events drop column xact']),
  ...REST,
];

const NAMES = ['plain', 'Ä\u{1F600}', 'tab\u0001', '', 'nul\0', '\ud800'];

export async function fillBefore(store: Store): Promise<void> {
  await store.transaction(async (unit) => {
    for (const [index, name] of NAMES.entries())
      await unit.insertResource(resourceRow(`machineTemplates/${index}`, { type: 'MachineTemplate', cloud: null, values: { name } }));
    await unit.insertResource(resourceRow('machines/nameless', { values: { name: 5 } }));
  });
  await insert(
    store,
    newJob('j1', { holds: [{ path: 'machines/held', shows: 'STARTING' }] }),
    newJob('j2', { state: 'FAILED' }),
    newJob('j3', { parent: 'j1' }),
  );
}

export async function expectAfter(store: Store): Promise<void> {
  for (const [index, name] of NAMES.slice(0, 3).entries()) {
    const where = { kind: 'text', field: 'name', equal: true, value: name } as const;
    expect((await store.resources({ type: 'MachineTemplate', where })).map(({ path }) => path)).toEqual([`machineTemplates/${index}`]);
  }
  expect((await store.resources({ type: 'MachineTemplate' })).map(({ values }) => values.name)).toEqual(NAMES);
  const { jobs, resources, events } = await store.counts(tenant);
  expect(Object.fromEntries(jobs)).toEqual({ QUEUED: 2, FAILED: 1 });
  expect(Object.fromEntries(resources)).toEqual({ MachineTemplate: NAMES.length });
  expect(Object.fromEntries(events)).toEqual({ '': 1 });
  expect(await store.holds()).toEqual(new Map([['machines/held', { job: 'j1', shows: 'STARTING' }]]));
  expect(await store.nestedJobs(['j1'])).toEqual(new Map([['j1', ['j3']]]));
  const at = '2026-01-02T03:04:05.006Z';
  expect(await store.events({ tenant, limit: 2 })).toMatchObject([{ timestamp: at, recorded: at, resource: 'machines/a' }]);
}
