import type { Values } from '../model/values';

/** Settings by which a body is read. */
export interface DecodeContext {
  base: string;
  /** True where numbers and booleans come as text (XML). */
  lexical: boolean;
  /** Attributes marked onCreate are read: in creates and in whatever is given by value. */
  creating: boolean;
  /** True inside a component descriptor, where references may name other components (5.13.3). */
  components: boolean;
  /** Values that the resource says now. */
  former: Values | undefined;
}
