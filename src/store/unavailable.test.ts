import { postgresOutages, sqliteOutages, StoreUnavailable, toldNoRoom } from './unavailable';

/** Codes as PostgreSQL's Appendix A and SQLite's list of result codes have them. */
test.each([
  ['08006', 'connection failure'],
  ['57P01', 'admin shutdown: pg_terminate_backend'],
  ['57P02', 'crash shutdown'],
  ['57P03', 'cannot connect now: it starts or recovers'],
  ['57014', 'query canceled: statement timeout'],
  ['53100', 'disk full'],
  ['53300', 'too many connections'],
  ['40001', 'serialization failure'],
  ['40P01', 'deadlock'],
  ['25006', 'read-only: it was a standby'],
  ['25P03', 'idle in transaction session timeout'],
  ['58030', 'I/O error'],
  ['ECONNRESET', 'the network'],
  ['EPIPE', 'the network, in five letters'],
  ['', 'what the library says without a code: connection terminated unexpectedly'],
])('PostgreSQL %s (%s) is an outage', (code) => {
  expect(postgresOutages.isFault(code)).toBe(false);
});

test.each(['22001', '23505', '42P01', '42601', '0A000', 'P0001', 'XX000'])('PostgreSQL %s is a fault of the statement', (code) => {
  expect(postgresOutages.isFault(code)).toBe(true);
});

test.each([
  'SQLITE_BUSY',
  'SQLITE_BUSY_SNAPSHOT',
  'SQLITE_LOCKED',
  'SQLITE_IOERR_WRITE',
  'SQLITE_FULL',
  'SQLITE_CANTOPEN',
  'SQLITE_READONLY',
  '',
])('SQLite %s is an outage', (code) => {
  expect(sqliteOutages.isFault(code)).toBe(false);
});

test.each(['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_ERROR', 'SQLITE_MISUSE', 'SQLITE_RANGE', 'SQLITE_TOOBIG'])(
  'SQLite %s is a fault of the statement',
  (code) => {
    expect(sqliteOutages.isFault(code)).toBe(true);
  },
);

test('a full disk is told from other outages', () => {
  expect(['53100', '53200'].map((code) => postgresOutages.isFull(code))).toEqual([true, false]);
  expect(['SQLITE_FULL', 'SQLITE_IOERR'].map((code) => sqliteOutages.isFull(code))).toEqual([true, false]);
});

test('a start without room is told so in words, with the folder; other failures stay as they are', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  for (const error of [full, new StoreUnavailable(Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' }), true)])
    expect(toldNoRoom('/data', error)).toMatchObject({
      message: 'no room is left for the data folder /data: make some, then start again',
      cause: error,
    });
  const other = new Error('EACCES');
  expect(toldNoRoom('/data', other)).toBe(other);
});
