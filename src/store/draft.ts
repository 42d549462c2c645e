import type { Updateable } from 'kysely';
import { isEvidence } from '../model/event-types';
import { kept } from '../model/shown';
import { columnsOf, type NewEvent } from './events';
import { changedColumns, changedRow, newRow, targetsOf, type NewRow } from './resources';
import type { ResourcesTable } from './schema';
import type { Session } from './session';
import {
  isFinished,
  StaleError,
  type JobProgress,
  type JobRow,
  type JobState,
  type ResourcePath,
  type ResourceRow,
  type StoreReads,
  type UnitOfWork,
} from './store';
import { StoreUnavailable } from './unavailable';

/**
 * Drafts: work of a transaction done beforehand on what is committed, so that its writes are data which go together with those of others.
 * What it read is written down, too: if any of it is another by then, nothing of the draft is written.
 */

/** Change of a row that was read. */
export interface DraftedChange {
  path: ResourcePath;
  columns: Updateable<ResourcesTable>;
  /** Number that its version is raised by. */
  raises: number;
  /** True where a consumer changed attributes. */
  explicit: boolean;
}

export interface Ref {
  source: ResourcePath;
  target: ResourcePath;
}

/** Reads of a draft, as they were answered, and its writes beside that to its Job. */
export interface Drafted {
  /** State that the Job must still be in, where that was asked for. */
  was: JobState | undefined;
  /** Versions of the rows that were read; null for what was not there. */
  seen: ReadonlyMap<ResourcePath, number | null>;
  /** Owners with all that they have of a type. */
  owned: readonly { owner: ResourcePath; type: string; paths: readonly ResourcePath[] }[];
  /** Paths with all that refers to them. */
  referred: readonly { target: ResourcePath; sources: readonly ResourcePath[] }[];
  changed: readonly DraftedChange[];
  made: readonly NewRow[];
  refs: { gone: readonly Ref[]; made: readonly Ref[] };
  /** Rows that go with all that they own, each with the cloud of which it is remembered as retired; null: it is not remembered. */
  gone: readonly { path: ResourcePath; cloud: string | null }[];
  events: readonly NewEvent[];
}

/** Reads of a draft. */
export type DraftReads = Pick<StoreReads, 'heldResource' | 'resources' | 'referring' | 'eventOfJob' | 'now'>;

/** Thrown where a draft cannot hold what is asked. */
class NotInDraft extends Error {
  constructor(readonly what: string) {
    super(`no draft holds ${what}`);
    this.name = 'NotInDraft';
  }
}

/** Paths that a draft writes to. */
export function writtenBy({ changed, gone }: Drafted): ResourcePath[] {
  return [...changed.map(({ path }) => path), ...gone.map(({ path }) => path)];
}

/**
 * Drafts what a worker writes to its Job with whatever else changes.
 * @param names of all members of a unit: what no draft holds is refused
 * @returns undefined where it can be no draft, also where the work throws: what it has read may not have been of one moment, so that only a
 *   transaction can tell
 * @throws StoreUnavailable
 */
export async function draft(
  session: Session,
  reads: DraftReads,
  names: readonly string[],
  job: JobRow,
  work: (unit: UnitOfWork) => Promise<JobRow>,
): Promise<{ progress: JobProgress; planned: JobRow; drafted: Drafted } | undefined> {
  const made = new Draft(session, reads, job);
  const refused = Object.fromEntries(names.map((name) => [name, () => made.refuse(name)])) as unknown as UnitOfWork;
  try {
    await work({ ...refused, ...made.unit() });
    const ended = await made.end();
    return made.isRefused ? undefined : ended;
  } catch (error) {
    // The work may have laid the outage into an error of its own; then the transaction that is tried next finds it.
    if (error instanceof StoreUnavailable) throw error;
    return undefined;
  }
}

