import type { CompiledQuery, DatabaseConnection, Dialect, Driver, QueryResult, TransactionSettings } from 'kysely';
import { codeOf } from './dialect';

/**
 * The store cannot be used now: its server is away or fails over, a connection broke, the disk is full. Nothing says
 * whether the statement took effect. The same work is worth another try later; `code` is the database's own.
 */
export class StoreUnavailable extends Error {
  readonly code: string;

  constructor(
    cause: unknown,
    /** True where no room is left. */
    readonly full = false,
  ) {
    super(`the store can't be used now: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'StoreUnavailable';
    this.code = codeOf(cause);
  }
}

/** A failure within this is worth another try, ms. */
const SOON_MS = 2_000;

/**
 * Tells whether another try is worthwhile: the store failed, and failed soon. A caller who has waited long is better told.
 * @param since time of its beginning, by `performance.now()`
 */
export function isPassing(error: unknown, since: number): boolean {
  return error instanceof StoreUnavailable && performance.now() - since < SOON_MS;
}

/** Codes by which a database tells that it cannot be used now, `''` where an error has none. */
export interface Outages {
  /** Tells whether the code is the fault of the statement, which will not go away. */
  isFault(code: string): boolean;
  isFull(code: string): boolean;
}

export const sqliteOutages: Outages = {
  isFault: (code) => /^SQLITE_(ERROR|CONSTRAINT|MISMATCH|MISUSE|RANGE|TOOBIG|SCHEMA)/.test(code),
  isFull: (code) => code === 'SQLITE_FULL' || code === 'ENOSPC',
};

/** Returns an error in words for a start where no room is left for a data folder; any other as it is. */
export function toldNoRoom(folder: string, error: unknown): unknown {
  if (!sqliteOutages.isFull(codeOf(error))) return error;
  return new Error(`no room is left for the data folder ${folder}: make some, then start again`, { cause: error });
}

/** Classes of SQLSTATE that tell of the server's state: connection, login, transaction, serialization, resources, operator, system. */
const PASSING = ['08', '25', '28', '3D', '40', '53', '55', '57', '58'];

export const postgresOutages: Outages = {
  // Codes of the network (ECONNRESET, EPIPE) are no SQLSTATE; its classes are two digits but for F0, HV, P0 and XX.
  isFault: (code) => /^([0-9][0-9A-Z]|F0|HV|P0|XX)[0-9A-Z]{3}$/.test(code) && !PASSING.includes(code.slice(0, 2)),
  isFull: (code) => code === '53100',
};

/**
 * A dialect whose every error that is no statement's fault is a StoreUnavailable: what a database's library throws
 * comes through here and nowhere else, so nobody above has to guess.
 */
export function tellingOutages(dialect: Dialect, outages: Outages): Dialect {
  return {
    createAdapter: () => dialect.createAdapter(),
    createDriver: () => new TellingDriver(dialect.createDriver(), outages),
    createIntrospector: (db) => dialect.createIntrospector(db),
    createQueryCompiler: () => dialect.createQueryCompiler(),
  };
}

type Tell = <T>(work: Promise<T>) => Promise<T>;

class TellingConnection implements DatabaseConnection {
  constructor(
    readonly inner: DatabaseConnection,
    private readonly tell: Tell,
  ) {}

  executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return this.tell(this.inner.executeQuery<R>(query));
  }

  async *streamQuery<R>(query: CompiledQuery, chunkSize?: number): AsyncIterableIterator<QueryResult<R>> {
    const rows = this.inner.streamQuery<R>(query, chunkSize);
    for (let next = await this.tell(rows.next()); next.done !== true; next = await this.tell(rows.next())) yield next.value;
  }
}

class TellingDriver implements Driver {
  constructor(
    private readonly inner: Driver,
    private readonly outages: Outages,
  ) {}

  init(): Promise<void> {
    return this.tell(this.inner.init());
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    return new TellingConnection(await this.tell(this.inner.acquireConnection()), this.tell);
  }

  beginTransaction(connection: TellingConnection, settings: TransactionSettings): Promise<void> {
    return this.tell(this.inner.beginTransaction(connection.inner, settings));
  }

  commitTransaction(connection: TellingConnection): Promise<void> {
    return this.tell(this.inner.commitTransaction(connection.inner));
  }

  rollbackTransaction(connection: TellingConnection): Promise<void> {
    return this.tell(this.inner.rollbackTransaction(connection.inner));
  }

  releaseConnection(connection: TellingConnection): Promise<void> {
    return this.tell(this.inner.releaseConnection(connection.inner));
  }

  destroy(): Promise<void> {
    return this.inner.destroy();
  }

  private readonly tell: Tell = async (work) => {
    try {
      return await work;
    } catch (error) {
      throw this.told(error);
    }
  };

  private told(error: unknown): unknown {
    return toldOutage(error, this.outages);
  }
}

/** Returns the error as StoreUnavailable, unless it is the fault of a statement. */
export function toldOutage(error: unknown, outages: Outages): unknown {
  const bug = error instanceof StoreUnavailable || error instanceof TypeError || error instanceof RangeError;
  const code = codeOf(error);
  return bug || outages.isFault(code) ? error : new StoreUnavailable(error, outages.isFull(code));
}
