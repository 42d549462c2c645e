import type { Query } from './paging';
import type { Subject } from './things';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Request to a service. */
export interface Ask {
  method: Method;
  /** Below the service's base (which holds version and, for volumes, the project); begins with /. Ids in it go through `enc`. */
  path: string;
  query?: Query;
  /** Sent as JSON. */
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
  /** Subject of the request: the answer can prove only of this that it is gone. */
  of?: Subject;
  /** Statuses that the service documents for success. Default by method. */
  answers?: readonly number[];
  /** Member that the answer documents, without which it is not the service's; absent: what it answers does not matter. */
  member?: string;
  /** Tells whether it changes nothing; absent: a GET does so. */
  reads?: boolean;
}

/** Member of an answer that is a list itself. */
export const LIST = '[]';

/** Statuses that the services document for success, unless a request says otherwise. */
export const ANSWERS: Readonly<Record<Method, readonly number[]>> = {
  GET: [200],
  POST: [200, 201, 202],
  PUT: [200],
  PATCH: [200],
  DELETE: [202, 204],
};
