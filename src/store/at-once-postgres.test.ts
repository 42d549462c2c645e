import { randomBytes } from 'node:crypto';
import { Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, DummyDriver } from 'kysely';
import { EVENT_TYPES } from '../model/event-types';
import { acceptOnPostgres, type Connected } from './at-once-postgres';
import { createCipher } from './cipher';
import { postgresDialect } from './dialect';
import type { Tables } from './schema';
import type { AcceptedChange } from './store';
import { StoreUnavailable } from './unavailable';

/** Accepts whose connection breaks: done step by step where nothing can have been written, told where it may have been. */

const session = {
  db: new Kysely<Tables>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  }),
  dialect: postgresDialect,
  cipher: createCipher(randomBytes(32)),
};
const accepted: AcceptedChange = {
  ...{ claims: [], resources: [], events: [], keepMs: 1_000, fits: () => true },
  job: {
    ...{ id: 'j', tenant: 'acme', principal: 'ann', workflow: 'machine.start', action: 'start', target: 'machines/a' },
    ...{ affected: ['machines/a'], statusMessage: 'queued' },
  },
  entry: { tenant: 'acme', resource: 'machines/a', resourceType: 'Machine', type: EVENT_TYPES.access, outcome: 'Success', content: {} },
};
const seen = { link: 1, mac: '', now: '2026-12-02T00:00:00.000Z', ms: 1, counts: null };

/** Accepts over a connection that breaks at one of its statements. @returns the statements that were sent */
async function broken(at: 'accept look' | 'accept'): Promise<{ asked: string[]; end: PromiseSettledResult<unknown> | undefined }> {
  const asked: string[] = [];
  const connected: Connected = (work) =>
    work((name) => {
      asked.push(name);
      if (name === at) return Promise.reject(new StoreUnavailable(new Error('Connection terminated unexpectedly')));
      return Promise.resolve([seen] as never);
    });
  const [end] = await Promise.allSettled([acceptOnPostgres(session, connected)(accepted)]);
  return { asked, end };
}

test('a connection that was broken already: nothing was written, so it is accepted step by step, over another one', async () => {
  const { asked, end } = await broken('accept look');
  expect(asked).toEqual(['accept look']);
  expect(end).toEqual({ status: 'fulfilled', value: undefined });
});

test('one that breaks while it writes: whether it was accepted is not known, so it is never done again', async () => {
  const { asked, end } = await broken('accept');
  expect(asked).toEqual(['accept look', 'accept']);
  expect(end).toMatchObject({ status: 'rejected', reason: { name: 'StoreUnavailable' } });
});
