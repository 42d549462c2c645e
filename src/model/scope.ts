/** Named places and actions that something is about; a list that is absent names all of them. */
export interface Scope {
  /** Collections of the Cloud Entry Point. */
  collections?: readonly string[] | undefined;
  /** Keys of clouds. */
  clouds?: readonly string[] | undefined;
  /** Short names of actions: `read`, `add`, `edit`, `delete`, `start`. */
  actions?: readonly string[] | undefined;
}
