import type { Operation, Values } from '../model/values';
import type { Found } from '../operations/family';
import type { JobRow } from '../store/store';

/** A resource as one caller may see it now. */
export interface View {
  type: string;
  path: string;
  /** With `id`. */
  values: Values;
  operations: Operation[];
  /** Changes whenever the resource does, whatever the format or query: what If-Match is about. Worked out when asked: lists never do. */
  core: () => string;
  /** Only for order: what lists are sorted by when nothing else is asked. */
  created: string;
  found?: Found;
  job?: JobRow;
}
