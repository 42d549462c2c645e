import Database from 'libsql';
import { SimulatorFault } from './errors';
import { SEED } from './seed';
import type { Kind, Notice, Of, PhaseStart, Thing } from './things';

export interface Page<T> {
  things: T[];
  /** Beginning of the next page; absent on the last. */
  next?: number;
}

/** Data at an offset of some contents. */
export interface Piece {
  offset: number;
  data: Uint8Array;
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
  CREATE TABLE IF NOT EXISTS notice (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, doc TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS content (kind TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (kind, id, at));
  CREATE TABLE IF NOT EXISTS note (name TEXT PRIMARY KEY, value TEXT NOT NULL);
`;
/** Says that an account was filled, and with which wares. */
const SEEDED = 'believable.2';
/** Time after which what is gone is forgotten, in ms. */
const FORGET_MS = 3_600_000;
/** Phases before those of its timeline that are remembered of a thing. */
const PAST = 100;

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
    const past = 'timeline' in thing ? this.pastOf(thing) : [];
    const doc = past.length > 0 ? { ...thing, past } : thing;
    this.db
      .prepare(
        `INSERT INTO thing (kind, id, tag, visible_at, gone_at, doc) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (kind, id) DO UPDATE SET doc = excluded.doc, tag = excluded.tag, gone_at = coalesce(excluded.gone_at, gone_at)`,
      )
      .run(thing.kind, thing.id, tag, options.visibleAt ?? 0, options.goneAt ?? null, JSON.stringify(doc));
  }

  private pastOf({ kind, id, timeline }: Extract<Thing, { timeline: PhaseStart[] }>): PhaseStart[] {
    const before = this.find(kind, id);
    if (!before) return [];
    const past = before.past ?? [];
    if (JSON.stringify(before.timeline) === JSON.stringify(timeline)) return past;
    const begun = before.timeline.filter(({ from }) => from <= Date.now());
    return [...past, ...begun].slice(-PAST);
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

  /** Lists everything of a kind that is not gone. */
  all<K extends Kind>(kind: K): Of<K>[] {
    const rows = this.db
      .prepare('SELECT doc FROM thing WHERE kind = ? AND (gone_at IS NULL OR gone_at > ?) ORDER BY seq')
      .all(kind, Date.now());
    return rows.map((row) => docOf<K>(row));
  }

  /** Lists what refers to something by one of the indexed fields and is not gone. */
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
    this.db.prepare('DELETE FROM content WHERE kind = ? AND id = ?').run(kind, id);
  }

  forget(now: number): void {
    this.db.prepare('DELETE FROM thing WHERE gone_at < ?').run(now - FORGET_MS);
    this.db.exec('DELETE FROM content WHERE NOT EXISTS (SELECT 1 FROM thing WHERE thing.kind = content.kind AND thing.id = content.id)');
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

  /** Keeps data of something's contents. */
  keepContent(kind: Kind, id: string, pieces: readonly Piece[]): void {
    const put = this.db.prepare('INSERT OR REPLACE INTO content (kind, id, at, data) VALUES (?, ?, ?, ?)');
    for (const { offset, data } of pieces) put.run(kind, id, offset, data);
  }

  /** The first piece that has data from an offset on; undefined where there is none. */
  contentFrom(kind: Kind, id: string, from: number): Piece | undefined {
    const row = this.db
      .prepare('SELECT at, data FROM content WHERE kind = ? AND id = ? AND at + length(data) > ? ORDER BY at LIMIT 1')
      .get(kind, id, from) as { at: number; data: Uint8Array } | undefined;
    return row && { offset: row.at, data: row.data };
  }

  /** Bytes of data that are kept of something. */
  contentLength(kind: Kind, id: string): number {
    const row = this.db.prepare('SELECT coalesce(sum(length(data)), 0) AS bytes FROM content WHERE kind = ? AND id = ?').get(kind, id);
    return (row as { bytes: number }).bytes;
  }

  /** Adds a notice, or puts it in the place of the one with its id, where it was told already. */
  tell(notice: Notice): void {
    this.db
      .prepare('INSERT INTO notice (id, doc) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET doc = excluded.doc')
      .run(notice.id, JSON.stringify(notice));
  }

  newestNotice(): number {
    return (this.db.prepare('SELECT coalesce(max(seq), 0) AS seq FROM notice').get() as { seq: number }).seq;
  }

  notices(after: number, size: number): { seq: number; notice: Notice }[] {
    const rows = this.db.prepare('SELECT seq, doc FROM notice WHERE seq > ? ORDER BY seq LIMIT ?').all(after, size);
    return (rows as { seq: number; doc: string }[]).map(({ seq, doc }) => ({ seq, notice: JSON.parse(doc) as Notice }));
  }

  pendingNotices(): Notice[] {
    const rows = this.db.prepare("SELECT doc FROM notice WHERE json_extract(doc, '$.pending') ORDER BY seq").all();
    return (rows as { doc: string }[]).map(({ doc }) => JSON.parse(doc) as Notice);
  }

  noticesOf(kind: Kind, id: string): Notice[] {
    const rows = this.db
      .prepare("SELECT doc FROM notice WHERE json_extract(doc, '$.thing.kind') = ? AND json_extract(doc, '$.thing.id') = ? ORDER BY seq")
      .all(kind, id);
    return (rows as { doc: string }[]).map(({ doc }) => JSON.parse(doc) as Notice);
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
