import type { Kysely } from 'kysely';
import type { Cipher } from '../../src/store/cipher';
import type { Tables } from '../../src/store/schema';
import type { JobRow, NewJob, NewResourceRow, Store } from '../../src/store/store';

/** Set of data under test; every test gets an empty one. */
export interface Bench {
  store: Store;
  /** Opens another store over the same data, as another process would. */
  another(cipher?: Cipher): Promise<Store>;
  /** Key that the data was made with. */
  key: Buffer;
  /** Reads everything the database has written, as text to search. */
  dump(): Promise<string>;
  /** Works on the tables themselves, as somebody who has the database could. */
  direct(work: (db: Kysely<Tables>) => Promise<unknown>): Promise<void>;
  /** Closes all stores and removes the data. */
  end(): Promise<void>;
}

export const tenant = 'acme';

export function resourceRow(path: string, more: Partial<NewResourceRow> = {}): NewResourceRow {
  return {
    path,
    type: 'Machine',
    tenant,
    cloud: 'east',
    providerKey: null,
    owner: null,
    state: null,
    values: { name: path },
    secrets: null,
    internal: {},
    ...more,
  };
}

export function newJob(id: string, more: Partial<NewJob> = {}): NewJob {
  return {
    id,
    tenant,
    principal: 'ann',
    workflow: 'test',
    action: 'http://schemas.dmtf.org/cimi/1/action/start',
    target: 'machines/a',
    affected: ['machines/a'],
    statusMessage: 'queued',
    ...more,
  };
}

export const insert = (store: Store, ...jobs: NewJob[]): Promise<void> =>
  store.transaction(async (unit) => {
    for (const job of jobs) await unit.insertJob(job);
  });

/** The error that a promise rejects with; fails the test when it resolves. */
export async function failure(promise: Promise<unknown>): Promise<unknown> {
  const [result] = await Promise.allSettled([promise]);
  if (result.status === 'fulfilled') throw new Error('expected a rejection');
  return result.reason;
}

export const paths = (rows: readonly { path: string }[]): string[] => rows.map((row) => row.path);
export const ids = (rows: readonly { id: string }[]): string[] => rows.map((row) => row.id);

/** Reads a Job that is there. @throws Error where it is not */
export async function jobOf(store: Store, id: string): Promise<JobRow> {
  const row = await store.job(id);
  if (!row) throw new Error(`no job ${id}`);
  return row;
}
