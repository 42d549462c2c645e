import Database from 'libsql';
import { SimulatorFault } from './errors';
import { SEED } from './seed';
import type { Kind, Of, Thing } from './things';

export interface Page<T> {
  things: T[];
  /** Where the next page begins; absent on the last. */
  next?: number;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS thing (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, id TEXT NOT NULL, tag TEXT,
    visible_at INTEGER NOT NULL, gone_at INTEGER, doc TEXT NOT NULL, UNIQUE (kind, id));
  CREATE INDEX IF NOT EXISTS thing_tag ON thing (kind, tag);
  CREATE INDEX IF NOT EXISTS thing_instance ON thing (kind, json_extract(doc, '$.instance'));
  CREATE INDEX IF NOT EXISTS thing_net ON thing (kind, json_extract(doc, '$.net'));
  CREATE INDEX IF NOT EXISTS thing_nic ON thing (kind, json_extract(doc, '$.nic'));
  CREATE INDEX IF NOT EXISTS thing_ip ON thing (kind, json_extract(doc, '$.ip'));
  CREATE TABLE IF NOT EXISTS token (method TEXT NOT NULL, token TEXT NOT NULL, request TEXT NOT NULL, result TEXT NOT NULL,
    PRIMARY KEY (method, token));
  CREATE TABLE IF NOT EXISTS fault (id INTEGER PRIMARY KEY AUTOINCREMENT, origin TEXT NOT NULL, rule TEXT NOT NULL, seen INTEGER NOT NULL DEFAULT 0);
  CREATE TABLE IF NOT EXISTS calls (method TEXT PRIMARY KEY, count INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS note (name TEXT PRIMARY KEY, value TEXT NOT NULL);
`;
/** Says that an account was filled, and with which wares. */
const SEEDED = 'believable.2';
/** What is gone is forgotten after this long, in ms. */
const FORGET_MS = 3_600_000;

/** The provider's memory: one SQLite file, which several processes may open. Synchronous; one method is one statement or few. */
export class Account {
  readonly db: Database.Database;

  constructor(file: string) {
    this.db = new Database(file, { timeout: 10_000 });
    this.db.exec('PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    this.db.exec(SCHEMA);
  }

  /** All or nothing, alone in the file; committed when it returns. */
  transaction<T>(run: () => T): T {
    return this.db.transaction(run).immediate();
  }

  /** Fills a new account, once; an account that was filled when there was less to sell gets the rest. */
  seed(kind: 'believable' | 'none'): void {
    this.transaction(() => {
      const before = this.note('seeded');
      if (before === SEEDED || before === 'none') return;
      this.setNote('seeded', kind === 'believable' ? SEEDED : kind);
      if (kind === 'believable') for (const thing of SEED) this.put(thing);
    });
  }

  put(thing: Thing, options: { visibleAt?: number; goneAt?: number } = {}): void {
    const tag = 'tag' in thing ? thing.tag : null;
    this.db
      .prepare(
        `INSERT INTO thing (kind, id, tag, visible_at, gone_at, doc) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (kind, id) DO UPDATE SET doc = excluded.doc, tag = excluded.tag, gone_at = coalesce(excluded.gone_at, gone_at)`,
      )
      .run(thing.kind, thing.id, tag, options.visibleAt ?? 0, options.goneAt ?? null, JSON.stringify(thing));
  }

  /** A thing by id, whether reads show it yet or not; undefined when it is gone. */
  find<K extends Kind>(kind: K, id: string, now = Date.now()): Of<K> | undefined {
    const row = this.db.prepare('SELECT doc FROM thing WHERE kind = ? AND id = ? AND (gone_at IS NULL OR gone_at > ?)').get(kind, id, now);
    return row === undefined ? undefined : docOf<K>(row);
  }

  need<K extends Kind>(kind: K, id: string): Of<K> {
    const found = this.find(kind, id);
    if (!found) throw new SimulatorFault('NoSuchThing', `There is no ${kind} ${id}`, { thing: { type: kind, key: id } });
    return found;
  }

  /** A page of what reads show, in the order of making. */
  page<K extends Kind>(kind: K, filter: { after?: number; tag?: string | undefined; shownAfter: number; size: number }): Page<Of<K>> {
    const tagged = filter.tag === undefined ? '' : 'AND tag = ?';
    const rows = this.db
      .prepare(
        `SELECT seq, doc FROM thing WHERE kind = ? AND seq > ? AND visible_at <= ? AND (gone_at IS NULL OR gone_at > ?) ${tagged}
         ORDER BY seq LIMIT ?`,
      )
      .all(
        ...[kind, filter.after ?? 0, Date.now(), filter.shownAfter],
        ...(filter.tag === undefined ? [] : [filter.tag]),
        filter.size + 1,
      ) as { seq: number; doc: string }[];
    const shown = rows.slice(0, filter.size);
    const last = shown.at(-1);
    const things = shown.map((row) => docOf<K>(row));
    return rows.length > filter.size && last ? { things, next: last.seq } : { things };
  }

  byIds<K extends Kind>(kind: K, ids: readonly string[], shownAfter: number): Of<K>[] {
    const marks = ids.map(() => '?').join(', ');
    const rows = this.db
      .prepare(`SELECT doc FROM thing WHERE kind = ? AND visible_at <= ? AND (gone_at IS NULL OR gone_at > ?) AND id IN (${marks})`)
      .all(kind, Date.now(), shownAfter, ...ids);
    return rows.map((row) => docOf<K>(row));
  }

  /** Everything of a kind that is not gone. */
  all<K extends Kind>(kind: K): Of<K>[] {
    const rows = this.db
      .prepare('SELECT doc FROM thing WHERE kind = ? AND (gone_at IS NULL OR gone_at > ?) ORDER BY seq')
      .all(kind, Date.now());
    return rows.map((row) => docOf<K>(row));
  }

  /** What refers to something by one of the indexed fields and is not gone. */
  related<K extends Kind>(kind: K, field: 'instance' | 'net' | 'nic' | 'ip', value: string): Of<K>[] {
    const rows = this.db
      .prepare(
        `SELECT doc FROM thing WHERE kind = ? AND json_extract(doc, '$.${field}') = ? AND (gone_at IS NULL OR gone_at > ?) ORDER BY seq`,
      )
      .all(kind, value, Date.now());
    return rows.map((row) => docOf<K>(row));
  }

  remove(kind: Kind, id: string): void {
    this.db.prepare('DELETE FROM thing WHERE kind = ? AND id = ?').run(kind, id);
  }

  forget(now: number): void {
    this.db.prepare('DELETE FROM thing WHERE gone_at < ?').run(now - FORGET_MS);
  }

  /** The result of an earlier request with this token. @throws SimulatorFault TokenReused where that request was another */
  repeated(method: string, token: string, request: string): string | undefined {
    const row = this.db.prepare('SELECT request, result FROM token WHERE method = ? AND token = ?').get(method, token) as
      { request: string; result: string } | undefined;
    if (row && row.request !== request) throw new SimulatorFault('TokenReused', `The token ${token} was used for another request`);
    return row?.result;
  }

  remember(method: string, token: string, request: string, result: string): void {
    this.db
      .prepare('INSERT OR REPLACE INTO token (method, token, request, result) VALUES (?, ?, ?, ?)')
      .run(method, token, request, result);
  }

  note(name: string): string | undefined {
    const row = this.db.prepare('SELECT value FROM note WHERE name = ?').get(name) as { value: string } | undefined;
    return row?.value;
  }

  setNote(name: string, value: string): void {
    this.db.prepare('INSERT OR REPLACE INTO note (name, value) VALUES (?, ?)').run(name, value);
  }

  close(): void {
    this.db.close();
  }
}

function docOf<K extends Kind>(row: unknown): Of<K> {
  return JSON.parse((row as { doc: string }).doc) as Of<K>;
}
