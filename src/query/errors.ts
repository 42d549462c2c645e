import { placed } from '../model/place';
import { shown, spoken } from '../model/shown';

/** A query parameter that can't be taken (4.1.6), in words a client can act on; answered with 400 (D109). */
export class QueryError extends Error {
  readonly status = 400;

  constructor(
    message: string,
    /** The parameter with its dollar sign: `$filter`. */
    readonly parameter: string,
    /** Position in the parameter's decoded value, counted from 1; absent where the whole value is meant. */
    readonly position?: number,
  ) {
    super(spoken(placed(position === undefined ? parameter : `${parameter}, character ${position}`, message)));
    this.name = 'QueryError';
  }
}

/** Text of a client in quotes, cut to a length that fits a message. */
export function quoted(text: string): string {
  return `"${shown(text, 40)}"`;
}
