import type { Format } from './value';
import type { Context } from './context';

/** Needs of a check to mean something; what the provider lacks is the reason of the skip. */
export interface Needs {
  /** Attributes of the Cloud Entry Point that lead to collections: `volumes`. */
  collections?: string[];
  /** Collections of the Cloud Entry Point that offer `add`. */
  adds?: string[];
  /** Boolean capabilities that ResourceMetadata announces: `Volume/VolumeSnapshot`. */
  capabilities?: string[];
  /** Actions that ResourceMetadata lists: `Machine/pause`. */
  actions?: string[];
}

export interface CheckOptions {
  needs?: Needs;
  /** A check that is about one format runs in that one only, and says why. */
  only?: { format: Format; because: string };
}

/** Check of one thing that a provider must do, and the requirements (REQUIREMENTS.md) that it proves. */
export interface Check extends CheckOptions {
  title: string;
  ids: string[];
  run: (c: Context) => Promise<void>;
}

/** The checks of one clause of DSP0263. */
export interface Clause {
  number: string;
  title: string;
  checks: Check[];
}

/** A check; it is run once per format, JSON and XML, unless `only` names one. */
export function check(title: string, ids: string[], options: CheckOptions, run: Check['run']): Check {
  return { title, ids, ...options, run };
}

/** The checks of clause `number`. */
export function clause(number: string, title: string, checks: Check[]): Clause {
  return { number, title, checks };
}

/** Thrown by a check to say that the provider does not offer what it is about. */
export class Skip extends Error {}

/** Thrown by a check to say that what it is about did not occur: nothing is proved, and nothing is wrong. */
export class Unproven extends Error {}

/** Thrown by every request of a check after the time limit of the run. */
export class OutOfTime extends Error {}

/** Thrown when the provider can't be talked to at all: no check says anything then. */
export class Unusable extends Error {}

/** The formats in which a check runs. */
export function formatsOf(one: Check, asked: readonly Format[]): Format[] {
  return asked.filter((format) => one.only === undefined || one.only.format === format);
}
