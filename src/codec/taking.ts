/** How a body is read. */
export interface Taking {
  base: string;
  /** Whether numbers and booleans come as text (XML). */
  lexical: boolean;
  /** Attributes marked onCreate are read: in creates and in whatever is given by value. */
  creating: boolean;
  /** Inside a component descriptor, where references may name other components (5.13.3). */
  components: boolean;
}
