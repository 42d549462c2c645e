import { createHash } from 'node:crypto';
import type { Operation, Values } from '../model/values';
import type { ReadableFound } from '../reader/reading';
import type { JobRow } from '../store/store';

/** A resource as one caller may see it now. */
export interface View {
  type: string;
  path: string;
  /** Values of the resource, with `id`. */
  values: Values;
  operations: Operation[];
  /** Changes whenever the resource does, whatever the format or query: what If-Match is about. Worked out when asked: lists never do. */
  core: () => string;
  /** Time only for order: lists are sorted by it when nothing else is asked. */
  created: string;
  found?: ReadableFound;
  job?: JobRow;
}

/** Makes a short text that changes with values. */
export function digest(values: Values, more = ''): string {
  return createHash('sha1').update(JSON.stringify(values)).update(more).digest('base64url').slice(0, 16);
}
