import type { Catalogue } from '../model/catalogue';
import type { Scope } from '../model/scope';
import { READ, type Rule } from './rule';

/** Names that rules may have. */
export interface Known {
  catalogue: Catalogue;
  clouds: readonly string[];
}

/** Something wrong with a rule; the path is below the list of rules: `[0].actions[1]`. */
export interface RuleProblem {
  path: string;
  message: string;
}

/** Returns the short names of what can be done to the resources of a collection, or to the collection itself. */
export function actionsOf(catalogue: Catalogue, collection: string): string[] {
  const declared = catalogue.entryPoints().get(collection);
  if (!declared) return [];
  const actions = Object.keys(catalogue.resource(declared.item).actions ?? {});
  return [...new Set([READ, 'add', 'edit', 'delete', ...actions, ...Object.keys(declared.actions ?? {})])];
}

/** Finds names in rules that name nothing, and rules of one name. */
export function ruleProblems(rules: readonly Rule[], known: Known): RuleProblem[] {
  return rules.flatMap((rule, index) => {
    const at = `[${index}]`;
    const twice = rules.findIndex(({ name }) => name === rule.name) < index;
    const own = twice ? [{ path: `${at}.name`, message: `there is a rule '${rule.name}' before it: each has another name` }] : [];
    return [...own, ...scopeProblems(rule, known).map(({ path, message }) => ({ path: `${at}.${path}`, message }))];
  });
}

/** Finds names in a scope that name nothing. */
export function scopeProblems({ collections, clouds, actions }: Scope, { catalogue, clouds: configured }: Known): RuleProblem[] {
  const all = [...catalogue.entryPoints().keys()];
  const named = collections ?? all;
  const possible = [...new Set(named.flatMap((collection) => actionsOf(catalogue, collection)))];
  const where = collections === undefined ? '' : ` of ${collections.join(', ')}`;
  return [
    ...unknown('collections', collections, all, 'collection'),
    ...unknown('clouds', clouds, configured, 'cloud'),
    ...(named.every((collection) => all.includes(collection)) ? unknown('actions', actions, possible, 'action', where) : []),
  ];
}

function unknown(list: string, names: readonly string[] = [], there: readonly string[], what: string, where = ''): RuleProblem[] {
  return names.flatMap((name, index) =>
    there.includes(name)
      ? []
      : [
          {
            path: `${list}[${index}]`,
            message: `there is no ${what} '${name}'${where}; there are ${[...there].sort().join(', ') || 'none'}`,
          },
        ],
  );
}
