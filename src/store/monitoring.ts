import type { Value } from '../model/values';
import type { ListPlace, ListQuery, PlaceQuery } from './listing';

/** Samples of Meters and recurring work, as the store has them. */

/** A measured value (5.17.3.1.1). */
export interface Sample {
  /** Time of the measurement, of an interval its end, in s since the epoch. */
  t: number;
  value: number;
  /** Share of the members that an aggregate is of: `3/4`; null where it is of one resource, as are then all samples of its Meter. */
  covered: string | null;
}

/** Asks for samples of one Meter. Conditions may name `timestamp`; places are in the order of time. */
export interface SampleQuery extends ListQuery {
  /** Path of the Meter. */
  meter: string;
  /** Times of which each sample may be, in s since the epoch. */
  times?: readonly number[] | undefined;
  /**
   * Length of a step, in s: asks for means over steps, which end at its multiples since the epoch, in place of the samples. Each is
   * stamped with that end, and steps without a sample are left out.
   */
  step?: number | undefined;
}

/** Standing of a Meter's samples. */
export interface Series {
  /** Path of the Meter. */
  meter: string;
  /** Time up to which the cloud was asked, in ms since the epoch. */
  reached: number;
  /** Notes of the writer, to go on from: what of an interval is known so far. */
  memory: Value | null;
}

/** Samples of one Meter to be written, and its standing after them. */
export interface SampleBatch extends Series {
  samples: readonly Sample[];
  /**
   * Standing (`reached`) that they were worked out from: where it is another by now, somebody else was faster, and nothing of this Meter
   * is written. Undefined: nothing was there.
   */
  builtOn: number | undefined;
  /** True where they go after a time (Retention.samples), as well as by their number. */
  ageing: boolean;
}

/** Bounds of what is kept of each Meter. */
export interface SampleRetention {
  /** Age up to which samples of one moment are kept, in ms. */
  keepMs: number;
  /** Most samples of one Meter. */
  perMeter: number;
}

export interface SampleReads {
  /** Samples of a Meter, oldest first or newest first; without a limit all of them. */
  samples(query: SampleQuery): Promise<Sample[]>;
  countSamples(query: Omit<SampleQuery, 'limit'>): Promise<number>;
  /** Returns the position of a sample: `created` is its time (RFC 3339), `path` that of the sample. */
  samplePlace(query: Omit<SampleQuery, 'limit'> & PlaceQuery): Promise<ListPlace | undefined>;
  /** The newest sample of each of these Meters that has one. */
  newestSamples(meters: readonly string[]): Promise<Map<string, Sample>>;
  /** Standings of these Meters, of those that were ever asked for. */
  series(meters: readonly string[]): Promise<Map<string, Series>>;
}

export interface SampleWrites {
  /** Inserts samples, or replaces those of the same time. What is for a Meter that is not there any more is left out. */
  putSamples(batches: readonly SampleBatch[]): Promise<void>;
  /** Removes the samples that are too old or too many, of the Meters after this number. @returns where to go on; undefined at the end */
  trimSamples(keep: SampleRetention, after: number): Promise<number | undefined>;
  /** Removes all samples of a Meter and its standing; a Meter's deletion does that by itself. */
  removeSamples(meter: string): Promise<void>;
}

/** Recurring work of which one process at a time does one turn. */
export interface TaskRow {
  name: string;
  /** Raised by every lease; every write of the turn names it. */
  epoch: number;
  /** ms since the epoch by the database's clock. */
  leaseUntil: number;
  /** Notes that the turns before have kept; not encrypted: no secrets. */
  memory: Value | null;
}

/** Resource that recurring work has to look at. */
export interface AgendaEntry {
  path: string;
  /** Raised each time that somebody puts it there, so that who has looked at it before that does not take it off. */
  epoch: number;
}

/** Agendas of recurring work: what each has to look at, and when; what is deleted goes from them. */
export interface AgendaReads {
  /** Reads what a work has to look at by a time (ms since the epoch), the longest due first. */
  agenda(query: { work: string; upTo: number; limit: number }): Promise<AgendaEntry[]>;
  /** Time (ms since the epoch) at which a work has to look at something next; undefined where nothing is on its agenda. */
  nextOnAgenda(work: string): Promise<number | undefined>;
  /** Names of the works that have something on their agenda. */
  agendas(): Promise<string[]>;
}

export interface AgendaWrites {
  /** Puts a resource on the agenda of a work, due now, and wakes the work. */
  putOnAgenda(path: string, work: string): Promise<void>;
  /**
   * Dates what a work has looked at: due again at a time (ms since the epoch), off its agenda without one. What was put there
   * meanwhile stays due.
   */
  dateOnAgenda(work: string, entries: readonly (AgendaEntry & { due: number | undefined })[]): Promise<void>;
}

export interface TaskWrites {
  /** Keeps what the next turn has to know. @throws StaleError when the turn is another process's by now. */
  saveTask(name: string, epoch: number, memory: Value): Promise<void>;
  /** Makes work due now, that of a turn under way once more after it. Of a name that nobody has added nothing happens. */
  wakeTask(name: string): Promise<void>;
}

export interface TaskStore {
  /** Makes work known, due now; what is known stays as it is. */
  addTasks(names: readonly string[]): Promise<void>;
  /**
   * Leases the work that is due longest of these, or whose process fell silent. Its next turn is due `everyMs` later.
   * @param work how often each is done, in ms, by name
   * @returns undefined where nothing is due. `leaseUntil - leaseMs` is the database's now.
   */
  leaseTask(work: ReadonlyMap<string, number>, owner: string, leaseMs: number): Promise<TaskRow | undefined>;
  /** Extends a lease. @returns false when it was lost. */
  renewTask(name: string, epoch: number, leaseMs: number): Promise<boolean>;
  /** Memories of these, as their last turns left them; of work that has had no turn there is none. */
  taskMemories(names: readonly string[]): Promise<Map<string, Value | null>>;
  /** Gives the work back, its next turn as it is due, or at the latest after `dueInMs`. Lost leases are ignored. */
  endTask(name: string, epoch: number, dueInMs?: number): Promise<void>;
}
