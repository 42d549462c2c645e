import { actionsOf, scopeProblems, type Known } from './rule-problems';
import type { Rights } from './rights';
import type { Scope } from '../model/scope';
import { READ, type Holder } from './rule';

/**
 * Finds what is wrong with a scope for a token of somebody, in words: names of nothing, and whatever it names that its owner may not do. What it
 * does not name is its owner's, whatever that is by then.
 * @param rights what rules leave of the owner's role; undefined where nothing narrows it
 * @returns undefined where nothing is wrong
 */
export function widerThan(owner: Holder, rights: Rights | undefined, scope: Scope, known: Known): string | undefined {
  const [problem] = scopeProblems(scope, known);
  if (problem) return problem.message;
  const empty = Object.entries(scope).find(([, names]) => Array.isArray(names) && names.length === 0);
  if (empty) return `${empty[0]} names nothing: leave it out for all of them`;
  const collections = scope.collections ?? [...known.catalogue.entryPoints().keys()];
  const clouds = scope.clouds ?? [null, ...known.clouds];
  const may = (action: string, collection: string, cloud: string | null): boolean =>
    (action === READ || owner.role !== 'reader') && (rights?.may(action, collection, cloud) ?? true);
  const actions = (collection: string): readonly string[] =>
    (scope.actions ?? [READ]).filter((action) => actionsOf(known.catalogue, collection).includes(action));
  for (const cloud of scope.clouds ?? [])
    if (!collections.some((collection) => actions(collection).some((action) => may(action, collection, cloud))))
      return `${owner.name} may do nothing of it in cloud '${cloud}': a token can not be for more than its owner`;
  for (const collection of scope.collections ?? [])
    if (!clouds.some((cloud) => actions(collection).some((action) => may(action, collection, cloud))))
      return `${owner.name} may do nothing of it to ${collection}: a token can not be for more than its owner`;
  for (const action of scope.actions ?? []) {
    const here = collections.filter((collection) => actions(collection).includes(action));
    if (!here.some((collection) => clouds.some((cloud) => may(action, collection, cloud))))
      return `${owner.name} (${owner.role}) may not ${action} there: a token can not be for more than its owner`;
  }
  return undefined;
}