class Draft {
  readonly #seen = new Map<ResourcePath, ResourceRow | undefined>();
  /** Rows as they are after what was drafted. */
  readonly #rows = new Map<ResourcePath, ResourceRow | undefined>();
  readonly #owned: Drafted['owned'][number][] = [];
  readonly #referred: Drafted['referred'][number][] = [];
  readonly #changed = new Map<ResourcePath, DraftedChange>();
  readonly #made: NewRow[] = [];
  readonly #refsMade: Ref[] = [];
  readonly #gone = new Map<ResourcePath, string | null>();
  readonly #events: NewEvent[] = [];
  #asked = false;
  isRefused = false;
  #progress: JobProgress | undefined;

  constructor(
    readonly session: Session,
    readonly reads: DraftReads,
    readonly job: JobRow,
  ) {}

  refuse(what: string): Promise<never> {
    this.isRefused = true;
    return Promise.reject(new NotInDraft(what));
  }

  unit(): Partial<UnitOfWork> {
    const { clock } = this.session.dialect;
    return {
      resource: (path) => this.#row(path),
      resources: (query) => this.#list(query),
      referring: (paths) => this.#referring(paths),
      job: (id) => this.#own(id),
      eventOfJob: (about) => this.reads.eventOfJob(about),
      now: () => (clock ? Promise.resolve(clock()) : this.reads.now()),
      updateResource: (path, version, change) => this.#update(path, version, change),
      insertResource: (row) => this.#insert(row),
      deleteResource: (path) => this.#delete(path),
      recordEvent: (event) => this.#record(event),
      advanceJob: (id, epoch, progress) => this.#advance(id, epoch, progress),
    };
  }

