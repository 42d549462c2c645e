/** A query parameter that can't be taken (4.1.6), in words a client can act on; answered with 400 (D109). */
export class QueryError extends Error {
  readonly status = 400;

  constructor(
    message: string,
    /** The parameter with its dollar sign: `$filter`. */
    readonly parameter: string,
    /** Where in the parameter's decoded value, counted from 1; absent where the whole value is meant. */
    readonly position?: number,
  ) {
    super(position === undefined ? `${parameter}: ${message}` : `${parameter}, character ${position}: ${message}`);
    this.name = 'QueryError';
  }
}

/** Text of a client in quotes, cut to a length that fits a message. */
export function quoted(text: string): string {
  const cut = text.length > 40 ? `${text.slice(0, 39)}…` : text;
  return `"${cut.replace(/[\u0000-\u001f\u007f]/g, '\ufffd')}"`;
}
