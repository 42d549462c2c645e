/** Path of a resource relative to the base URI: `machines/abc`, `machines/abc/snapshots/def`. The store's name for it. */
export type ResourcePath = string;

/** Queries for lists of stored rows: what the database decides, in which order, and which part. */

/** Position of a row in lists, which are in (created, path) order; of events, the time of the occurrence and the number. */
export interface ListPlace {
  created: string;
  path: string;
}

export type ColumnComparison = '<' | '<=' | '=' | '>=' | '>' | '!=';

/** Conditions that the database decides of a filter. Fields are those that the store names for the table (JOB_FIELDS, RESOURCE_FIELDS). */
export type Condition =
  | { kind: 'and' | 'or'; terms: readonly Condition[] }
  /** Compares a text; absent text is empty (5.5.14). */
  | { kind: 'text'; field: string; equal: boolean; value: string }
  /** Asks for one of these values, or for a value that is none of them; an absent value is neither. */
  | { kind: 'among'; field: string; equal: boolean; values: readonly string[] }
  /** A number; what is absent compares false. */
  | { kind: 'ordered'; field: string; operator: ColumnComparison; value: number }
  /** A moment in ms since the epoch, finer where it has a fraction than what columns hold; what is absent compares false. */
  | { kind: 'moment'; field: string; operator: ColumnComparison; value: number }
  /** The document of the row has this text somewhere: many a filter needs that, none is decided by it. */
  | { kind: 'holds'; text: string };

export interface ListQuery {
  where?: Condition | undefined;
  /** Newest first; those of one moment stay in path order. */
  descending?: boolean | undefined;
  /** Returns only what comes after this place, in the order asked for. */
  after?: ListPlace | undefined;
  /** Returns only what comes up to and with this place, in the order asked for. */
  upTo?: ListPlace | undefined;
  limit?: number | undefined;
}

/** List of resources by what columns say of them. */
export interface ResourceQuery extends ListQuery {
  type: string;
  tenants?: readonly string[];
  cloud?: string | null;
  owner?: ResourcePath | null;
  /** Owners, any of which the rows may have. */
  owners?: readonly ResourcePath[];
  providerKeys?: readonly string[];
  paths?: readonly ResourcePath[];
}

/** Asks for the one place that stands `offset` rows after the beginning, or before the end. */
export interface PlaceQuery extends ListQuery {
  offset: number;
  fromEnd?: boolean | undefined;
}

/** Knowledge of what has changed lately, where nobody else writes to the store. */
export interface RecentChanges {
  /** Marks the present: before something is read that is to be kept. */
  mark(): number;
  /**
   * Lists the paths whose row or hold has been written to since a mark, of whatever type; the rows of a type and the holds count as
   * read. @returns undefined where that is not known, or where something was deleted, came back, or is found by another key
   */
  changed(mark: number, type: string): ReadonlySet<ResourcePath> | undefined;
}

/** A store that may know of every change of what is in it. */
export interface TellsChanges {
  /** Absent where others may write to it, too. */
  readonly recent?: RecentChanges;
}