  async end(): Promise<{ progress: JobProgress; planned: JobRow; drafted: Drafted }> {
    const progress = this.#progress;
    if (!progress) return this.refuse('what writes nothing to its Job');
    // What goes with an owner must not be changed beside that, nor anything be made that may go with it.
    const left = [...this.#changed.values()].filter(({ path }) => !this.#gone.has(path));
    if (this.#gone.size > 0 && this.#made.length > 0) return this.refuse('what makes and deletes');
    for (const { path } of left) if (this.#gone.size > 0 && !(await this.#row(path))) return this.refuse('a change of what goes');
    const refs = { gone: [] as Ref[], made: [...this.#refsMade] };
    for (const { path, columns } of left) {
      if (columns.document === undefined) continue;
      const [before, now] = [this.#seen.get(path), this.#rows.get(path)].map((row) => new Set(row ? targetsOf(row.values) : []));
      for (const target of before ?? []) if (!now?.has(target)) refs.gone.push({ source: path, target });
      for (const target of now ?? []) if (!before?.has(target)) refs.made.push({ source: path, target });
    }
    return {
      progress,
      planned: after(this.job, progress),
      drafted: {
        was: this.#asked ? this.job.state : undefined,
        seen: new Map([...this.#seen].map(([path, row]) => [path, row?.version ?? null])),
        ...{ owned: this.#owned, referred: this.#referred, changed: left, made: this.#made, refs, events: this.#events },
        gone: [...this.#gone].map(([path, cloud]) => ({ path, cloud })),
      },
    };
  }

  async #row(path: ResourcePath): Promise<ResourceRow | undefined> {
    if (!this.#rows.has(path)) {
      const row = (await this.reads.heldResource(path))?.row;
      if (!this.#seen.has(path)) this.#seen.set(path, row);
      if (!this.#rows.has(path)) this.#rows.set(path, row);
    }
    const row = this.#rows.get(path);
    return row && (await this.#goes(row)) ? undefined : row;
  }

  /** Tells whether a row goes with one that is deleted. */
  async #goes({ owner }: ResourceRow): Promise<boolean> {
    if (this.#gone.size === 0 || owner === null) return false;
    if (this.#gone.has(owner)) return true;
    const there = await this.#row(owner);
    return there === undefined && this.#seen.get(owner) !== undefined;
  }

  async #list({ type, owner, ...more }: Parameters<StoreReads['resources']>[0]): Promise<ResourceRow[]> {
    if (typeof owner !== 'string' || Object.keys(more).length > 0) return this.refuse('a list of more than what one owner has');
    if (this.#gone.size > 0 || this.#made.length > 0) return this.refuse('a list after a change of what is there');
    const rows = await this.reads.resources({ type, owner });
    this.#owned.push({ owner, type, paths: rows.map(({ path }) => path) });
    for (const row of rows) {
      if (!this.#seen.has(row.path)) this.#seen.set(row.path, row);
      if (!this.#rows.has(row.path)) this.#rows.set(row.path, row);
    }
    return rows.map((row) => this.#rows.get(row.path) ?? row);
  }

  async #referring(paths: readonly ResourcePath[]): Promise<ResourcePath[]> {
    const [target, ...others] = paths;
    if (target === undefined || others.length > 0) return this.refuse('what refers to several');
    // What refers to it after a change of the draft is not in the database yet.
    if (this.#made.length > 0 || [...this.#changed.values()].some(({ columns }) => columns.document !== undefined))
      return this.refuse('references after a change of some');
    const sources = await this.reads.referring([target]);
    this.#referred.push({ target, sources });
    return sources.filter((source) => !this.#gone.has(source));
  }

  /** The Job as its worker has seen it last: where it is to be stopped meanwhile, nothing is written. */
  #own(id: string): Promise<JobRow> {
    if (id !== this.job.id) return this.refuse('another Job');
    this.#asked = true;
    return Promise.resolve(this.job);
  }

  async #update(
    path: ResourcePath,
    version: number | undefined,
    change: Parameters<UnitOfWork['updateResource']>[2],
  ): Promise<ResourceRow> {
    const row = await this.#row(path);
    if (!row || (version !== undefined && version !== row.version)) throw new StaleError(path);
    if (!this.#seen.get(path)) return this.refuse('a change of what it makes');
    const known = this.#changed.get(path) ?? { path, columns: {}, raises: 0, explicit: false };
    const columns = { ...known.columns, ...changedColumns(this.session.cipher, path, change) };
    this.#changed.set(path, { path, columns, raises: known.raises + 1, explicit: known.explicit || change.explicit === true });
    const changed = changedRow(row, change);
    this.#rows.set(path, changed);
    return changed;
  }

  async #insert(given: Parameters<UnitOfWork['insertResource']>[0]): Promise<ResourceRow> {
    if (this.#seen.has(given.path) && (await this.#row(given.path))) throw new StaleError(given.path);
    const made = newRow(this.session.cipher, given);
    const row = { ...given, created: given.created ?? new Date().toISOString(), updated: null, version: 1 };
    this.#made.push(made);
    this.#rows.set(given.path, row);
    for (const target of targetsOf(given.values)) this.#refsMade.push({ source: given.path, target });
    return row;
  }

  async #delete(path: ResourcePath): Promise<void> {
    const row = await this.#row(path);
    if (!this.#gone.has(path)) this.#gone.set(path, row?.cloud ?? null);
    this.#rows.set(path, undefined);
  }

  #record(event: Parameters<UnitOfWork['recordEvent']>[0]): Promise<boolean> {
    if (isEvidence(event.type)) return this.refuse('an entry of the audit');
    if (event.told) return this.refuse('what a provider told');
    this.#events.push(columnsOf(event));
    return Promise.resolve(true);
  }

  #advance(id: string, epoch: number, progress: JobProgress): Promise<JobRow> {
    if (id !== this.job.id || epoch !== this.job.epoch || this.#progress) return this.refuse('another Job');
    const planned = after(this.job, progress);
    if (progress.holds && !isFinished(planned)) return this.refuse('holds');
    this.#progress = progress;
    return Promise.resolve(planned);
  }
}

/** The Job as it will be after progress, but for times that the database gives. */
function after(job: JobRow, { dueInMs: _due, stepBegins: _begins, release, holds: _holds, ...progress }: JobProgress): JobRow {
  const { statusMessage = job.statusMessage, failure = job.failure } = progress;
  const next: JobRow = {
    ...job,
    ...progress,
    statusMessage: kept(statusMessage),
    failure: failure && { ...failure, message: kept(failure.message) },
    ...(release ? { leaseOwner: null, leaseUntil: null } : {}),
  };
  if (!isFinished(next)) return next;
  return { ...next, progress: 100, input: null, results: null, memory: null, leaseOwner: null, leaseUntil: null, holds: [] };
}
