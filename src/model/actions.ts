import { ACTION } from './define';
import type { ActionDeclaration } from './define';

/** The published actions (4.2, 5.13-5.17), each declared for a resource type with its clause and states. */

type Details = Omit<ActionDeclaration, 'kind' | 'uri' | 'clause' | 'description'>;

/** An action performed by POST of an Action body to the resource or collection. */
export const action = (name: string, clause: string, description: string, details: Details = {}): ActionDeclaration => ({
  kind: 'action',
  uri: `${ACTION}${name}`,
  clause,
  description,
  ...details,
});

/** An operation advertised with the resource and performed by `add` on another collection (D009). */
export const link = (
  name: string,
  clause: string,
  description: string,
  performedOn: string,
  from: readonly string[],
): ActionDeclaration => ({ kind: 'link', uri: `${ACTION}${name}`, clause, description, performedOn, from });
