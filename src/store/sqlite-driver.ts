import Database from 'libsql';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type CompiledQuery,
  type DatabaseConnection,
  type DatabaseIntrospector,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryResult,
} from 'kysely';
import { giveWay, overdue } from '../model/turns';
import { codeOf } from './dialect';

export interface LibsqlOptions {
  file: string;
  /** True: only reads; its statements never wait for a transaction of the writing connection (WAL). */
  readOnly: boolean;
  /** Time that a statement waits for another process's transaction, in ms. */
  patienceMs: number;
}

/**
 * SQLite for Kysely over one libsql connection. Unlike Kysely's own driver it begins transactions as writers (a read
 * that becomes a write would fail where another process wrote meanwhile), waits for other writers without blocking
 * the event loop, keeps prepared statements, commits the transactions of one turn of the event loop together, and lets
 * reads go on beside them.
 */
export function libsqlDialect(options: LibsqlOptions): Dialect & Direct {
  const driver = new LibsqlDriver(options);
  return {
    transact: (work) => driver.transact(work),
    createAdapter: () => new TransactionalAdapter(),
    createDriver: () => driver,
    createIntrospector: (db: Kysely<unknown>): DatabaseIntrospector => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

/** Runs one statement, at once. */
export type Run = <R>(query: CompiledQuery<R>) => readonly R[];

/** Way to the database past Kysely, whose chain of promises takes longer than a short statement. */
export interface Direct {
  /**
   * Does a short transaction in one go, among those of its turn. Resolves when it is on the disk; undone where the work throws.
   * The database must be in use already.
   */
  transact<T>(work: (run: Run) => T): Promise<T>;
}

class TransactionalAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

class LibsqlDriver implements Driver {
  readonly #turn = new Turn();
  #connection: LibsqlConnection | undefined;
  #group: CommitGroup | undefined;

  constructor(readonly options: LibsqlOptions) {}

  async init(): Promise<void> {
    const connection = new LibsqlConnection(new Database(this.options.file), this.options.patienceMs);
    this.#connection = connection;
    const settings = ['busy_timeout = 0', 'journal_mode = wal', 'synchronous = full', 'foreign_keys = on', 'temp_store = memory'];
    if (this.options.readOnly) settings.push('query_only = on');
    for (const setting of settings) await connection.command(`pragma ${setting}`);
  }

  async acquireConnection(): Promise<Use> {
    if (!this.#connection) throw new Error('the database is not open');
    if (!this.options.readOnly) await this.#turn.take();
    return new Use(this.#connection);
  }

  async transact<T>(work: (run: Run) => T): Promise<T> {
    if (overdue()) await giveWay();
    const use = await this.acquireConnection();
    try {
      await this.beginTransaction(use);
      let result: T;
      try {
        result = work((query) => use.connection.run(query));
      } catch (error) {
        use.failure = error;
        await this.rollbackTransaction(use);
        throw error;
      }
      await this.commitTransaction(use);
      return result;
    } finally {
      await this.releaseConnection(use);
    }
  }

  /** The transactions of a turn of the event loop are committed together: the wait for the disk is the dearest part of each. */
  async beginTransaction(use: Use): Promise<void> {
    use.transaction = true;
    if (!this.#group) {
      await use.connection.command('begin immediate');
      const group = (this.#group = new CommitGroup());
      setImmediate(() => void this.#endOfTurn(group));
    }
    await use.connection.command('savepoint one');
  }

  /** Resolves when the transaction is on the disk, with those of its group. */
  async commitTransaction(use: Use): Promise<void> {
    await use.connection.command('release one');
    const committed = this.#group?.join();
    await this.#leave(use);
    await committed;
  }

  /** Resolves when the others of its group are on the disk: it may have failed by what they wrote, which nobody else sees before. */
  async rollbackTransaction(use: Use): Promise<void> {
    // What could not be committed has been taken back with its group, and the connection is another's by now.
    if (use.left) return;
    // Some failures (a full disk) end the whole transaction by themselves.
    if (!use.connection.inTransaction) return;
    await use.connection.command('rollback to one');
    await use.connection.command('release one');
    const others = this.#group?.join();
    await this.#leave(use);
    await others?.catch(() => undefined);
  }

  async releaseConnection(use: Use): Promise<void> {
    if (this.options.readOnly) return;
    // A statement by itself may have become part of the group that is open: it is done with it.
    const committed = use.transaction ? undefined : this.#group?.join();
    await this.#leave(use);
    await committed;
  }

  async destroy(): Promise<void> {
    if (!this.options.readOnly) await this.#turn.take();
    if (this.#connection) await this.#group?.end(this.#connection);
    this.#group = undefined;
    this.#connection?.close();
    this.#connection = undefined;
    this.#turn.give();
  }

  /** Commits a group that is still open, or has whoever is in the midst of a transaction do so. */
  async #endOfTurn(group: CommitGroup): Promise<void> {
    if (this.#group !== group || !this.#connection) return;
    group.due = true;
    if (!this.#turn.tryTake()) return;
    await this.#end(group, this.#connection);
    this.#turn.give();
  }

  /** Gives the turn on, once; commits a group that is due, full or broken. */
  async #leave(use: Use): Promise<void> {
    if (use.left) return;
    use.left = true;
    const group = this.#group;
    if (group && (group.due || group.isFull || !use.connection.inTransaction)) await this.#end(group, use.connection, use.failure);
    this.#turn.give();
  }

  async #end(group: CommitGroup, connection: LibsqlConnection, failure?: unknown): Promise<void> {
    this.#group = undefined;
    await group.end(connection, failure);
  }
}

/** Acquisition of the connection. */
class Use implements DatabaseConnection {
  /** True once its turn is over. */
  left = false;
  transaction = false;
  /** Failure of its last statement that failed. */
  failure: unknown;

  constructor(readonly connection: LibsqlConnection) {}

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    try {
      return await this.connection.executeQuery<R>(query);
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }

  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    yield await this.executeQuery<R>(query);
  }
}

const LARGEST_GROUP = 32;

/** Transactions, each a savepoint of one SQLite transaction, that all wait for its commit: none is told of success before it. */
class CommitGroup {
  /** True once the turn of the event loop in which it began is over. */
  due = false;
  readonly #members: { resolve: () => void; reject: (error: unknown) => void }[] = [];

  get isFull(): boolean {
    return this.#members.length >= LARGEST_GROUP;
  }

  join(): Promise<void> {
    return new Promise((resolve, reject) => this.#members.push({ resolve, reject }));
  }

  /**
   * Commits; where that fails nothing of any member is kept, and each is told so. Never rejects.
   * @param failure of a statement, which is why there is nothing to commit where the database has rolled the transaction back
   */
  async end(connection: LibsqlConnection, failure?: unknown): Promise<void> {
    if (!connection.inTransaction) return this.#refuse(failure ?? new Error('the database rolled the transaction back'));
    try {
      await connection.command('commit');
      for (const { resolve } of this.#members) resolve();
    } catch (error) {
      this.#refuse(error);
      if (connection.inTransaction) await connection.command('rollback').catch(() => undefined);
    }
  }

  #refuse(error: unknown): void {
    for (const { reject } of this.#members) reject(error);
  }
}

type Prepared = { reader: boolean; statement: Database.Statement; columns: string[] };

/** Statements after which others may have other columns. */
const CHANGES_TABLES = /^\s*(create|alter|drop)\b/i;

class LibsqlConnection {
  readonly #prepared = new Map<string, Prepared>();
  // libsql ends the whole process when a closed database is asked anything.
  #open = true;

  constructor(
    readonly database: Database.Database,
    readonly patienceMs: number,
  ) {}

  get inTransaction(): boolean {
    return this.#open && this.database.inTransaction;
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    // SQLite answers at once: a long transaction would let nobody else in. (Reads beside it do not: who reads much, gives way itself.)
    if (this.database.inTransaction && overdue()) await giveWay();
    return this.#patiently(() => this.#run<R>(sql, parameters));
  }

  /** Runs one statement of a transaction that has begun, at once. */
  run<R>({ sql, parameters }: CompiledQuery<R>): readonly R[] {
    return this.#run<R>(sql, parameters).rows;
  }

  /** Runs what has no parameters and no rows. Never prepared: a statement refused as busy would stay in progress. */
  async command(sql: string): Promise<void> {
    await this.#patiently(() => {
      this.#requireOpen();
      this.database.exec(sql);
    });
  }

  close(): void {
    this.#open = false;
    this.#prepared.clear();
    this.database.close();
  }

  #run<R>(sql: string, parameters: readonly unknown[]): QueryResult<R> {
    this.#requireOpen();
    const { reader, statement, columns } = this.#prepare(sql);
    // As arrays: objects made by libsql take three times as long as the statement of a wide row.
    if (reader) return { rows: (statement.all(parameters) as unknown[][]).map((row) => named<R>(columns, row)) };
    return { rows: [], numAffectedRows: BigInt(statement.run(parameters).changes) };
  }

  async #patiently<T>(run: () => T): Promise<T> {
    const start = performance.now();
    for (;;) {
      try {
        return run();
      } catch (error) {
        if (!codeOf(error).startsWith('SQLITE_BUSY') || performance.now() - start > this.patienceMs) throw error;
      }
      await sleep(1 + Math.random() * 9);
    }
  }

  #requireOpen(): void {
    if (!this.#open) throw new Error('the database is closed');
  }

  #prepare(sql: string): Prepared {
    const known = this.#prepared.get(sql);
    if (known) return known;
    const statement = this.database.prepare(sql);
    const { reader } = statement;
    if (reader) statement.raw(true);
    const prepared = { statement, reader, columns: reader ? statement.columns().map(({ name }) => name) : [] };
    if (this.#prepared.size >= 300 || CHANGES_TABLES.test(sql)) this.#prepared.clear();
    this.#prepared.set(sql, prepared);
    return prepared;
  }
}

function named<R>(columns: readonly string[], values: readonly unknown[]): R {
  const row: Record<string, unknown> = {};
  for (let at = 0; at < columns.length; at += 1) row[columns[at] as string] = values[at];
  return row as R;
}

/** Lock for one user at a time, first come first served. */
class Turn {
  readonly #waiting: (() => void)[] = [];
  #taken = false;

  /** Takes the turn if nobody has it. @returns whether it is taken by this call */
  tryTake(): boolean {
    if (this.#taken) return false;
    return (this.#taken = true);
  }

  async take(): Promise<void> {
    if (this.tryTake()) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  give(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#taken = false;
  }
}
